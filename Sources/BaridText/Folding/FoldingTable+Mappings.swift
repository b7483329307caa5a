extension FoldingTable {
    /// What a scalar (or range of scalars, hexadecimal) folds to; `_` stands for a space, nothing
    /// after the colon means that it vanishes.
    ///
    /// Derived from the Unicode character database: compatibility decomposition, case folding, no
    /// marks, then the Arabic folds of ``Folding``, repeated until nothing changes.
    static let mappings = #"""
        AA:a B5:μ BA:o C0-C5:a C6:ae C7:c C8-CB:e CC-CF:i D0:d D1:n D2-D6:o D8:o D9-DC:u DD:y
        DE:th DF:ss E0-E5:a E6:ae E7:c E8-EB:e EC-EF:i F0:d F1:n F2-F6:o F8:o F9-FC:u FD:y FE:th
        FF:y 100-105:a 106-10D:c 10E-111:d 112-11B:e 11C-123:g 124-127:h 128-131:i 132-133:ij
        134-135:j 136-137:k 139-13E:l 13F-140:l· 141-142:l 143-148:n 149:'n 14A:ŋ 14C-151:o
        152-153:oe 154-159:r 15A-161:s 162-165:t 166:ŧ 168-173:u 174-175:w 176-178:y 179-17E:z
        17F:s 181:ɓ 182:ƃ 184:ƅ 186:ɔ 187:ƈ 189:ɖ 18A:ɗ 18B:ƌ 18E:ǝ 18F:ə 190:ɛ 191:ƒ 193:ɠ 194:ɣ
        196:ɩ 197:ɨ 198:ƙ 19C:ɯ 19D:ɲ 19F:ɵ 1A0-1A1:o 1A2:ƣ 1A4:ƥ 1A6:ʀ 1A7:ƨ 1A9:ʃ 1AC:ƭ 1AE:ʈ
        1AF-1B0:u 1B1:ʊ 1B2:ʋ 1B3:ƴ 1B5:ƶ 1B7:ʒ 1B8:ƹ 1BC:ƽ 1C4-1C6:dz 1C7-1C9:lj 1CA-1CC:nj
        1CD-1CE:a 1CF-1D0:i 1D1-1D2:o 1D3-1DC:u 1DE-1E1:a 1E2-1E3:ae 1E4:ǥ 1E6-1E7:g 1E8-1E9:k
        1EA-1ED:o 1EE-1EF:ʒ 1F0:j 1F1-1F3:dz 1F4-1F5:g 1F6:ƕ 1F7:ƿ 1F8-1F9:n 1FA-1FB:a 1FC-1FD:ae
        1FE-1FF:o 200-203:a 204-207:e 208-20B:i 20C-20F:o 210-213:r 214-217:u 218-219:s 21A-21B:t
        21C:ȝ 21E-21F:h 220:ƞ 222:ȣ 224:ȥ 226-227:a 228-229:e 22A-231:o 232-233:y 23A:ⱥ 23B:ȼ
        23D:ƚ 23E:ⱦ 241:ɂ 243:ƀ 244:ʉ 245:ʌ 246:ɇ 248:ɉ 24A:ɋ 24C:ɍ 24E:ɏ 2BC:' 370:ͱ 372:ͳ 374:ʹ
        376:ͷ 37A: 37E:; 37F:ϳ 386:α 387:· 388:ε 389:η 38A:ι 38C:ο 38E:υ 38F:ω 390:ι 391:α 392:β
        393:γ 394:δ 395:ε 396:ζ 397:η 398:θ 399:ι 39A:κ 39B:λ 39C:μ 39D:ν 39E:ξ 39F:ο 3A0:π 3A1:ρ
        3A3:σ 3A4:τ 3A5:υ 3A6:φ 3A7:χ 3A8:ψ 3A9:ω 3AA:ι 3AB:υ 3AC:α 3AD:ε 3AE:η 3AF:ι 3B0:υ 3C2:σ
        3CA:ι 3CB:υ 3CC:ο 3CD:υ 3CE:ω 3CF:ϗ 3D0:β 3D1:θ 3D2-3D4:υ 3D5:φ 3D6:π 3D8:ϙ 3DA:ϛ 3DC:ϝ
        3DE:ϟ 3E0:ϡ 3E2:ϣ 3E4:ϥ 3E6:ϧ 3E8:ϩ 3EA:ϫ 3EC:ϭ 3EE:ϯ 3F0:κ 3F1:ρ 3F2:σ 3F4:θ 3F5:ε 3F7:ϸ
        3F9:σ 3FA:ϻ 3FD:ͻ 3FE:ͼ 3FF:ͽ 400-401:е 402:ђ 403:г 404:є 405:ѕ 406-407:і 408:ј 409:љ
        40A:њ 40B:ћ 40C:к 40D:и 40E:у 40F:џ 410:а 411:б 412:в 413:г 414:д 415:е 416:ж 417:з
        418-419:и 41A:к 41B:л 41C:м 41D:н 41E:о 41F:п 420:р 421:с 422:т 423:у 424:ф 425:х 426:ц
        427:ч 428:ш 429:щ 42A:ъ 42B:ы 42C:ь 42D:э 42E:ю 42F:я 439:и 450-451:е 453:г 457:і 45C:к
        45D:и 45E:у 460:ѡ 462:ѣ 464:ѥ 466:ѧ 468:ѩ 46A:ѫ 46C:ѭ 46E:ѯ 470:ѱ 472:ѳ 474:ѵ 476-477:ѵ
        478:ѹ 47A:ѻ 47C:ѽ 47E:ѿ 480:ҁ 48A:ҋ 48C:ҍ 48E:ҏ 490:ґ 492:ғ 494:ҕ 496:җ 498:ҙ 49A:қ 49C:ҝ
        49E:ҟ 4A0:ҡ 4A2:ң 4A4:ҥ 4A6:ҧ 4A8:ҩ 4AA:ҫ 4AC:ҭ 4AE:ү 4B0:ұ 4B2:ҳ 4B4:ҵ 4B6:ҷ 4B8:ҹ 4BA:һ
        4BC:ҽ 4BE:ҿ 4C0:ӏ 4C1-4C2:ж 4C3:ӄ 4C5:ӆ 4C7:ӈ 4C9:ӊ 4CB:ӌ 4CD:ӎ 4D0-4D3:а 4D4:ӕ 4D6-4D7:е
        4D8:ә 4DA-4DB:ә 4DC-4DD:ж 4DE-4DF:з 4E0:ӡ 4E2-4E5:и 4E6-4E7:о 4E8:ө 4EA-4EB:ө 4EC-4ED:э
        4EE-4F3:у 4F4-4F5:ч 4F6:ӷ 4F8-4F9:ы 4FA:ӻ 4FC:ӽ 4FE:ӿ 500:ԁ 502:ԃ 504:ԅ 506:ԇ 508:ԉ 50A:ԋ
        50C:ԍ 50E:ԏ 510:ԑ 512:ԓ 514:ԕ 516:ԗ 518:ԙ 51A:ԛ 51C:ԝ 51E:ԟ 520:ԡ 522:ԣ 524:ԥ 526:ԧ 528:ԩ
        52A:ԫ 52C:ԭ 52E:ԯ 531:ա 532:բ 533:գ 534:դ 535:ե 536:զ 537:է 538:ը 539:թ 53A:ժ 53B:ի 53C:լ
        53D:խ 53E:ծ 53F:կ 540:հ 541:ձ 542:ղ 543:ճ 544:մ 545:յ 546:ն 547:շ 548:ո 549:չ 54A:պ 54B:ջ
        54C:ռ 54D:ս 54E:վ 54F:տ 550:ր 551:ց 552:ւ 553:փ 554:ք 555:օ 556:ֆ 587:եւ 622-623:ا 624:و
        625:ا 626:ي 629:ه 649:ي 660:0 661:1 662:2 663:3 664:4 665:5 666:6 667:7 668:8 669:9 66B:.
        66C:, 671-673:ا 675:ا 676-677:و 678:ي 6A9-6AA:ك 6BE:ه 6C0-6C3:ه 6CC-6CD:ي 6D2-6D3:ي 6D5:ه
        6F0:0 6F1:1 6F2:2 6F3:3 6F4:4 6F5:5 6F6:6 6F7:7 6F8:8 6F9:9 1E00-1E01:a 1E02-1E07:b
        1E08-1E09:c 1E0A-1E13:d 1E14-1E1D:e 1E1E-1E1F:f 1E20-1E21:g 1E22-1E2B:h 1E2C-1E2F:i
        1E30-1E35:k 1E36-1E3D:l 1E3E-1E43:m 1E44-1E4B:n 1E4C-1E53:o 1E54-1E57:p 1E58-1E5F:r
        1E60-1E69:s 1E6A-1E71:t 1E72-1E7B:u 1E7C-1E7F:v 1E80-1E89:w 1E8A-1E8D:x 1E8E-1E8F:y
        1E90-1E95:z 1E96:h 1E97:t 1E98:w 1E99:y 1E9A:aʾ 1E9B:s 1E9E:ss 1EA0-1EB7:a 1EB8-1EC7:e
        1EC8-1ECB:i 1ECC-1EE3:o 1EE4-1EF1:u 1EF2-1EF9:y 1EFA:ỻ 1EFC:ỽ 1EFE:ỿ 1F00-1F0F:α
        1F10-1F15:ε 1F18-1F1D:ε 1F20-1F2F:η 1F30-1F3F:ι 1F40-1F45:ο 1F48-1F4D:ο 1F50-1F57:υ 1F59:υ
        1F5B:υ 1F5D:υ 1F5F:υ 1F60-1F6F:ω 1F70-1F71:α 1F72-1F73:ε 1F74-1F75:η 1F76-1F77:ι
        1F78-1F79:ο 1F7A-1F7B:υ 1F7C-1F7D:ω 1F80-1F8F:αι 1F90-1F9F:ηι 1FA0-1FAF:ωι 1FB0-1FB1:α
        1FB2-1FB4:αι 1FB6:α 1FB7:αι 1FB8-1FBB:α 1FBC:αι 1FBE:ι 1FC2-1FC4:ηι 1FC6:η 1FC7:ηι
        1FC8-1FC9:ε 1FCA-1FCB:η 1FCC:ηι 1FD0-1FD3:ι 1FD6-1FDB:ι 1FE0-1FE3:υ 1FE4-1FE5:ρ
        1FE6-1FEB:υ 1FEC:ρ 1FF2-1FF4:ωι 1FF6:ω 1FF7:ωι 1FF8-1FF9:ο 1FFA-1FFB:ω 1FFC:ωι FB00:ff
        FB01:fi FB02:fl FB03:ffi FB04:ffl FB05-FB06:st FB50-FB51:ا FB52-FB55:ٻ FB56-FB59:پ
        FB5A-FB5D:ڀ FB5E-FB61:ٺ FB62-FB65:ٿ FB66-FB69:ٹ FB6A-FB6D:ڤ FB6E-FB71:ڦ FB72-FB75:ڄ
        FB76-FB79:ڃ FB7A-FB7D:چ FB7E-FB81:ڇ FB82-FB83:ڍ FB84-FB85:ڌ FB86-FB87:ڎ FB88-FB89:ڈ
        FB8A-FB8B:ژ FB8C-FB8D:ڑ FB8E-FB91:ك FB92-FB95:گ FB96-FB99:ڳ FB9A-FB9D:ڱ FB9E-FB9F:ں
        FBA0-FBA3:ڻ FBA4-FBAD:ه FBAE-FBB1:ي FBD3-FBD6:ڭ FBD7-FBD8:ۇ FBD9-FBDA:ۆ FBDB-FBDC:ۈ
        FBDD:ۇٴ FBDE-FBDF:ۋ FBE0-FBE1:ۅ FBE2-FBE3:ۉ FBE4-FBE7:ې FBE8-FBE9:ي FBEA-FBEB:يا
        FBEC-FBED:يه FBEE-FBEF:يو FBF0-FBF1:يۇ FBF2-FBF3:يۆ FBF4-FBF5:يۈ FBF6-FBF8:يې FBF9-FBFB:يي
        FBFC-FBFF:ي FC00:يج FC01:يح FC02:يم FC03-FC04:يي FC05:بج FC06:بح FC07:بخ FC08:بم
        FC09-FC0A:بي FC0B:تج FC0C:تح FC0D:تخ FC0E:تم FC0F-FC10:تي FC11:ثج FC12:ثم FC13-FC14:ثي
        FC15:جح FC16:جم FC17:حج FC18:حم FC19:خج FC1A:خح FC1B:خم FC1C:سج FC1D:سح FC1E:سخ FC1F:سم
        FC20:صح FC21:صم FC22:ضج FC23:ضح FC24:ضخ FC25:ضم FC26:طح FC27:طم FC28:ظم FC29:عج FC2A:عم
        FC2B:غج FC2C:غم FC2D:فج FC2E:فح FC2F:فخ FC30:فم FC31-FC32:في FC33:قح FC34:قم FC35-FC36:قي
        FC37:كا FC38:كج FC39:كح FC3A:كخ FC3B:كل FC3C:كم FC3D-FC3E:كي FC3F:لج FC40:لح FC41:لخ
        FC42:لم FC43-FC44:لي FC45:مج FC46:مح FC47:مخ FC48:مم FC49-FC4A:مي FC4B:نج FC4C:نح FC4D:نخ
        FC4E:نم FC4F-FC50:ني FC51:هج FC52:هم FC53-FC54:هي FC55:يج FC56:يح FC57:يخ FC58:يم
        FC59-FC5A:يي FC5B:ذ FC5C:ر FC5D:ي FC5E-FC63: FC64:ير FC65:يز FC66:يم FC67:ين FC68-FC69:يي
        FC6A:بر FC6B:بز FC6C:بم FC6D:بن FC6E-FC6F:بي FC70:تر FC71:تز FC72:تم FC73:تن FC74-FC75:تي
        FC76:ثر FC77:ثز FC78:ثم FC79:ثن FC7A-FC7B:ثي FC7C-FC7D:في FC7E-FC7F:قي FC80:كا FC81:كل
        FC82:كم FC83-FC84:كي FC85:لم FC86-FC87:لي FC88:ما FC89:مم FC8A:نر FC8B:نز FC8C:نم FC8D:نن
        FC8E-FC8F:ني FC90:ي FC91:ير FC92:يز FC93:يم FC94:ين FC95-FC96:يي FC97:يج FC98:يح FC99:يخ
        FC9A:يم FC9B:يه FC9C:بج FC9D:بح FC9E:بخ FC9F:بم FCA0:به FCA1:تج FCA2:تح FCA3:تخ FCA4:تم
        FCA5:ته FCA6:ثم FCA7:جح FCA8:جم FCA9:حج FCAA:حم FCAB:خج FCAC:خم FCAD:سج FCAE:سح FCAF:سخ
        FCB0:سم FCB1:صح FCB2:صخ FCB3:صم FCB4:ضج FCB5:ضح FCB6:ضخ FCB7:ضم FCB8:طح FCB9:ظم FCBA:عج
        FCBB:عم FCBC:غج FCBD:غم FCBE:فج FCBF:فح FCC0:فخ FCC1:فم FCC2:قح FCC3:قم FCC4:كج FCC5:كح
        FCC6:كخ FCC7:كل FCC8:كم FCC9:لج FCCA:لح FCCB:لخ FCCC:لم FCCD:له FCCE:مج FCCF:مح FCD0:مخ
        FCD1:مم FCD2:نج FCD3:نح FCD4:نخ FCD5:نم FCD6:نه FCD7:هج FCD8:هم FCD9:ه FCDA:يج FCDB:يح
        FCDC:يخ FCDD:يم FCDE:يه FCDF:يم FCE0:يه FCE1:بم FCE2:به FCE3:تم FCE4:ته FCE5:ثم FCE6:ثه
        FCE7:سم FCE8:سه FCE9:شم FCEA:شه FCEB:كل FCEC:كم FCED:لم FCEE:نم FCEF:نه FCF0:يم FCF1:يه
        FCF2-FCF4: FCF5-FCF6:طي FCF7-FCF8:عي FCF9-FCFA:غي FCFB-FCFC:سي FCFD-FCFE:شي FCFF-FD00:حي
        FD01-FD02:جي FD03-FD04:خي FD05-FD06:صي FD07-FD08:ضي FD09:شج FD0A:شح FD0B:شخ FD0C:شم
        FD0D:شر FD0E:سر FD0F:صر FD10:ضر FD11-FD12:طي FD13-FD14:عي FD15-FD16:غي FD17-FD18:سي
        FD19-FD1A:شي FD1B-FD1C:حي FD1D-FD1E:جي FD1F-FD20:خي FD21-FD22:صي FD23-FD24:ضي FD25:شج
        FD26:شح FD27:شخ FD28:شم FD29:شر FD2A:سر FD2B:صر FD2C:ضر FD2D:شج FD2E:شح FD2F:شخ FD30:شم
        FD31:سه FD32:شه FD33:طم FD34:سج FD35:سح FD36:سخ FD37:شج FD38:شح FD39:شخ FD3A:طم FD3B:ظم
        FD3C-FD3D:ا FD50:تجم FD51-FD52:تحج FD53:تحم FD54:تخم FD55:تمج FD56:تمح FD57:تمخ
        FD58-FD59:جمح FD5A-FD5B:حمي FD5C:سحج FD5D:سجح FD5E:سجي FD5F-FD60:سمح FD61:سمج
        FD62-FD63:سمم FD64-FD65:صحح FD66:صمم FD67-FD68:شحم FD69:شجي FD6A-FD6B:شمخ FD6C-FD6D:شمم
        FD6E:ضحي FD6F-FD70:ضخم FD71-FD72:طمح FD73:طمم FD74:طمي FD75:عجم FD76-FD77:عمم FD78:عمي
        FD79:غمم FD7A-FD7B:غمي FD7C-FD7D:فخم FD7E:قمح FD7F:قمم FD80:لحم FD81-FD82:لحي
        FD83-FD84:لجج FD85-FD86:لخم FD87-FD88:لمح FD89:محج FD8A:محم FD8B:محي FD8C:مجح FD8D:مجم
        FD8E:مخج FD8F:مخم FD92:مجخ FD93:همج FD94:همم FD95:نحم FD96:نحي FD97-FD98:نجم FD99:نجي
        FD9A-FD9B:نمي FD9C-FD9D:يمم FD9E:بخي FD9F-FDA0:تجي FDA1-FDA2:تخي FDA3-FDA4:تمي FDA5:جمي
        FDA6:جحي FDA7:جمي FDA8:سخي FDA9:صحي FDAA:شحي FDAB:ضحي FDAC:لجي FDAD:لمي FDAE:يحي FDAF:يجي
        FDB0:يمي FDB1:ممي FDB2:قمي FDB3:نحي FDB4:قمح FDB5:لحم FDB6:عمي FDB7:كمي FDB8:نجح FDB9:مخي
        FDBA:لجم FDBB:كمم FDBC:لجم FDBD:نجح FDBE:جحي FDBF:حجي FDC0:مجي FDC1:فمي FDC2:بحي FDC3:كمم
        FDC4:عجم FDC5:صمم FDC6:سخي FDC7:نجي FDF0:صلي FDF1:قلي FDF2:الله FDF3:اكبر FDF4:محمد
        FDF5:صلعم FDF6:رسول FDF7:عليه FDF8:وسلم FDF9:صلي FDFA:صلي_الله_عليه_وسلم FDFB:جل_جلاله
        FE70-FE72: FE74: FE76-FE7F: FE80:ء FE81-FE84:ا FE85-FE86:و FE87-FE88:ا FE89-FE8C:ي
        FE8D-FE8E:ا FE8F-FE92:ب FE93-FE94:ه FE95-FE98:ت FE99-FE9C:ث FE9D-FEA0:ج FEA1-FEA4:ح
        FEA5-FEA8:خ FEA9-FEAA:د FEAB-FEAC:ذ FEAD-FEAE:ر FEAF-FEB0:ز FEB1-FEB4:س FEB5-FEB8:ش
        FEB9-FEBC:ص FEBD-FEC0:ض FEC1-FEC4:ط FEC5-FEC8:ظ FEC9-FECC:ع FECD-FED0:غ FED1-FED4:ف
        FED5-FED8:ق FED9-FEDC:ك FEDD-FEE0:ل FEE1-FEE4:م FEE5-FEE8:ن FEE9-FEEC:ه FEED-FEEE:و
        FEEF-FEF4:ي FEF5-FEFC:لا FF01:! FF02:" FF03:# FF04:$ FF05:% FF06:& FF07:' FF08:( FF09:)
        FF0A:* FF0B:+ FF0C:, FF0D:- FF0E:. FF0F:/ FF10:0 FF11:1 FF12:2 FF13:3 FF14:4 FF15:5 FF16:6
        FF17:7 FF18:8 FF19:9 FF1A:: FF1B:; FF1C:< FF1D:= FF1E:> FF1F:? FF20:@ FF21:a FF22:b FF23:c
        FF24:d FF25:e FF26:f FF27:g FF28:h FF29:i FF2A:j FF2B:k FF2C:l FF2D:m FF2E:n FF2F:o FF30:p
        FF31:q FF32:r FF33:s FF34:t FF35:u FF36:v FF37:w FF38:x FF39:y FF3A:z FF3B:[ FF3C:\ FF3D:]
        FF3F:_ FF41:a FF42:b FF43:c FF44:d FF45:e FF46:f FF47:g FF48:h FF49:i FF4A:j FF4B:k FF4C:l
        FF4D:m FF4E:n FF4F:o FF50:p FF51:q FF52:r FF53:s FF54:t FF55:u FF56:v FF57:w FF58:x FF59:y
        FF5A:z FF5B:{ FF5C:| FF5D:} FF5E:~
        """#
}

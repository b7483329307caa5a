extension LanguageLexicon {
    /// Letters that only some languages write, with the weight of one.
    static let lettersOfLanguage: [(LanguageEvidence.Candidate, Double, String)] = [
        (.ar, 0.5, "يىةكأإؤئ"), (.fa, 1.5, "پچژ"), (.fa, 1, "یکگ"),
        (.ur, 3, "ٹڈڑںے"), (.ur, 2, "ہھ"), (.ur, 0.8, "یکپچگ"),
        (.ckb, 3, "ێۆڵڕ"), (.ckb, 1.5, "ە"), (.ckb, 0.5, "یکگپچ"),
        (.fr, 0.7, "éèêçàùœ"), (.de, 1, "äöüß"), (.tr, 1.5, "ığşİĞŞ"), (.tr, 0.5, "çöü"),
        (.es, 1, "ñ¿¡"), (.es, 0.3, "óáíé"), (.pt, 1.2, "ãõ"), (.pt, 0.3, "çáéó"),
        (.it, 0.4, "èòàù"), (.uk, 3, "іїєґ"), (.ru, 1, "ыэё"), (.ru, 0.1, "ъщ"),
    ]

    /// The most common words of each language; one of several languages speaks for each by its share.
    static let wordsOfLanguage: [(LanguageEvidence.Candidate, String)] = [
        (
            .ar,
            """
            في من على إلى أن التي الذي هذا هذه ذلك عن مع لا ما كان كانت قال وقال أنه إنه بين بعد
            قبل كما أو ثم حتى عند كل غير هو هي لم لن قد إن ولا وفي ومن وأن الى التى فى أي منذ
            خلال الذين عليه فيه له به هناك نحن أنت انا انت لقد ليس هل يا و او ان وهو كيف لماذا
            """
        ),
        (
            .fa,
            """
            از که به در این است را با برای آن می های خود شد شده یک کرد بود تا هم بر نیز اما ها
            یا باید کند اگر چه دو شود خواهد وی گفت همه دارد پس نمی ای بی کنند
            """
        ),
        (
            .ur,
            """
            کے میں کی ہے اور سے کا کو نے پر ہیں کہ اس یہ ایک کر بھی نہیں گیا تھا جو ہو وہ لیے
            کیا کہا گئی تھے جس دیا ہوئے ساتھ تک تو رہے والے
            """
        ),
        (
            .ckb,
            """
            لە بە کە ئەم بۆ ئەو لەگەڵ هەر نە دە کرد یان بوو کوردستان هەیە وەک ئەوەی هەموو
            """
        ),
        (
            .en,
            """
            the of and to in is that for it was on with as are be this by at from have not has
            but they which you his her their will an were been would more who said its i we he
            she all there or what if about when can so no out up into than them my your do after
            over also just 's n't t'
            """
        ),
        (
            .fr,
            """
            le la les de des du et en un une est que qui dans pour sur au aux par pas plus ce
            cette avec il elle sont ne se son sa ses ont été mais nous vous ou leur je tout a
            comme même fait être aussi deux après l' d' qu' n' s' c' j' à où très bien sans
            entre cet ces y
            """
        ),
        (
            .de,
            """
            der die das und in den von zu mit ist des für nicht auf ein eine im dem sich auch es
            an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über
            einen so zum war haben nur oder aber vor zur bis mehr durch man sein wurde sei ich
            wir ihr kein keine schon wenn was
            """
        ),
        (
            .tr,
            """
            ve bir bu da de için ile olarak çok daha olan gibi en ne kadar sonra ama var olduğu
            diye o ki mi değil her ya yeni iki kendi büyük ise göre oldu yok ben sen biz şu
            içinde hiç nasıl dedi etti eden
            """
        ),
        (
            .es,
            """
            de la que el en y a los se del las un por con no una su para es al lo como más o
            pero sus le ha me si sin sobre este ya entre cuando todo esta ser son también fue
            había muy años hasta desde está porque nos
            """
        ),
        (
            .it,
            """
            di che e la il un a per in una non sono è del della le con si da i come alla più dei
            nel ha anche gli al lo ma se delle questo dal o era dalla alle ci essere due stato
            questa nella suo sua l' dell' all' un' c'
            """
        ),
        (
            .pt,
            """
            de a que o e do da em um para com não uma os no se na por mais as dos como mas foi
            ao ele das tem à seu sua ou ser quando muito há nos já está eu também só pelo pela
            até isso são você
            """
        ),
        (
            .nl,
            """
            de van het een en in is dat op te voor met zijn niet aan er om ook als dan maar bij
            uit naar hij nog door over ze deze wordt hebben worden heeft werd ik je die was meer
            kan of geen wat
            """
        ),
    ]
}

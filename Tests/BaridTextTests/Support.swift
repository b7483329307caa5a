import TestSupport

/// Text of the awkward kind: marks without letters, bidi controls, ligatures, quotes, addresses.
func awkwardText(seed: UInt64, length: Int = 120) -> String {
    var generator = SeededGenerator(seed: seed)
    let pieces = [
        "ك", "تَا", "ب", "ـ", "ّ", "\u{200F}", "\u{202B}", "\u{200C}", "\u{FEFF}", "ﻻ", "ﷺ", "ﷲ",
        "لل",
        "#", "_", "@", "a", "B", "É", "e\u{301}", "ß", "'", "’", ".", "..", "،", "؟", " ", "\n",
        "\r\n",
        "“", "”", "«", "»", "\"", "1", "٣", "۴", "٫", "http://", "www.", "a@b.c", "😀", "👩‍👩‍👧",
        "\u{E0067}",
        "\u{0}", "\u{FFFF}", "\u{FFFD}", "漢", "한", "й", "И\u{306}", "ک", "ی", "\u{301}",
    ]
    var text = ""
    for _ in 0..<length {
        if Int.random(in: 0..<8, using: &generator) == 0,
            let scalar = Unicode.Scalar(UInt32.random(in: 0..<0x11_0000, using: &generator))
        {
            text.unicodeScalars.append(scalar)
        } else {
            text += pieces[Int.random(in: pieces.indices, using: &generator)]
        }
    }
    return text
}

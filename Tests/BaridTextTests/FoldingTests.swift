import BaridText
import Testing

/// DESIGN 7: one matching form, with a map back to the original.
struct FoldingTests {
    @Test(arguments: [
        ("مُحَمَّدٌ", "محمد"), ("أحمد إبراهيم آدم ٱلله", "احمد ابراهيم ادم الله"),
        ("مصطفى", "مصطفي"), ("مدرسة", "مدرسه"), ("مؤتمر", "موتمر"), ("شئون", "شيون"),
        ("كـــتاب", "كتاب"), ("\u{202B}خبر\u{200F}", "خبر"), ("نیک کار", "نيك كار"), ("یہ", "يه"),
        ("ﻻﺋﺤﺔ", "لايحه"), ("ﻷﻥ", "لان"), ("ﷲ", "الله"), ("٢٠١٧ ۱۲", "2017 12"), ("٣٫٥", "3.5"),
        ("Élysée", "elysee"), ("E\u{301}", "e"), ("Straße", "strasse"), ("İstanbul", "istanbul"),
        ("Łódź", "lodz"), ("Ǆ", "dz"), ("Ａｂ１", "ab1"), ("don’t", "don't"), ("a\u{A0}b", "a b"),
        ("Йод", "иод"), ("И\u{306}од", "иод"), ("ΆΣ", "ασ"), ("ﬁn", "fin"), ("", ""), ("😀️", "😀"),
    ])
    func folds(original: String, expected: String) {
        #expect(Array(Folding.key(original).unicodeScalars) == Array(expected.unicodeScalars))
        #expect(Folding.fold(original).scalars == Array(expected.unicodeScalars))
    }

    @Test func foldingAgainChangesNothing() {
        var whole = String.UnicodeScalarView()
        for value in UInt32(0)..<0x12000 {
            if let scalar = Unicode.Scalar(value) { whole.append(scalar) }
        }
        let once = Folding.key(String(whole))
        #expect(Array(Folding.key(once).unicodeScalars) == Array(once.unicodeScalars))
    }

    @Test func mapsBackThroughMarksAndInvisibles() {
        let text = ScalarText("قال \u{202B}مُحَمَّدٌ\u{202C} ثم")
        let folded = Folding.fold(text.scalars)
        let start = "قال ".unicodeScalars.count
        #expect(folded.string(in: start..<(start + 4)) == "محمد")
        #expect(text[folded.originalRange(for: start..<(start + 4))] == "مُحَمَّدٌ")
    }

    @Test func bothHalvesOfALigatureMapToIt() {
        let folded = Folding.fold("سﻻم")
        #expect(folded.string == "سلام")
        #expect(folded.originalRange(for: 1..<2) == 1..<2)
        #expect(folded.originalRange(for: 2..<3) == 1..<2)
        #expect(folded.originalRange(for: 0..<4) == 0..<3)
    }

    @Test(arguments: UInt64(1)...200)
    func mapStaysInsideAndInOrder(seed: UInt64) {
        let text = ScalarText(awkwardText(seed: seed))
        let folded = Folding.fold(text.scalars)
        #expect(folded.originalCount == text.count)
        #expect(folded.string == Folding.key(text.string))
        var last = 0
        for index in folded.scalars.indices {
            let range = folded.originalRange(for: index..<(index + 1))
            #expect(range.lowerBound >= last && range.upperBound <= text.count && !range.isEmpty)
            last = range.lowerBound
            #expect(folded.foldedRange(for: range).contains(index))
            // What the map points at folds to what it came from, or holds it (a ligature).
            let again = Folding.key(text[range]).unicodeScalars
            #expect(again.contains(folded.scalars[index]))
        }
        _ = folded.originalRange(for: -5..<10_000)
        _ = folded.foldedRange(for: -5..<10_000)
    }
}

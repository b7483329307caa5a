import BaridText
import Testing

struct SentencesTests {
    private func sentences(_ string: String) -> [String] {
        let text = ScalarText(string)
        return Sentences.split(text.scalars).map { text[$0] }
    }

    @Test(
        arguments: [
            ("جاء الرجل. ثم ذهب؟ نعم!", ["جاء الرجل.", "ثم ذهب؟", "نعم!"]),
            ("وصل الوفد.وغادر لاحقا.", ["وصل الوفد.", "وغادر لاحقا."]),
            ("قال د. سامي إن ٣.٥ كافية.", ["قال د. سامي إن ٣.٥ كافية."]),
            ("قال “نحن هنا. سنبقى هنا” ومضى. انتهى", ["قال “نحن هنا. سنبقى هنا” ومضى.", "انتهى"]),
            (
                "Mr. Hale left at 5.30 p.m. on Monday. She stayed.",
                [
                    "Mr. Hale left at 5.30 p.m. on Monday.", "She stayed.",
                ]
            ),
            ("“We wait.” The crowd left.", ["“We wait.”", "The crowd left."]),
            (
                "He said “wait. stop” and left… Then rain.",
                [
                    "He said “wait. stop” and left…", "Then rain.",
                ]
            ),
            ("سطر أول\nسطر ثان", ["سطر أول", "سطر ثان"]),
            ("“unclosed. Next one.", ["“unclosed.", "Next one."]),
            ("", []), (" \n ", []),
        ] as [(String, [String])])
    func splits(text: String, expected: [String]) {
        #expect(sentences(text) == expected)
    }

    @Test(
        arguments: [
            ("قال “نعم” و«لا» و\"ربما\"", ["“نعم”", "«لا»", "\"ربما\""]),
            ("«قال \"نعم\" ومضى»", ["«قال \"نعم\" ومضى»"]),
            ("a ”عكسي“ b", ["”عكسي“"]),
            ("lost” then “found”", ["“found”"]),
            ("open “never", []),
            ("\"one\" 5\"6 \"two\"", ["\"one\"", "\"two\""]),
        ] as [(String, [String])])
    func findsQuotations(string: String, expected: [String]) {
        let text = ScalarText(string)
        let found = Quotation.spans(text.scalars, in: 0..<text.count).map { text[$0] }
        #expect(found == expected)
    }
}

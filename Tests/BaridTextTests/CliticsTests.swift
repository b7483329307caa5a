import BaridText
import Testing

struct CliticsTests {
    private func readings(_ word: String) -> Set<String> {
        Set(Clitics.readings(of: Folding.key(word)).map { "\($0.prefix)+\($0.stem)" })
    }

    @Test(arguments: [
        ("للافروف", ["+للافروف", "ل+لافروف", "لل+افروف", "ل+الافروف"]),
        ("للجنة", ["ل+لجنه", "لل+جنه", "ل+الجنه", "ل+اللجنه"]),
        ("وللكرملين", ["ولل+كرملين", "ول+الكرملين", "و+للكرملين"]),
        ("وبالقاهرة", ["وبال+قاهره", "وب+القاهره", "و+بالقاهره"]),
        ("فالوزير", ["فال+وزير", "ف+الوزير"]),
        ("كالمدينة", ["كال+مدينه"]),
        ("سيقول", ["س+يقول"]),
        ("لألمانيا", ["ل+المانيا", "لال+مانيا"]),
        ("وزير", ["+وزير", "و+زير"]),
    ])
    func readsEveryWay(word: String, expected: [String]) {
        #expect(readings(word).isSuperset(of: expected))
    }

    @Test(arguments: ["في", "ال", "و", "", "lavrov", "كل"])
    func leavesShortAndForeignWords(word: String) {
        #expect(Clitics.readings(of: word).map(\.stem) == [word])
    }

    @Test func stemStartPointsAtWhatTheStemCovers() {
        for reading in Clitics.readings(of: "وللكرملين") {
            let rest = String("وللكرملين".unicodeScalars.dropFirst(reading.stemStart))
            #expect(reading.stem.hasSuffix(rest))
        }
    }

    @Test(arguments: [
        ("وزير", "وزير", "وزير"), ("والوزير", "وزير", "وزير"), ("ليبيا", "ليبيا", "ليبيا"),
        ("بنغازي", "بنغازي", "بنغاز"), ("وبالمساعدات", "مساعدات", "مساعد"),
        ("المدينه", "مدينه", "مدين"), ("وقال", "وقال", "وقال"), ("علي", "علي", "علي"),
        ("للحكومه", "حكومه", "حكوم"), ("الدين", "دين", "دين"),
    ])
    func stripsBlindly(word: String, stripped: String, stem: String) {
        let scalars = Array(word.unicodeScalars)
        #expect(String(scalars: Clitics.stripped(scalars[...])) == stripped)
        #expect(String(scalars: Clitics.lightStem(scalars[...])) == stem)
    }
}

import BaridSchema
import EntityTagger
import Testing

/// Exact-span micro F1 on labelled text that no training saw, against floors that hold today.
@Suite(.enabled(if: TestData.isPresent, "BARID_TEST_DATA is not set"))
struct AccuracyTests {
    /// The floors are three points under what was measured.
    @Test(arguments: [
        ("ner/ar-aqmar-dev.conll", 0.0, 0.63), ("ner/ar-anercorp-train.conll", 0.9, 0.69),
    ])
    func namesAreFoundAsWellAsStated(file: String, heldOutFrom: Double, floor: Double) throws {
        let sentences = Conll.sentences(in: try TestData.text(file))
        let part = Array(sentences.dropFirst(Int(Double(sentences.count) * heldOutFrom)))
        let tagger = EntityTagger()
        var score = Score()
        for start in stride(from: 0, to: part.count, by: 15) {
            let text = Conll.Document(Array(part[start..<min(part.count, start + 15)]))
            score.add(gold: text.spans, found: text.spans(of: tagger.tag(text: text.text)))
        }
        print(file, score)
        #expect(score.f1 >= floor)
    }

    /// The article this project started from.
    @Test func theFirstArticleIsUnderstood() throws {
        let text = try TestData.text("seed/article.txt")
        let tagged = EntityTagger().tag(text: text)
        let expected: [(Barid_Article_V1_EntityKind, [String])] = [
            (
                .person,
                ["خليفة حفتر", "سيرغي لافروف", "سيرغي شويجو", "ديمتري بيسكوف", "فلاديمير بوتين"]
            ),
            (.place, ["ليبيا", "موسكو", "روسيا", "بنغازي", "طرابلس"]),
            (
                .organisation,
                [
                    "داعش", "الكرملين", "وكالة تاس", "الجيش الوطني الليبي", "الأمم المتحدة",
                    "مجلس الأمن الدولي", "البنك المركزي الليبي",
                ]
            ),
            (.date, ["سبتمبر (أيلول)", "اليوم الثلاثاء", "يوم أمس الاثنين", "2011"]),
        ]
        for (kind, names) in expected {
            for name in names {
                #expect(tagged.entity(name)?.kind == kind, "\(name)")
            }
        }
        #expect(tagged.entity("سيرغي لافروف")?.written.contains("للافروف") == true)
        #expect((tagged.entity("خليفة حفتر")?.written.count ?? 0) >= 12)
        #expect(tagged.standsWhereItSays(in: text))
    }
}

/// Writes what the sequence model sees of labelled text: the input of Scripts/train/entity-model.
///
/// Runs when BARID_TRAINING_TEXT (a CoNLL file) and BARID_TRAINING_FEATURES (where to) are set.
@Test(.enabled(if: Conll.trainingText != nil && Conll.trainingFeatures != nil))
func dumpTrainingFeatures() throws {
    let input = try #require(Conll.trainingText)
    let output = try #require(Conll.trainingFeatures)
    try Conll.writeFeatures(of: input, to: output)
}

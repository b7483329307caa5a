import BaridSchema
import EntityTagger
import Testing

/// Names are found by lists and context, joined over the document, and stand where they say.
///
/// All persons here are invented.
struct NameTests {
    private let tagger = EntityTagger()

    @Test func aSurnameBelongsToTheFullNameFoundLater() throws {
        let text = """
            الدرفالي يصل إلى موسكو

            التقى القائد العسكري الليبي سالم الدرفالي وزير الخارجية الروسي أندريه #زاخاروف اليوم.

            وقال الدرفالي لزاخاروف إن اللقاء مهم. واتصل زاخاروف بالدرفالي.
            """
        let tagged = tagger.tag(text: text)
        let person = try #require(tagged.entity("سالم الدرفالي"))
        #expect(person.kind == .person)
        #expect(person.written == ["الدرفالي", "سالم الدرفالي", "الدرفالي", "بالدرفالي"])
        let minister = try #require(tagged.entity("أندريه زاخاروف"))
        #expect(minister.written == ["أندريه #زاخاروف", "لزاخاروف", "زاخاروف"])
        #expect(tagged.standsWhereItSays(in: text))
    }

    @Test(arguments: [
        ("سافر الوفد إلى ليبيا ثم عاد", "ليبيا", Barid_Article_V1_EntityKind.place),
        ("بين موسكو وروسيا البيضاء", "موسكو", .place),
        ("صوت لمجلس الأمن الدولي قرار", "مجلس الأمن الدولي", .organisation),
        ("بيان للأمم المتحدة عن الأزمة", "الأمم المتحدة", .organisation),
        ("فرع البنك المركزي الليبي في المدينة", "البنك المركزي الليبي", .organisation),
        ("وقالت وزارة الدفاع السورية إن الهدنة", "وزارة الدفاع السورية", .organisation),
        ("قال #الأمم_المتحدة تدعو", "الأمم المتحدة", .organisation),
    ])
    func listsAndHeadsNamePlacesAndOrganisations(
        text: String, name: String, kind: Barid_Article_V1_EntityKind
    ) throws {
        let entity = try #require(tagger.tag(text: text).entity(name))
        #expect(entity.kind == kind)
        #expect(tagger.tag(text: text).standsWhereItSays(in: text))
    }

    @Test func aNationalityIsNoPlace() {
        let tagged = tagger.tag(text: "التقى الوزير الروسي نظيره الليبي")
        #expect(tagged.entities.filter { $0.kind == .place }.isEmpty)
    }

    @Test func vowelMarksTatweelAndSignsStayOutOfTheName() throws {
        let text = "زار الوفد مُوسـكو و#ليبيا"
        let tagged = tagger.tag(text: text)
        #expect(try #require(tagged.entity("موسكو")).written == ["مُوسـكو"])
        #expect(try #require(tagged.entity("ليبيا")).written == ["#ليبيا"])
        #expect(tagged.standsWhereItSays(in: text))
    }

    @Test func englishNamesAreFoundByCapitalsTitlesAndLists() throws {
        let text = """
            President Tomas Veldhuizen flew from London to Libya on Tuesday. Veldhuizen met the \
            Ministry of Energy and officials of Northwind Holdings Ltd.
            """
        let tagged = tagger.tag(text: text)
        let person = try #require(tagged.entity("Tomas Veldhuizen"))
        #expect(person.written == ["Tomas Veldhuizen", "Veldhuizen"])
        #expect(tagged.entity("London")?.kind == .place)
        #expect(tagged.entity("Libya")?.kind == .place)
        #expect(tagged.entity("Ministry of Energy")?.kind == .organisation)
        #expect(tagged.entity("Northwind Holdings Ltd")?.kind == .organisation)
        #expect(tagged.standsWhereItSays(in: text))
    }

    @Test func rulesAndListsStandWithoutTheModel() throws {
        let tagged = EntityTagger(usesModel: false).tag(
            text: "التقى وزير الخارجية الروسي أندريه زاخاروف رئيس البنك الدولي في بنغازي")
        #expect(tagged.entity("أندريه زاخاروف")?.kind == .person)
        #expect(tagged.entity("البنك الدولي")?.kind == .organisation)
        #expect(tagged.entity("بنغازي")?.kind == .place)
    }

    @Test func hashtagsAreRecordsToo() throws {
        let tagged = tagger.tag(text: "#اجتماع_طارئ غدا، ثم #اجتماع_طارئ ثان")
        let hashtag = try #require(tagged.entities.first { $0.kind == .hashtag })
        #expect(hashtag.name == "اجتماع_طارئ")
        #expect(hashtag.written == ["#اجتماع_طارئ", "#اجتماع_طارئ"])
    }
}

import BaridText
import Testing

struct LanguageTests {
    @Test(arguments: [
        ("ar", "افتتح رئيس البلدية الحديقة الجديدة التي بنيت على ضفة النهر بعد عامين من العمل."),
        ("ar", "كلام جميل"),
        ("fa", "شهردار گفت که این پارک تازه برای مردم شهر ساخته شده است و از فردا باز می‌شود."),
        ("ur", "میئر نے کہا کہ یہ نیا باغ شہر کے لوگوں کے لیے بنایا گیا ہے اور کل سے کھلے گا۔"),
        ("en", "The mayor opened a new garden by the river on Sunday after two years of work."),
        ("fr", "Le maire a inauguré dimanche un nouveau jardin au bord de la rivière."),
        ("de", "Der Bürgermeister hat am Sonntag einen neuen Garten am Fluss eröffnet."),
        ("tr", "Belediye başkanı iki yıl süren çalışmanın ardından yeni bir bahçe açtı."),
        ("es", "El alcalde inauguró el domingo un nuevo jardín junto al río después de dos años."),
        ("ru", "Мэр открыл новый сад на берегу реки, который был построен за два года."),
        ("und", "12345 !!"), ("und", "Zyx"), ("und", ""), ("he", "ראש העיר פתח גן חדש"),
    ])
    func tells(code: String, text: String) {
        #expect(Language.detect(text).code == code)
    }

    @Test func isSurerOfMoreText() {
        let text = "افتتح رئيس البلدية الحديقة التي بنيت على ضفة النهر بعد عامين من العمل. "
        let short = Language.detect("كلام جميل").confidence
        let long = Language.detect(text + text).confidence
        #expect(short > 0)
        #expect(short < long)
        #expect((0.9...1).contains(long))
    }

    @Test func ignoresVowelMarksAndForeignLines() {
        #expect(Language.detect("قَالَ الرَّجُلُ إِنَّهُ مِنَ المَدِينَةِ News aus Stadt").code == "ar")
    }

    @Test func directionByMajority() {
        let mixed = "BBC قالت القناة إن الخبر صحيح".unicodeScalars
        #expect(Direction.majority(of: mixed) == .rightToLeft)
        #expect(Direction.firstStrong(of: mixed) == .leftToRight)
        #expect(Direction.majority(of: "12 !".unicodeScalars) == nil)
        #expect(Direction.majority(of: "a ب".unicodeScalars) == .leftToRight)
    }
}

import BaridSchema
import EntityTagger
import Testing

/// Dates say as much of ISO 8601 as the text says, and no more.
struct DateTests {
    @Test(arguments: [
        ("جرى ذلك في سبتمبر (أيلول) الماضي", "سبتمبر (أيلول)", "--09"),
        ("جرى ذلك في 10 سبتمبر 2023 مساء", "10 سبتمبر 2023", "2023-09-10"),
        ("وصل يوم 14 جانفي 2011 إلى المدينة", "14 جانفي 2011", "2011-01-14"),
        ("في كانون الثاني 2015 بدأ", "كانون الثاني 2015", "2015-01"),
        ("قرار صدر عام 2011 في المدينة", "2011", "2011"),
        ("اجتمعوا اليوم الثلاثاء في القاعة", "اليوم الثلاثاء", ""),
        ("وصل يوم أمس الاثنين", "يوم أمس الاثنين", ""),
        ("كتب في ١٠/٩/٢٠٢٣ رسالة", "١٠/٩/٢٠٢٣", "2023-09-10"),
        ("غرة رمضان 1440 هجري", "رمضان 1440 هجري", ""),
        ("It happened on 10 September 2023 there", "10 September 2023", "2023-09-10"),
        ("It happened on September 10, 2023 there", "September 10, 2023", "2023-09-10"),
        ("They met on Tuesday at noon", "Tuesday", ""),
        ("Signed 2023-09-10 by hand", "2023-09-10", "2023-09-10"),
    ])
    func datesAreFoundWithWhatTheySay(text: String, name: String, value: String) throws {
        let tagged = EntityTagger().tag(text: text)
        let dates = tagged.entities.filter { $0.kind == .date }
        #expect(dates.map(\.name) == [name])
        #expect(dates.map(\.value) == [value])
        #expect(tagged.standsWhereItSays(in: text))
    }

    @Test(arguments: ["وقف أمام باب القاعة", "They may march", "فاز بنتيجة 3-2", "عدد 2011 شخصا"])
    func otherWordsAndNumbersAreNone(text: String) {
        #expect(EntityTagger().tag(text: text).entities.filter { $0.kind == .date }.isEmpty)
    }
}

internal import BaridText

/// Finds dates: days, months of four calendars, years, weekdays with `اليوم` or `أمس`.
struct DateFinder: Sendable {
    /// A date as written.
    struct Found: Hashable, Sendable {
        let words: Range<Int>
        /// ISO 8601 as far as the text says it; empty when it cannot be said without another date.
        let value: String
    }

    /// Returns the dates of a sentence in order.
    func find(in sentence: [Word]) -> [Found] {
        var found: [Found] = []
        var index = 0
        while index < sentence.count {
            if let date = date(at: index, in: sentence) {
                found.append(date)
                index = max(date.words.upperBound, index + 1)
            } else {
                index += 1
            }
        }
        return found
    }

    private struct Month {
        let number: Int
        let length: Int
        /// Months of the Hijri year say nothing in ISO 8601.
        let isHijri: Bool
    }

    private func date(at index: Int, in sentence: [Word]) -> Found? {
        if let numeric = numericDate(at: index, in: sentence) { return numeric }
        if let weekday = weekday(at: index, in: sentence) { return weekday }
        if let day = dayAndMonth(at: index, in: sentence) { return day }
        return year(at: index, in: sentence)
    }

    // MARK: Months

    /// `10 سبتمبر (أيلول) 2023`, `سبتمبر/أيلول`, `September 10, 2023`, `10 September`.
    private func dayAndMonth(at index: Int, in sentence: [Word]) -> Found? {
        var start = index
        var day: Int?
        var at = index
        if let number = number(at: index, in: sentence), (1...31).contains(number) {
            day = number
            at = index + 1
            if at < sentence.count,
                ["من", "of", "شهر", "st", "nd", "rd", "th"].contains(sentence[at].text)
            {
                at += 1
            }
            if at < sentence.count, sentence[at].text == "شهر" { at += 1 }
        }
        guard let month = month(at: at, in: sentence) else { return nil }
        if sentence[at].isLatin, !sentence[at].isCapitalised { return nil }
        var end = at + month.length
        if let second = secondName(of: month, at: end, in: sentence) { end = second }
        // English may put the day behind the month.
        if day == nil, sentence[at].isLatin, let number = number(at: end, in: sentence),
            (1...31).contains(number)
        {
            day = number
            end += 1
        }
        var year: Int?
        var next = end
        if next < sentence.count, sentence[next].text == "," || sentence[next].text == "،" {
            next += 1
        }
        while next < sentence.count,
            ["من", "عام", "سنه", "العام", "لعام", "of"].contains(sentence[next].text),
            next < end + 3
        {
            next += 1
        }
        if let number = number(at: next, in: sentence),
            month.isHijri ? (1...1600).contains(number) && number > 1000 : Self.isYear(number)
        {
            year = number
            end = next + 1
            if end < sentence.count,
                ["هـ", "ه", "م", "هجري", "ميلادي"].contains(sentence[end].text)
            {
                end += 1
            }
        }
        // Alone, a month that is another word too is none: `may`, `march`, `مارس` after a subject.
        if day == nil, year == nil, sentence[at].isLatin,
            ["may", "march", "mar", "sun", "sat"].contains(sentence[at].text)
        {
            return nil
        }
        if day == nil, year == nil, start == index,
            ["صفر", "اب", "اذار", "رجب", "شعبان", "شوال"].contains(sentence[at].stem),
            !(index > 0
                && ["شهر", "في", "من", "خلال", "اواخر", "مطلع", "اوايل"].contains(
                    sentence[index - 1].stem)),
            secondName(of: month, at: at + month.length, in: sentence) == nil
        {
            return nil
        }
        start = index
        return Found(words: start..<end, value: Self.iso(year, month, day))
    }

    private static func iso(_ year: Int?, _ month: Month, _ day: Int?) -> String {
        guard !month.isHijri else { return "" }
        var value = year.map { padded($0, 4) } ?? "-"
        value += "-" + padded(month.number, 2)
        if let day { value += "-" + padded(day, 2) }
        return value
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// The end of another calendar's name for the same month: `(أيلول)`, `/أيلول`.
    private func secondName(of month: Month, at index: Int, in sentence: [Word]) -> Int? {
        guard index + 1 < sentence.count else { return nil }
        let mark = sentence[index].text
        guard mark == "(" || mark == "/" || mark == "-" || mark == "–",
            let second = self.month(at: index + 1, in: sentence),
            second.number == month.number, second.isHijri == month.isHijri
        else { return nil }
        let end = index + 1 + second.length
        guard mark == "(" else { return end }
        return end < sentence.count && sentence[end].text == ")" ? end + 1 : nil
    }

    private func month(at index: Int, in sentence: [Word]) -> Month? {
        guard index < sentence.count, sentence[index].isWord else { return nil }
        let word = sentence[index]
        for reading in word.readings
        where reading.prefix.isEmpty || reading.stem.unicodeScalars.count >= 4 {
            if index + 1 < sentence.count {
                let pair = reading.stem + " " + sentence[index + 1].text
                if let number = Self.gregorian[pair] {
                    return Month(number: number, length: 2, isHijri: false)
                }
                if let number = Self.hijri[pair] {
                    return Month(number: number, length: 2, isHijri: true)
                }
            }
            if let number = Self.gregorian[reading.stem] {
                return Month(number: number, length: 1, isHijri: false)
            }
            if let number = Self.hijri[reading.stem], reading.prefix.isEmpty || number == 9 {
                return Month(number: number, length: 1, isHijri: true)
            }
        }
        return nil
    }

    // MARK: Weekdays

    /// `اليوم الثلاثاء`, `يوم أمس الاثنين`, `الثلاثاء`, `Tuesday`: kept as written, without value.
    private func weekday(at index: Int, in sentence: [Word]) -> Found? {
        var at = index
        while at < sentence.count, at < index + 3, Self.dayWords.contains(sentence[at].stem) {
            at += 1
        }
        guard at < sentence.count else { return nil }
        let word = sentence[at]
        let isArabicDay =
            Self.weekdays.contains(word.text)
            || at == index && word.readings.contains { Self.weekdays.contains($0.stem) }
        let isEnglishDay =
            word.isLatin && word.isCapitalised && Self.englishDays.contains(word.text)
        guard isArabicDay || isEnglishDay else { return nil }
        // The Friday prayer is no day.
        if at > 0, ["صلاه", "خطبه"].contains(sentence[at - 1].stem) { return nil }
        // `الأحد` and `السبت` are other words too, `الخميس` a surname: they want a day before them,
        // a date behind, or the end of a clause.
        var end = at + 1
        if end < sentence.count, Self.dayParts.contains(sentence[end].text) { end += 1 }
        if end < sentence.count, let date = dayAndMonth(at: end, in: sentence) {
            return Found(words: index..<date.words.upperBound, value: date.value)
        }
        if end < sentence.count, let date = numericDate(at: end, in: sentence) {
            return Found(words: index..<date.words.upperBound, value: date.value)
        }
        return Found(words: index..<end, value: "")
    }

    // MARK: Numbers

    /// `10/9/2023`, `2023-09-10`, `10.9.2023`.
    private func numericDate(at index: Int, in sentence: [Word]) -> Found? {
        guard index < sentence.count, sentence[index].form == .number else { return nil }
        let parts = sentence[index].text.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count == 3, let value = Self.numericValue(parts.map { Int($0) }) {
            return Found(words: index..<(index + 1), value: value)
        }
        guard index + 4 < sentence.count else { return nil }
        let mark = sentence[index + 1].text
        guard mark == "/" || mark == "-", sentence[index + 3].text == mark else { return nil }
        let numbers = [index, index + 2, index + 4].map { number(at: $0, in: sentence) }
        guard let value = Self.numericValue(numbers) else { return nil }
        return Found(words: index..<(index + 5), value: value)
    }

    private static func numericValue(_ numbers: [Int?]) -> String? {
        guard numbers.count == 3, let first = numbers[0], let second = numbers[1],
            let third = numbers[2]
        else { return nil }
        let (year, month, day) = first > 31 ? (first, second, third) : (third, second, first)
        guard isYear(year), (1...12).contains(month), (1...31).contains(day) else {
            // Month before day, as Americans write.
            guard isYear(year), (1...12).contains(day), (13...31).contains(month) else {
                return nil
            }
            return "\(year)-\(padded(day, 2))-\(padded(month, 2))"
        }
        return "\(year)-\(padded(month, 2))-\(padded(day, 2))"
    }

    /// `عام 2011`, `سنة 1990`, `in 2011`; the word before is not part of it.
    private func year(at index: Int, in sentence: [Word]) -> Found? {
        guard index > 0, let year = number(at: index, in: sentence),
            sentence[index].text.utf8.count == 4, Self.isYear(year)
        else { return nil }
        let before = sentence[index - 1]
        let isIntroduced =
            Self.yearWords.contains(before.text)
            || before.readings.contains { Self.yearWords.contains($0.stem) }
            || ["(", "-", "–", "/", "و"].contains(before.text) && (1900...2100).contains(year)
        guard isIntroduced else { return nil }
        if index + 1 < sentence.count, ["%", "$", "€"].contains(sentence[index + 1].text) {
            return nil
        }
        return Found(words: index..<(index + 1), value: Self.padded(year, 4))
    }

    private func number(at index: Int, in sentence: [Word]) -> Int? {
        guard index >= 0, index < sentence.count else { return nil }
        var text = Substring(sentence[index].text)
        guard text.utf8.count <= 6 else { return nil }
        if sentence[index].isLatin || sentence[index].form == .number {
            for ending in ["st", "nd", "rd", "th"] where text.hasSuffix(ending) {
                text = text.dropLast(2)
            }
        }
        return Int(text)
    }

    private static func isYear(_ number: Int) -> Bool { (1000...2200).contains(number) }

    // MARK: Words

    private static let gregorian: [String: Int] = table([
        "يناير كانون_الثاني جانفي ك2 january jan",
        "فبراير شباط فيفري فبراير february feb",
        "مارس آذار مارس march mar",
        "أبريل إبريل نيسان أفريل april apr",
        "مايو أيار ماي may",
        "يونيو يونيه حزيران جوان june jun",
        "يوليو يوليوز يوليه تموز جويلية july jul",
        "أغسطس آب أوت غشت august aug",
        "سبتمبر أيلول شتنبر september sep sept",
        "أكتوبر تشرين_الأول october oct",
        "نوفمبر تشرين_الثاني نونبر november nov",
        "ديسمبر كانون_الأول دجنبر december dec",
    ])

    private static let hijri: [String: Int] = table([
        "محرم_الحرام", "صفر", "ربيع_الأول", "ربيع_الآخر ربيع_الثاني",
        "جمادى_الأولى جمادى_الأول", "جمادى_الآخرة جمادى_الثانية جمادى_الثاني", "رجب", "شعبان",
        "رمضان", "شوال", "ذو_القعدة ذي_القعدة", "ذو_الحجة ذي_الحجة",
    ])

    private static func table(_ months: [String]) -> [String: Int] {
        var table: [String: Int] = [:]
        for (index, names) in months.enumerated() {
            for name in names.split(separator: " ") {
                table[Folding.key(name.split(separator: "_").joined(separator: " "))] = index + 1
            }
        }
        return table
    }

    private static func folded(_ words: String) -> Set<String> {
        Set(words.split(separator: " ").map { Folding.key(String($0)) })
    }

    private static let weekdays = folded(
        "السبت الأحد الاثنين الإثنين الثلاثاء الأربعاء الخميس الجمعة")
    private static let englishDays = folded(
        "monday tuesday wednesday thursday friday saturday sunday")
    private static let dayWords = folded(
        "اليوم يوم أمس الأمس غدا غد البارحة مساء صباح ليلة ظهر فجر")
    private static let dayParts = folded("الماضي المقبل القادم الجاري الماضية المقبلة القادمة")
    private static let yearWords = folded(
        "عام العام سنة السنة عامي منذ حتى موسم in since until of year by")
}

import BaridText

/// The news agencies by the many ways in which they are credited.
enum AgencyNames {
    /// The code of an agency; nil when the words name none.
    ///
    /// Points, spaces and the word "agency" before the name do not matter: `أ.ف.ب`, `ا ف ب` and
    /// `(AFP)` are one.
    static func code(of words: String) -> String? {
        var key = compact(Folding.key(words))
        if let code = codes[key] { return code }
        for prefix in ["وكالهانباء", "وكاله", "عن", "newsagency"] where key.hasPrefix(prefix) {
            key.removeFirst(prefix.count)
            if let code = codes[key] { return code }
        }
        return nil
    }

    /// Letters without spaces and points; single letters keep points between them, so that
    /// `أ ب` (an agency) is not `أب` (a month).
    private static func compact(_ folded: String) -> String {
        let words = folded.split { !$0.isLetter && !$0.isNumber }
        let areInitials = words.count > 1 && words.allSatisfy { $0.count == 1 }
        return words.joined(separator: areInitials ? "." : "")
    }

    private static let codes: [String: String] = {
        var codes: [String: String] = [:]
        for (code, spellings) in spellings {
            codes[code.lowercased()] = code
            for spelling in spellings.split(separator: "،") {
                codes[compact(Folding.key(String(spelling)))] = code
            }
        }
        return codes
    }()

    private static let spellings: [(String, String)] = [
        ("REUTERS", "رويترز،رويتر"), ("AFP", "أ ف ب،أفب،فرانس برس،الفرنسية،agence france presse"),
        ("AP", "أ ب،أسوشيتد برس،أسوشييتد برس،اسوشيتدبرس،associated press،the associated press"),
        ("DPA", "د ب أ،دبأ،دب أ،الألمانية"), ("UPI", "يو بي آي،يو بي اي،يونايتد برس"),
        ("SPA", "واس،و ا س،الأنباء السعودية"), ("TASS", "تاس،ايتار تاس،itar tass"),
        ("SPUTNIK", "سبوتنيك"), ("RIA", "نوفوستي،ريا نوفوستي،ria novosti"),
        ("XINHUA", "شينخوا"), ("MENA", "أ ش أ،أشأ،أنباء الشرق الأوسط"), ("SANA", "سانا"),
        ("WAFA", "وفا"), ("PETRA", "بترا"), ("KUNA", "كونا"), ("WAM", "وام"), ("QNA", "ق ن ا"),
        ("ONA", "العمانية"), ("TAP", "وات،و ا ت"), ("APS", "واج،و أ ج"), ("MAP", "و م ع"),
        ("ANADOLU", "الأناضول،aa،anadolu agency"), ("IRNA", "إرنا"), ("EFE", "إفي،ا ف ا"),
        ("ANSA", "أنسا"), ("BLOOMBERG", "بلومبرغ،بلومبيرغ"), ("INA", "واع"), ("SABA", "سبأ"),
        ("AKI", "آكي"), ("SUNA", "سونا"), ("PA", "press association"),
        ("AGENCIES", "وكالات،الوكالات،news agencies"),
    ]
}

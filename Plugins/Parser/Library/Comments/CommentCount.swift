/// A line that says how many comments there are, or only that comments follow.
struct CommentCount {
    /// The number stated; nil for a bare heading.
    let number: UInt32?

    /// Reads a line as a comment count; nil when it is anything else.
    init?(_ line: Line) {
        let words = line.words
        guard (1...7).contains(words.count), line.count <= 60,
            words.contains(where: { Self.nouns[$0] != nil })
        else { return nil }
        var number: UInt32?
        var isHeading = false
        for word in words {
            if let implied = Self.nouns[word] {
                if let implied { number = number ?? implied }
                isHeading = isHeading || Self.headings.contains(word)
            } else if let digits = Self.digits(word) {
                guard number == nil else { return nil }
                number = digits
            } else if let value = Self.numberWords[word] {
                number = number ?? value
            } else if !Self.fillers.contains(word) {
                return nil
            }
        }
        guard number != nil || isHeading else { return nil }
        // "No comment" is an answer, "no comments" a count.
        if number == 0, words.count == 2, words[1] == "تعليق" || words[1] == "comment" {
            return nil
        }
        self.number = number
    }

    /// Whether what follows this line is comments: a bare count above the body is not.
    func opensComments(after paragraphs: Int) -> Bool {
        paragraphs > 0
    }

    private static func digits(_ word: String) -> UInt32? {
        let digits = word.unicodeScalars.filter { $0 != "," && $0 != "." }
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0.value) }) else {
            return nil
        }
        return UInt32(String(String.UnicodeScalarView(digits)))
    }

    /// What a comment is called, with the number that the word itself states.
    private static let nouns: [String: UInt32?] = [
        "تعليق": nil, "تعليقا": nil, "تعليقات": nil, "التعليقات": nil, "التعليق": nil,
        "تعليقان": 2, "تعليقين": 2, "comment": nil, "comments": nil, "commentaires": nil,
        "commentaire": nil, "kommentar": nil, "kommentare": nil, "yorum": nil,
    ]

    /// The nouns that head a section without a number.
    private static let headings: Set<String> = [
        "التعليقات", "تعليقات", "comments", "commentaires", "kommentare",
    ]

    private static let numberWords: [String: UInt32] = [
        "لا": 0, "no": 0, "zero": 0, "aucun": 0, "keine": 0, "واحد": 1, "one": 1, "two": 2,
        "ثلاثه": 3, "three": 3, "اربعه": 4, "four": 4, "خمسه": 5, "five": 5, "سته": 6, "six": 6,
        "سبعه": 7, "seven": 7, "ثمانيه": 8, "eight": 8, "تسعه": 9, "nine": 9, "عشره": 10, "ten": 10,
    ]

    /// What else such a line has.
    private static let fillers: Set<String> = [
        "علي", "الخبر", "المقال", "الموضوع", "هذا", "القراء", "الزوار", "فقط", "حتي", "الان", "عدد",
        "اجمالي", "مجموع", "يوجد", "توجد", "يوجد", "بعد", "اراء", "on", "this", "article", "story",
        "post", "so", "far", "yet", "reader", "readers", "user", "total", "the", "all", "view",
        "to", "responses", "sur", "cet",
    ]
}

import BaridSchema
import Testing

@testable import Moderator

/// Every term of the lexicon is caught in every disguise, and the finding states its exact letters.
struct EvasionTests {
    /// A way to write a term so that a plain comparison misses it.
    enum Disguise: String, CaseIterable, Sendable {
        case vowelMarks, tatweel, zeroWidth, bidi, presentationForms, stretched, conjunction,
            spelledOut

        /// The disguised term; nil where it does not apply.
        func apply(to term: String) -> String? {
            let isArabic = term.unicodeScalars.contains { $0.value >= 0x600 }
            switch self {
            case .vowelMarks: return isArabic ? joined(term, by: "\u{064E}") : nil
            case .tatweel: return isArabic ? joined(term, by: "\u{0640}") : nil
            case .zeroWidth: return joined(term, by: "\u{200B}")
            case .bidi: return joined(term, by: "\u{200F}")
            case .presentationForms:
                guard isArabic else { return nil }
                return String(
                    String.UnicodeScalarView(
                        term.unicodeScalars.map { Self.isolated[$0] ?? $0 }))
            case .stretched:
                guard !term.contains(" "), let last = term.last else { return nil }
                return term + String(repeating: last, count: 4)
            case .conjunction: return isArabic && term.unicodeScalars.count > 2 ? "و" + term : nil
            case .spelledOut:
                guard !term.contains(" "), term.count > 2 else { return nil }
                return term.unicodeScalars.map(String.init).joined(separator: " ")
            }
        }

        private func joined(_ term: String, by mark: Unicode.Scalar) -> String {
            var view = String.UnicodeScalarView()
            var last: Unicode.Scalar = " "
            for scalar in term.unicodeScalars {
                if scalar != " ", last != " " { view.append(mark) }
                view.append(scalar)
                last = scalar
            }
            return String(view)
        }

        /// Letters as their isolated presentation forms.
        private static let isolated: [Unicode.Scalar: Unicode.Scalar] = [
            "ا": "\u{FE8D}", "ب": "\u{FE8F}", "ت": "\u{FE95}", "ث": "\u{FE99}", "ج": "\u{FE9D}",
            "ح": "\u{FEA1}", "خ": "\u{FEA5}", "د": "\u{FEA9}", "ذ": "\u{FEAB}", "ر": "\u{FEAD}",
            "ز": "\u{FEAF}", "س": "\u{FEB1}", "ش": "\u{FEB5}", "ص": "\u{FEB9}", "ض": "\u{FEBD}",
            "ط": "\u{FEC1}", "ظ": "\u{FEC5}", "ع": "\u{FEC9}", "غ": "\u{FECD}", "ف": "\u{FED1}",
            "ق": "\u{FED5}", "ك": "\u{FED9}", "ل": "\u{FEDD}", "م": "\u{FEE1}", "ن": "\u{FEE5}",
            "ه": "\u{FEE9}", "و": "\u{FEED}", "ي": "\u{FEF1}",
        ]
    }

    @Test(arguments: Disguise.allCases)
    func everyTermIsCaughtInDisguise(disguise: Disguise) {
        let finder = TermFinder(lexicon: .standard)
        var tried = 0
        for term in Lexicon.standard.terms.values.flatMap({ $0 }) {
            guard let disguised = disguise.apply(to: term.name) else { continue }
            tried += 1
            let text = "نص " + disguised + " نص"
            let scalars = Array(text.unicodeScalars)
            let read = ModeratedText(scalars, parts: [0..<scalars.count])
            let hits = finder.find(in: read)
            #expect(
                hits.contains { $0.term.category == term.category },
                "\(term.name) as \(disguised)")
            guard let hit = hits.first, let first = read.words[hit.words].first,
                let last = read.words[hit.words].last
            else { continue }
            let written = read.text(in: first.range.lowerBound..<last.range.upperBound)
            #expect(
                Array(written.unicodeScalars) == Array(disguised.unicodeScalars)
                    || term.words.count > 1 && disguised.hasPrefix(written)
                    || hits.count > 1,
                "\(written) for \(disguised)")
        }
        #expect(tried > 100)
    }
}

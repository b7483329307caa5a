import Foundation
import TestSupport
import Testing

/// What code and documents say of other documents is there.
@Suite struct CitationTests {
    /// `[text](file#heading)` leads to a heading, by the name that code forges give it.
    @Test func anchorsOfDocumentsResolve() throws {
        var checked = 0
        for path in try Repository.files() where path.hasSuffix(".md") {
            let folder = URL(fileURLWithPath: "/\(path)").deletingLastPathComponent()
            for link in try Repository.text(of: path).matches(of: /\]\(([^)#]*)#([^)]+)\)/)
            where !link.1.hasPrefix("http") {
                let target =
                    link.1.isEmpty
                    ? path
                    : String(folder.appending(path: link.1).standardizedFileURL.path.dropFirst())
                let anchors = try Self.headings(of: target).map(Self.anchor)
                #expect(anchors.contains(String(link.2)), "\(path): no such heading: \(link.0)")
                checked += 1
            }
        }
        #expect(checked > 1)
    }

    /// `Protocols/2-bus §6.2` is a section, or a numbered item of one.
    @Test func citedClausesAreThere() throws {
        let specifications = try Repository.files().filter {
            $0.wholeMatch(of: /Protocols\/[0-9]-[a-z]+\.md/) != nil
        }
        var clauses: [String: Set<String>] = [:]
        for path in specifications {
            let name = path.replacing("Protocols/", with: "").replacing(".md", with: "")
            clauses[name] = try Self.clauses(of: path)
        }
        #expect(clauses.count >= 8)
        var checked = 0
        let citation = /([0-9]-[a-z]+)(?:\.md)?\)? §([0-9]+(?:\.[0-9]+)*)/
        for path in try Repository.files()
        where ["swift", "md", "py", "proto"].contains((path as NSString).pathExtension) {
            for cited in try Repository.text(of: path).matches(of: citation) {
                guard let known = clauses[String(cited.1)] else { continue }
                #expect(known.contains(String(cited.2)), "\(path): no such clause: \(cited.0)")
                checked += 1
            }
        }
        #expect(checked > 100)
    }

    /// Numbers of the sections, and of the items of each: `6.2` may be either.
    private static func clauses(of path: String) throws -> Set<String> {
        var clauses: Set<String> = []
        var section = ""
        for line in try Repository.text(of: path).split(separator: "\n") {
            if let heading = line.firstMatch(of: /^(?:#+ |\*\*)([0-9]+(?:\.[0-9]+)*)/) {
                section = String(heading.1)
                clauses.insert(section)
            } else if let item = line.firstMatch(of: /^([0-9]+)\.\s/) {
                clauses.insert("\(section).\(item.1)")
            }
        }
        return clauses
    }

    /// The headings of a document, outside of blocks of code.
    private static func headings(of path: String) throws -> [Substring] {
        var isCode = false
        return try Repository.text(of: path).split(separator: "\n").compactMap { line in
            if line.hasPrefix("```") { isCode.toggle() }
            return isCode ? nil : line.firstMatch(of: /^#+ (.*)/)?.1
        }
    }

    /// Lower case, hyphens for blanks, and of other signs none.
    private static func anchor(_ heading: Substring) -> String {
        String(
            heading.lowercased().compactMap { sign -> Character? in
                switch sign {
                case " ": "-"
                case "-", "_": sign
                default: sign.isLetter || sign.isNumber ? sign : nil
                }
            })
    }
}

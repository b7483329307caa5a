import Foundation

/// One article as a JSON object, as in a line of a JSON lines file.
///
/// Field names differ between sources, so each value is looked for under several names, the first
/// that is there and not empty wins; case does not matter. Numbers are taken as ids as written.
public struct JSONItem: Hashable, Sendable {
    /// `id`, `article_id`, `articleid`, `guid`, `uri`.
    public var id: String?
    /// `url`, `link`, `canonical_url`, `canonicalurl`, `permalink`.
    public var url: String?
    /// `source`, `publisher`, `site`, `outlet`, `newspaper`; an object's `name` is taken.
    public var source: String?
    /// `category`, `section`.
    public var category: String?
    /// `title`, `headline`.
    public var title: String?
    /// `published`, `published_at`, `date_published`, `datepublished`, `pubdate`, `date`, `time`.
    public var published: String?
    /// `abstract`, `summary`, `description`, `lead`.
    public var abstract: String?
    /// `text`, `content`, `body`, `articlebody`, `content_text`; a list of strings is joined by
    /// blank lines.
    public var text: String?
    /// `author`, `authors`, `byline`, `creator`; a list gives several.
    public var authors: [String] = []
    /// `comments`, as records of `author`, `text` and `time`, or as plain strings.
    public var comments: [Comment] = []
    /// `comment_count`, `commentcount`, `comments_count`.
    public var commentCount: UInt32?

    /// A reader's comment in an item.
    public struct Comment: Hashable, Sendable {
        /// Who wrote it, if said.
        public var author: String?
        /// What it says.
        public var text: String
        /// When, as written.
        public var time: String?
    }

    /// What is wrong with an item.
    public enum Failure: Error, Hashable, CustomStringConvertible {
        /// The bytes are not one JSON value; the reason has the offset in them where it is known.
        case notJSON(String)
        /// They are JSON, but not an object.
        case notAnObject

        /// The failure in words.
        public var description: String {
            switch self {
            case .notJSON(let reason): "not a JSON value: \(reason)"
            case .notAnObject: "JSON, but not an object"
            }
        }
    }

    /// Reads an item.
    ///
    /// - Parameter json: One JSON object in UTF-8 (or with a byte order mark, UTF-16).
    /// - Throws: ``Failure``.
    public init(_ json: some Sequence<UInt8>) throws(Failure) {
        let value: Any
        do {
            value = try JSONSerialization.jsonObject(with: Data(json), options: [.fragmentsAllowed])
        } catch {
            throw .notJSON(Self.reason(of: error))
        }
        guard let object = value as? [String: Any] else { throw .notAnObject }
        let fields = Self.fields(of: object)
        id = Self.string(fields, ["id", "article_id", "articleid", "guid", "uri"])
        url = Self.string(fields, ["url", "link", "canonical_url", "canonicalurl", "permalink"])
        source = Self.string(fields, ["source", "publisher", "site", "outlet", "newspaper"])
        category = Self.string(fields, ["category", "section"])
        title = Self.string(fields, ["title", "headline"])
        published = Self.string(
            fields,
            [
                "published", "published_at", "date_published", "datepublished", "pubdate", "date",
                "time",
            ])
        abstract = Self.string(fields, ["abstract", "summary", "description", "lead"])
        text = Self.string(
            fields, ["text", "content", "body", "articlebody", "content_text"], joiner: "\n\n")
        for key in ["author", "authors", "byline", "creator"] where authors.isEmpty {
            authors = Self.strings(fields[key])
        }
        comments = Self.comments(fields["comments"])
        let count = Self.string(fields, ["comment_count", "commentcount", "comments_count"])
        commentCount = count.flatMap { UInt32($0) }
    }

    /// What Foundation has to say, as part of a sentence; what it calls a character is a byte.
    private static func reason(of error: any Error) -> String {
        let text = (error as NSError).userInfo["NSDebugDescription"] as? String ?? "\(error)"
        let words = text.replacing("around character", with: "around byte")
        return words.prefix(1).lowercased()
            + (words.hasSuffix(".") ? words.dropFirst().dropLast() : words.dropFirst())
    }

    private static func fields(of object: [String: Any]) -> [String: Any] {
        var fields: [String: Any] = [:]
        // Sorted, so that of `Title` and `title` the same one wins every time.
        for (key, value) in object.sorted(by: { $0.key < $1.key }) {
            fields[key.lowercased()] = value
        }
        return fields
    }

    private static func string(
        _ fields: [String: Any], _ keys: [String], joiner: String = ", "
    ) -> String? {
        for key in keys {
            let found = strings(fields[key]).joined(separator: joiner)
            if !found.isEmpty { return found }
        }
        return nil
    }

    /// The text of a string, number, list of such, or object with a name.
    private static func strings(_ value: Any?) -> [String] {
        switch value {
        case let text as String:
            return text.unicodeScalars.allSatisfy(\.properties.isWhitespace) ? [] : [text]
        case let number as NSNumber:
            return [number.stringValue]
        case let list as [Any]:
            return list.flatMap { $0 is [Any] ? [] : strings($0) }
        case let object as [String: Any]:
            return object["name"] is String ? strings(object["name"]) : []
        default:
            return []
        }
    }

    private static func comments(_ value: Any?) -> [Comment] {
        guard let list = value as? [Any] else { return [] }
        return list.compactMap { entry in
            if entry is String {
                return strings(entry).first.map { Comment(author: nil, text: $0, time: nil) }
            }
            guard let object = entry as? [String: Any] else { return nil }
            let fields = fields(of: object)
            guard let text = string(fields, ["text", "comment", "content", "body"]) else {
                return nil
            }
            return Comment(
                author: string(fields, ["author", "name", "user"]), text: text,
                time: string(fields, ["time", "date", "published", "created_at"]))
        }
    }
}

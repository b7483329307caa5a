import GRDB

/// Why the index could not do what was asked.
public enum IndexError: Error, Equatable, Sendable {
    /// The file was written by a newer Barid; the numbers are versions of its schema.
    case newer(file: String, found: Int, supported: Int)

    /// The file is a database of another program.
    case foreign(file: String)

    /// The file is damaged or no database; `detail` is what SQLite says.
    case damaged(file: String, detail: String)

    /// The disk is full; nothing of the transaction was kept.
    case full(file: String)

    /// The file cannot be read or written now; `detail` is what SQLite says.
    case storage(file: String, detail: String)

    /// A stage's event contradicts itself and will never be taken.
    case invalidStage(String)

    /// The query holds nothing to search for, or more than is searched for at once.
    case query(String)

    /// No article has this id or begins with it.
    case notFound(String)

    /// Several articles begin with this; some of their ids.
    case ambiguous(prefix: String, candidates: [String])

    /// Names the file that an error of SQLite is about.
    init(_ error: any Error, file: String) {
        guard let error = error as? DatabaseError else {
            self =
                switch error {
                case let error as IndexError: error
                case is CancellationError: .storage(file: file, detail: "cancelled")
                // The rest is about stored bytes that cannot be read; they could once.
                default: .damaged(file: file, detail: "\(error)")
                }
            return
        }
        let detail = "\(error.message ?? "error") (\(error.extendedResultCode.rawValue))"
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .damaged(file: file, detail: detail)
        case .SQLITE_FULL: self = .full(file: file)
        default: self = .storage(file: file, detail: detail)
        }
    }
}

extension IndexError: CustomStringConvertible {
    /// A sentence for a person: what, where, and what to try.
    public var description: String {
        switch self {
        case .newer(let file, let found, let supported):
            "\(file) is an index of version \(found); this Barid knows up to \(supported): "
                + "use the newer Barid, or move the file away to index again"
        case .foreign(let file):
            "\(file) is a database, but not an index of Barid"
        case .damaged(let file, let detail):
            "\(file) is damaged: \(detail); move it away and replay the articles to index again"
        case .full(let file):
            "no room on the disk of \(file)"
        case .storage(let file, let detail):
            "\(file): \(detail)"
        case .invalidStage(let reason), .query(let reason):
            reason
        case .notFound(let id):
            "no article \(id)"
        case .ambiguous(let prefix, let candidates):
            "\(prefix) is the beginning of several articles: \(candidates.joined(separator: ", "))"
        }
    }
}

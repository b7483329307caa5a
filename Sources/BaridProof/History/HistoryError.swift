/// A history that cannot be read: which line, and why.
public struct HistoryError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong with a line.
    public enum Reason: Error, Sendable, Equatable {
        /// It is no JSON object of strings, integers, flags and lists of strings.
        case syntax(column: Int)
        /// The operation needs a field that is not there.
        case missing(String)
        /// A field has another kind of value.
        case kind(String, String)
        /// A field has a value that is not known.
        case value(String, String)
        /// The operation is not known.
        case operation(String)
        /// A file does not begin with the version that is read.
        case version(Int64?)
    }

    /// The file, or whatever the caller calls the text.
    public var file: String
    /// The line, from 1.
    public var line: Int
    /// What is wrong with it.
    public var reason: Reason

    /// Creates an error.
    public init(file: String, line: Int, reason: Reason) {
        self.file = file
        self.line = line
        self.reason = reason
    }

    /// A sentence that names file, line and reason.
    public var description: String {
        "\(file):\(line): \(explanation)"
    }

    private var explanation: String {
        switch reason {
        case .syntax(let column): "not a flat JSON object, from column \(column) on"
        case .missing(let field): "the field \(field) is missing"
        case .kind(let field, let kind): "the field \(field) must be \(kind)"
        case .value(let field, let value): "the field \(field) cannot be '\(value)'"
        case .operation(let name): "the operation '\(name)' is not known"
        case .version(let found?):
            "a history of version \(found); this program reads version \(HistoryEntry.version)"
        case .version(nil): "the first line must be the operation 'history'"
        }
    }
}

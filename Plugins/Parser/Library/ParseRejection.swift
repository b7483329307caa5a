/// Why there is no article in what was submitted.
///
/// Trying again does not help: a worker rejects the event, a call ends INVALID_ARGUMENT.
public enum ParseRejection: Error, Hashable, CustomStringConvertible {
    /// There are no letters in it.
    case empty
    /// It has more bytes than the limit.
    case tooLarge(bytes: Int, limit: Int)
    /// It is not text; what it looks like.
    case binary(String)
    /// It is text of a kind that is not read.
    case unsupportedMediaType(String)
    /// It was announced as a JSON item and is none; what is wrong.
    case unreadableJSON(String)

    /// A stable word for programs, in kebab-case.
    public var code: String {
        switch self {
        case .empty: "empty"
        case .tooLarge: "too-large"
        case .binary: "binary"
        case .unsupportedMediaType: "unsupported-media-type"
        case .unreadableJSON: "unreadable-json"
        }
    }

    /// The reason in a sentence.
    public var description: String {
        switch self {
        case .empty:
            "there is no text in it"
        case .tooLarge(let bytes, let limit):
            "it has \(bytes) bytes, more than the limit of \(limit)"
        case .binary(let kind):
            "it is not text: it looks like \(kind)"
        case .unsupportedMediaType(let type):
            "\(type) is not read; text/plain and application/json are"
        case .unreadableJSON(let problem):
            "the JSON item cannot be read: \(problem)"
        }
    }
}

internal import GRPCCore

/// Why something is not an event, or cannot be said in another form of events.
enum EventError: Error, Equatable {
    case notAnEvent(String)
    case missing(attribute: String)
    case badName(String)
    case reservedName(String)
    case twice(attribute: String)
    case badValue(attribute: String, String)
    case specVersion(String)
    case badJSON(offset: Int, String)
    case badData(String)
    case otherType(found: String, expected: String)
    case otherMessage(String, String)

    /// The stable name of the case: what the vectors in Protocols/vectors/events state.
    var reason: String {
        switch self {
        case .notAnEvent: "not-an-event"
        case .missing: "missing-attribute"
        case .badName: "bad-attribute-name"
        case .reservedName: "reserved-attribute-name"
        case .twice: "attribute-twice"
        case .badValue: "bad-attribute-value"
        case .specVersion: "unknown-specversion"
        case .badJSON: "bad-json"
        case .badData: "bad-data"
        case .otherType: "other-type"
        case .otherMessage: "other-message"
        }
    }

    var message: String {
        switch self {
        case .notAnEvent(let why): "this is not an event: \(why)"
        case .missing(let attribute): "the event has no \(attribute)"
        case .badName(let name):
            "\"\(name)\" is not an attribute name: 1 to 20 of a-z and 0-9, a letter first"
        case .reservedName(let name): "\"\(name)\" cannot be the name of an extension"
        case .twice(let attribute): "the attribute \(attribute) is there twice"
        case .badValue(let attribute, let why): "the attribute \(attribute) \(why)"
        case .specVersion(let version): "specversion is \"\(version)\"; this reads \"1.0\""
        case .badJSON(let offset, let why): "not valid JSON at byte \(offset): \(why)"
        case .badData(let why): "the body cannot be read: \(why)"
        case .otherType(let found, let expected):
            "the event is of type \(found); expected \(expected)"
        case .otherMessage(let found, let expected):
            "the body is a \(found); expected \(expected)"
        }
    }

    var rpcError: RPCError {
        RPCError(code: .invalidArgument, message: message, cause: self)
    }
}

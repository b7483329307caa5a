internal import Foundation
internal import Glibc

/// Something that took time, as OpenTelemetry has it (Protocols/8-observability §2).
public struct Span: Sendable {
    /// What part it had; the numbers are OTLP's.
    public enum Kind: Int, Sendable {
        /// Within a process.
        case `internal` = 1
        /// It answered a call.
        case server = 2
        /// It called.
        case client = 3
        /// It made an event.
        case producer = 4
        /// It worked on an event.
        case consumer = 5
    }

    /// The value of an attribute.
    public enum Value: Sendable, Equatable, ExpressibleByStringLiteral {
        /// A text.
        case text(String)
        /// A whole number.
        case number(Int64)

        /// A text.
        public init(stringLiteral value: String) { self = .text(value) }
    }

    /// What happened, without an id in it.
    public var name: String
    /// What part it had.
    public var kind: Kind
    /// Its trace, and which span of it it is.
    public var context: TraceParent
    /// The span it belongs to; `nil` for the first one.
    public var parentID: String?
    /// Spans that gave rise to it.
    public var links: [TraceParent] = []
    /// When it began, in nanoseconds since 1970.
    public var start: Int64
    /// When it ended, in nanoseconds since 1970.
    public var end: Int64
    /// What else is known, by OpenTelemetry's names.
    public var attributes: [(name: String, value: Value)]
    /// Why it failed; `nil` when it did not.
    public var failure: String?

    /// A span that begins now.
    ///
    /// - Parameters:
    ///   - name: What happens.
    ///   - kind: What part it has.
    ///   - context: Its trace, and which span of it it is.
    ///   - parentID: The span it belongs to. The default is none.
    ///   - attributes: What else is known. The default is nothing.
    public init(
        _ name: String, _ kind: Kind, _ context: TraceParent, parentID: String? = nil,
        attributes: [(name: String, value: Value)] = []
    ) {
        self.name = name
        self.kind = kind
        self.context = context
        self.parentID = parentID
        self.attributes = attributes
        start = Self.now
        end = start
    }

    /// The time, in nanoseconds since 1970.
    public static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// The span in OTLP's JSON.
    func json(resource: String) -> String {
        var text = """
            {"resourceSpans":[{"resource":{"attributes":\(resource)},"scopeSpans":[{"scope":\
            {"name":"barid"},"spans":[{"traceId":"\(context.traceID)","spanId":"\(context.spanID)"
            """
        if let parentID { text += ",\"parentSpanId\":\(parentID.quotedJSON)" }
        text += ",\"name\":\(name.quotedJSON),\"kind\":\(kind.rawValue)"
        text += ",\"startTimeUnixNano\":\"\(start)\",\"endTimeUnixNano\":\"\(max(start, end))\""
        text += ",\"attributes\":\(Self.attributes(attributes))"
        if !links.isEmpty {
            let all = links.map { "{\"traceId\":\"\($0.traceID)\",\"spanId\":\"\($0.spanID)\"}" }
            text += ",\"links\":[\(all.joined(separator: ","))]"
        }
        if let failure { text += ",\"status\":{\"code\":2,\"message\":\(failure.quotedJSON)}" }
        return text + "}]}]}]}"
    }

    static func attributes(_ attributes: [(name: String, value: Value)]) -> String {
        let all = attributes.map { name, value in
            switch value {
            case .text(let text):
                "{\"key\":\(name.quotedJSON),\"value\":{\"stringValue\":\(text.quotedJSON)}}"
            // 64-bit numbers are texts in protobuf's JSON.
            case .number(let number):
                "{\"key\":\(name.quotedJSON),\"value\":{\"intValue\":\"\(number)\"}}"
            }
        }
        return "[\(all.joined(separator: ","))]"
    }
}

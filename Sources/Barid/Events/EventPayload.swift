public import SwiftProtobuf

/// The body of an event: a protobuf message that knows the type of the events it is the body of.
///
/// Conform a generated message by naming its event type; nothing else is asked for.
/// ```swift
/// extension Barid_Article_V1_Article: EventPayload {
///     static let eventType = "news.barid.article.parsed.v1"
/// }
/// ```
public protocol EventPayload: SwiftProtobuf.Message {
    /// The type of an event with this body: reverse-DNS, past tense, with a version.
    static var eventType: String { get }
}

/// One fact: its attributes, and its body as a message.
public struct Event<Payload: EventPayload>: Sendable {
    /// The attributes, with the body in its serialised form.
    public var envelope: EventEnvelope
    /// The body.
    public var payload: Payload

    /// Makes a new event of a body.
    ///
    /// - Parameters:
    ///   - id: Unique within the source; an event published again under the same id is recognised.
    ///   - source: URI-reference of whoever states the fact.
    ///   - subject: What the fact is about; for article events the article's id.
    ///   - payload: The body.
    /// - Throws: `RPCError` with code `.invalidArgument` if the body cannot be serialised.
    public init(id: String, source: String, subject: String? = nil, payload: Payload) throws {
        self.payload = payload
        envelope = EventEnvelope(id: id, source: source, type: Payload.eventType)
        envelope.subject = subject
        try envelope.setData(payload)
    }

    /// Reads the body of an envelope.
    ///
    /// Takes the body as a packed message, as bytes of media type `application/protobuf`, and as
    /// protobuf JSON under a JSON media type.
    ///
    /// - Parameter envelope: The event as it came.
    /// - Throws: `RPCError` with code `.invalidArgument` if the type is not `Payload`'s or the body
    ///   is not a `Payload`.
    public init(_ envelope: EventEnvelope) throws {
        self.envelope = envelope
        payload = try envelope.decodeData(as: Payload.self)
    }
}

public import BaridSchema
public import SwiftProtobuf

/// The attributes of an event around an opaque body: CloudEvents 1.0.
///
/// A thin view of the wire message ``message``, in which absent is `nil` and never an empty string.
/// It converts to and from CloudEvents protobuf and JSON; see Protocols/3-events.md.
public struct EventEnvelope: Sendable, Hashable {
    /// The event as it travels.
    public var message: Barid_Bus_V1_Event

    /// Wraps a wire message as it is.
    ///
    /// - Parameter message: The message; it is not validated.
    public init(_ message: Barid_Bus_V1_Event) {
        self.message = message
    }

    /// Makes an event without a body.
    ///
    /// - Parameters:
    ///   - id: Unique within the source.
    ///   - source: URI-reference of whoever states the fact.
    ///   - type: The event type, for example `news.barid.article.parsed.v1`.
    public init(id: String, source: String, type: String) {
        message = Barid_Bus_V1_Event()
        message.id = id
        message.source = source
        message.type = type
    }

    /// Reads the serialised form.
    ///
    /// - Parameter serialized: A serialised `barid.bus.v1.Event`.
    /// - Throws: `RPCError` with code `.invalidArgument` if the bytes are not such a message.
    public init(serialized: [UInt8]) throws {
        try self.init(serializedBytes: serialized)
    }

    /// Reads the serialised form from any bytes.
    init(serializedBytes serialized: some SwiftProtobufContiguousBytes) throws {
        if let plain = serialized.withUnsafeBytes({ PlainEventReader.read($0) }) {
            message = plain
            return
        }
        do {
            message = try Barid_Bus_V1_Event(serializedBytes: serialized)
        } catch {
            throw EventError.notAnEvent("\(error)").rpcError
        }
    }

    /// Unique within ``source``; with it, the identity of the event.
    public var id: String {
        get { message.id }
        set { message.id = newValue }
    }

    /// URI-reference of whoever stated the fact.
    public var source: String {
        get { message.source }
        set { message.source = newValue }
    }

    /// What kind of fact it is.
    public var type: String {
        get { message.type }
        set { message.type = newValue }
    }

    /// What the fact is about: the article's id.
    public var subject: String? {
        get { message.subject.nonEmpty }
        set { message.subject = newValue ?? "" }
    }

    /// Events of one key keep their order within a group; `nil` means the subject.
    public var partitionKey: String? {
        get { message.partitionKey.nonEmpty }
        set { message.partitionKey = newValue ?? "" }
    }

    /// When the fact happened.
    public var time: Google_Protobuf_Timestamp? {
        get { message.hasTime ? message.time : nil }
        set { if let newValue { message.time = newValue } else { message.clearTime() } }
    }

    /// After this instant the event is not delivered any more.
    public var expiryTime: Google_Protobuf_Timestamp? {
        get { message.hasExpiryTime ? message.expiryTime : nil }
        set { if let newValue { message.expiryTime = newValue } else { message.clearExpiryTime() } }
    }

    /// Media type of the body.
    public var dataContentType: String? {
        get { message.dataContentType.nonEmpty }
        set { message.dataContentType = newValue ?? "" }
    }

    /// URI of the schema of the body; for a protobuf message its type URL.
    public var dataSchema: String? {
        get { message.dataSchema.nonEmpty }
        set { message.dataSchema = newValue ?? "" }
    }

    /// W3C trace context of the event's creation.
    public var traceParent: String? {
        get { message.traceparent.nonEmpty }
        set { message.traceparent = newValue ?? "" }
    }

    /// Vendor part of the trace context.
    public var traceState: String? {
        get { message.tracestate.nonEmpty }
        set { message.tracestate = newValue ?? "" }
    }

    /// Id of the event that gave rise to this one.
    public var causationID: String? {
        get { message.causationID.nonEmpty }
        set { message.causationID = newValue ?? "" }
    }

    /// Id of the first event of the chain.
    public var correlationID: String? {
        get { message.correlationID.nonEmpty }
        set { message.correlationID = newValue ?? "" }
    }

    /// Every other attribute, by its CloudEvents name.
    public var extensions: [String: Barid_Bus_V1_Attribute] {
        get { message.extensions }
        set { message.extensions = newValue }
    }

    /// The bytes that go to the broker; the same event always gives the same bytes.
    ///
    /// - Returns: A serialised `barid.bus.v1.Event`, its extensions in the order of their names.
    /// - Throws: `RPCError` with code `.invalidArgument` if it cannot be serialised.
    public func serialized() throws -> [UInt8] {
        let fields = EventFields(message)
        if fields.isPlain {
            let size = fields.size
            return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                fields.write(
                    to: UnsafeMutableRawBufferPointer(
                        rebasing: UnsafeMutableRawBufferPointer(buffer)[..<size]))
                count = size
            }
        }
        var options = BinaryEncodingOptions()
        options.useDeterministicOrdering = true
        do {
            return try message.serializedBytes(options: options)
        } catch {
            throw EventError.notAnEvent("\(error)").rpcError
        }
    }

    /// Puts a message into the body, with media type and schema.
    ///
    /// - Parameter payload: The body.
    /// - Throws: `RPCError` with code `.invalidArgument` if it cannot be serialised.
    public mutating func setData(_ payload: some SwiftProtobuf.Message) throws {
        var packed = Google_Protobuf_Any()
        packed.typeURL = "\(MediaType.typeURLPrefix)\(Swift.type(of: payload).protoMessageName)"
        do {
            packed.value = try payload.serializedBytes()
        } catch {
            throw EventError.badData("\(error)").rpcError
        }
        message.protoData = packed
        message.dataContentType = MediaType.protobuf
        message.dataSchema = packed.typeURL
    }
}

extension String {
    /// The string, or `nil` if it is empty.
    var nonEmpty: String? { isEmpty ? nil : self }
}

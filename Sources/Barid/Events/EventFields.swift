internal import BaridSchema
internal import Foundation
internal import SwiftProtobuf

/// The fields of an event, read once: to be checked, and written as protobuf writes them.
///
/// A publisher does both for every event, and going through the generated message three times
/// costs more than the rest of publishing. What is rare, extensions and fields this version does
/// not know, is left to the generated code; see ``isPlain``. The tests hold both to the same bytes.
struct EventFields {
    private let message: Barid_Bus_V1_Event
    let id: String
    let source: String
    let type: String
    private let subject: String
    private let partitionKey: String
    private let expiryTime: Google_Protobuf_Timestamp?
    private let time: Google_Protobuf_Timestamp?
    private let dataContentType: String
    private let dataSchema: String
    private let traceParent: String
    private let traceState: String
    private let causationID: String
    private let correlationID: String
    private let body: Body

    /// The data, by its field.
    private enum Body {
        case none
        case binary(Data)
        case text(String)
        case packed(typeURL: String, value: Data)
    }

    /// Whether these fields are all there is.
    let isPlain: Bool

    init(_ message: Barid_Bus_V1_Event) {
        self.message = message
        id = message.id
        source = message.source
        type = message.type
        subject = message.subject
        partitionKey = message.partitionKey
        expiryTime = message.hasExpiryTime ? message.expiryTime : nil
        time = message.hasTime ? message.time : nil
        dataContentType = message.dataContentType
        dataSchema = message.dataSchema
        traceParent = message.traceparent
        traceState = message.tracestate
        causationID = message.causationID
        correlationID = message.correlationID
        var isPlain = message.extensions.isEmpty && message.unknownFields.data.isEmpty
        for time in [expiryTime, time] {
            if let time, !time.unknownFields.data.isEmpty { isPlain = false }
        }
        switch message.data {
        case nil: body = .none
        case .binaryData(let data): body = .binary(data)
        case .textData(let text): body = .text(text)
        case .protoData(let packed):
            body = .packed(typeURL: packed.typeURL, value: packed.value)
            if !packed.unknownFields.data.isEmpty { isPlain = false }
        }
        self.isPlain = isPlain
    }

    // MARK: Checking

    /// Checks what ``EventEnvelope/validate()`` promises, but for extensions.
    func check() throws(EventError) {
        guard !id.isEmpty else { throw .missing(attribute: "id") }
        guard !source.isEmpty else { throw .missing(attribute: "source") }
        guard !type.isEmpty else { throw .missing(attribute: "type") }
        try EventEnvelope.check(id, of: "id")
        try EventEnvelope.check(source, of: "source")
        try EventEnvelope.check(type, of: "type")
        try EventEnvelope.check(subject, of: "subject")
        try EventEnvelope.check(dataContentType, of: "datacontenttype")
        try EventEnvelope.check(dataSchema, of: "dataschema")
        try EventEnvelope.check(partitionKey, of: "partitionkey")
        try EventEnvelope.check(traceParent, of: "traceparent")
        try EventEnvelope.check(traceState, of: "tracestate")
        try EventEnvelope.check(causationID, of: "causationid")
        try EventEnvelope.check(correlationID, of: "correlationid")
        if let time { try EventEnvelope.check(time, of: "time") }
        if let expiryTime { try EventEnvelope.check(expiryTime, of: "expirytime") }
    }

    // MARK: Writing

    /// How many bytes ``write(to:)`` writes.
    var size: Int {
        var size = Self.size(of: id) + Self.size(of: source) + Self.size(of: type)
        size += Self.size(of: subject) + Self.size(of: partitionKey)
        size += Self.size(of: dataContentType) + Self.size(of: dataSchema)
        size += Self.size(of: traceParent) + Self.size(of: traceState)
        size += Self.size(of: causationID) + Self.size(of: correlationID)
        if let expiryTime { size += 1 + WireWriter.size(ofBytes: WireWriter.size(of: expiryTime)) }
        if let time { size += 1 + WireWriter.size(ofBytes: WireWriter.size(of: time)) }
        switch body {
        case .none: break
        case .binary(let data): size += 1 + WireWriter.size(ofBytes: data.count)
        case .text(let text): size += 2 + WireWriter.size(ofBytes: text.utf8.count)
        case .packed(let typeURL, let value):
            size += 2 + WireWriter.size(ofBytes: Self.size(ofPacked: typeURL, value))
        }
        return size
    }

    /// Of a text in a field below 16; nothing when it is empty.
    private static func size(of text: String) -> Int {
        text.isEmpty ? 0 : 1 + WireWriter.size(ofBytes: text.utf8.count)
    }

    private static func size(ofPacked typeURL: String, _ value: Data) -> Int {
        size(of: typeURL) + (value.isEmpty ? 0 : 1 + WireWriter.size(ofBytes: value.count))
    }

    /// Writes the event in the order of the field numbers.
    ///
    /// - Parameter buffer: Has ``size`` bytes, and is full afterwards.
    func write(to buffer: UnsafeMutableRawBufferPointer) {
        var writer = WireWriter(buffer)
        writer.field(1, id)
        writer.field(2, source)
        writer.field(3, type)
        writer.field(4, subject)
        writer.field(5, partitionKey)
        if let expiryTime { writer.field(6, expiryTime) }
        if let time { writer.field(7, time) }
        writer.field(8, dataContentType)
        writer.field(9, dataSchema)
        writer.field(10, traceParent)
        writer.field(11, traceState)
        writer.field(12, causationID)
        writer.field(13, correlationID)
        switch body {
        case .none: break
        case .binary(let data): writer.bytes(15, data)
        case .text(let text): writer.bytes(16, text)
        case .packed(let typeURL, let value):
            writer.length(17, Self.size(ofPacked: typeURL, value))
            writer.field(1, typeURL)
            if !value.isEmpty { writer.bytes(2, value) }
        }
        assert(writer.isFull)
    }
}

extension EventEnvelope {
    /// The serialised event as ``serialized()`` gives it, checked as ``validate()`` does.
    ///
    /// - Throws: `RPCError` with code `.invalidArgument` naming the first attribute that is wrong.
    func checkedData() throws -> Data {
        let fields = EventFields(message)
        guard fields.isPlain else {
            try validate()
            return Data(try serialized())
        }
        do throws(EventError) {
            try fields.check()
        } catch {
            throw error.rpcError
        }
        let size = fields.size
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 1)
        fields.write(to: buffer)
        guard let start = buffer.baseAddress else { return Data() }
        return Data(
            bytesNoCopy: start, count: size, deallocator: .custom { start, _ in start.deallocate() }
        )
    }
}

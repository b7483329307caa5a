internal import GRPCCore

/// The body of a status: how a call ended, and its trailers.
struct StatusBody: Hashable {
    var status: Status
    var metadata: Metadata = [:]

    init(_ status: Status, metadata: Metadata = [:]) {
        self.status = status
        self.metadata = metadata
    }

    /// Trailers that cannot be sent are left out, and the message says so: a call must end.
    func encode() -> [UInt8] {
        var bytes: [UInt8] = [UInt8(clamping: status.code.rawValue)]
        bytes.append(text: status.message, cutAt: CancelBody.maximumTextBytes)
        do {
            try MetadataCodec.encode(metadata, into: &bytes)
            return bytes
        } catch {
            let note = "\(status.message) (trailers left out: \(error.message))"
            return StatusBody(Status(code: status.code, message: note)).encode()
        }
    }

    init(_ body: UnsafeRawBufferPointer) throws(FrameError) {
        var reader = ByteReader(body)
        let code = Int(try reader.integer(UInt8.self))
        guard let code = Status.Code(rawValue: code) else {
            throw .malformed("there is no status code \(code)")
        }
        status = Status(code: code, message: try reader.text(Int(reader.integer(UInt16.self))))
        metadata = try MetadataCodec.decode(from: &reader)
        try reader.end()
    }
}

/// The body of a cancel: the status code the opener ended the call with, and why.
struct CancelBody: Hashable {
    /// The longest text in a status, cancel or goaway; longer ones are cut.
    static let maximumTextBytes = 8 << 10

    var code: Status.Code
    var text: String

    init(code: Status.Code = .cancelled, text: String) {
        self.code = code
        self.text = text
    }

    func encode() -> [UInt8] {
        var bytes: [UInt8] = [UInt8(clamping: code.rawValue)]
        bytes.append(text: text, cutAt: Self.maximumTextBytes)
        return bytes
    }

    init(_ body: UnsafeRawBufferPointer) throws(FrameError) {
        var reader = ByteReader(body)
        let code = Int(try reader.integer(UInt8.self))
        guard let code = Status.Code(rawValue: code) else {
            throw .malformed("there is no status code \(code)")
        }
        self.code = code
        text = try reader.text(Int(reader.integer(UInt16.self)))
        try reader.end()
    }
}

/// The body of a goaway.
struct GoawayBody: Hashable {
    var code: SessionCode
    var text: String

    init(_ code: SessionCode, _ text: String) {
        self.code = code
        self.text = text
    }

    func encode() -> [UInt8] {
        var bytes: [UInt8] = [code.rawValue]
        bytes.append(text: text, cutAt: CancelBody.maximumTextBytes)
        return bytes
    }

    init(_ body: UnsafeRawBufferPointer) throws(FrameError) {
        var reader = ByteReader(body)
        let code = try reader.integer(UInt8.self)
        guard let code = SessionCode(rawValue: code) else {
            throw .malformed("there is no goaway code \(code)")
        }
        self.code = code
        text = try reader.text(Int(reader.integer(UInt16.self)))
        try reader.end()
    }
}

/// Puts frames into ZeroMQ messages and takes them out again.
///
/// A ZeroMQ message is a run of whole frames: a ``FrameHeader`` and its body, again and again.
enum FrameCodec {
    /// Appends one frame.
    static func append(
        _ kind: FrameKind, flags: FrameHeader.Flags = [], stream: UInt32 = 0,
        body: some Collection<UInt8> = EmptyCollection(), to bytes: inout [UInt8]
    ) {
        FrameHeader(kind: kind, flags: flags, stream: stream, length: body.count)
            .encode(into: &bytes)
        bytes.append(contentsOf: body)
    }

    /// Calls `body` with each frame of a message, in order.
    ///
    /// - Throws: `FrameError` for the first frame that cannot be read, and what `body` throws.
    static func forEachFrame(
        in message: UnsafeRawBufferPointer,
        _ body: (FrameHeader, UnsafeRawBufferPointer) throws(FrameError) -> Void
    ) throws(FrameError) {
        guard message.count > 0 else { throw .malformed("an empty message") }
        var reader = ByteReader(message)
        while reader.remaining > 0 {
            let header = try FrameHeader(from: &reader)
            guard header.length <= reader.remaining else {
                throw .malformed(
                    "a \(header.kind.name) frame of \(header.length) bytes, of which "
                        + "\(reader.remaining) came")
            }
            try body(header, reader.take(header.length))
        }
    }
}

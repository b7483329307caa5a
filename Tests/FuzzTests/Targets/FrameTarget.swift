@testable import BaridTransport

/// ZeroMQ messages of frames: what is read is written back the same, bodies too.
enum FrameTarget: FuzzTarget {
    static let name = "frame"

    static func take(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { message in
            var written: [UInt8] = []
            let isWhole =
                (try? FrameCodec.forEachFrame(in: message) { header, body in
                    expect(body.count == header.length, "a body of another length")
                    FrameCodec.append(
                        header.kind, flags: header.flags, stream: header.stream, body: body,
                        to: &written)
                    check(header.kind, body)
                }) != nil
            if isWhole { expect(written == bytes, "frames are written otherwise") }
        }
    }

    /// A body that is accepted reads the same again once it was written.
    private static func check(_ kind: FrameKind, _ body: UnsafeRawBufferPointer) {
        switch kind {
        case .hello:
            guard let hello = try? HelloBody(body) else { return }
            again(try? hello.encode()) { try? HelloBody($0) == hello }
        case .welcome:
            guard let welcome = try? WelcomeBody(body) else { return }
            again(try? welcome.encode()) { try? WelcomeBody($0) == welcome }
        case .open:
            guard let open = try? OpenBody(body) else { return }
            let frame = (try? open.encodeRest()).map {
                OpenBody.frame($0, remaining: open.remaining)
            }
            again(frame) { try? OpenBody($0) == open }
        case .status:
            guard let status = try? StatusBody(body) else { return }
            again(status.encode()) { try? StatusBody($0) == status }
        case .cancel:
            guard let cancel = try? CancelBody(body) else { return }
            again(cancel.encode()) { try? CancelBody($0) == cancel }
        case .goaway:
            guard let goaway = try? GoawayBody(body) else { return }
            again(goaway.encode()) { try? GoawayBody($0) == goaway }
        case .message, .headers, .halfClose, .windowUpdate, .ping, .pong:
            return
        }
    }

    private static func again(
        _ written: [UInt8]?, _ isSame: (UnsafeRawBufferPointer) -> Bool?
    ) {
        guard let written else { return expect(false, "what was read cannot be written") }
        expect(written.withUnsafeBytes(isSame) == true, "a body that was written reads otherwise")
    }
}

internal import GRPCCore

/// What the peer sends.
extension Session {
    /// Takes the frames of one ZeroMQ message, or its first frames.
    ///
    /// It stops behind a frame that opened a stream, because what follows on the stream depends on
    /// whether the caller accepts or forwards it.
    ///
    /// - Returns: How many bytes it took; the caller handles the events and gives the rest again.
    mutating func receive(
        _ message: UnsafeRawBufferPointer, now: ContinuousClock.Instant, into events: inout [Event]
    ) -> Int {
        guard state != .closed else { return message.count }
        lastReceived = now
        do {
            guard message.count > 0 else { throw FrameError.malformed("an empty message") }
            var reader = ByteReader(message)
            while reader.remaining > 0, state != .closed {
                let header = try FrameHeader(from: &reader)
                try receive(header, reader.take(header.length), now: now, into: &events)
                if header.kind == .open { return reader.offset }
            }
        } catch let error as FrameError {
            fail(error, into: &events)
        } catch {
            fail(.malformed("\(error)"), into: &events)
        }
        return message.count
    }

    private mutating func receive(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer, now: ContinuousClock.Instant,
        into events: inout [Event]
    ) throws(FrameError) {
        if case .greeting(let nonce) = state {
            try receiveGreeting(header, body, nonce: nonce, into: &events)
            return
        }
        let id = header.stream
        switch header.kind {
        case .hello, .welcome:
            throw .unexpected("a second \(header.kind.name)")
        case .open:
            try receiveOpen(id, body, now: now, into: &events)
        case .message:
            try receiveMessage(header, body, into: &events)
        case .headers, .halfClose, .status, .cancel:
            try receiveStreamFrame(header, body, into: &events)
        case .windowUpdate:
            try receiveWindowUpdate(id, body, into: &events)
        case .ping:
            guard body.count == 8 else { throw .malformed("a ping of \(body.count) bytes") }
            FrameCodec.append(.pong, body: body, to: &control)
        case .pong:
            guard body.count == 8 else { throw .malformed("a pong of \(body.count) bytes") }
            let token = body.reduce(0) { $0 << 8 | UInt64($1) }
            if token > 0 { events.append(.answered(token)) }
        case .goaway:
            let goaway = try GoawayBody(body)
            if goaway.code == .draining {
                isPeerDraining = true
                events.append(.draining(goaway.text))
            } else {
                state = .closed
                events.append(.closed(goaway.code, goaway.text))
            }
        }
    }

    private mutating func receiveGreeting(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer, nonce: UInt64,
        into events: inout [Event]
    ) throws(FrameError) {
        switch header.kind {
        case .welcome:
            let welcome = try WelcomeBody(body)
            guard welcome.nonce == nonce else { return }
            guard ProtocolVersions.supported.contains(welcome.version) else {
                throw FrameError(
                    code: .unsupportedVersion,
                    text: """
                        the broker chose transport version \(welcome.version), this side speaks \
                        \(ProtocolVersions.text(ProtocolVersions.supported))
                        """)
            }
            state = .open
            peerMaximumMessageBytes = welcome.maximumMessageBytes
            grantSession()
            events.append(.welcomed(welcome))
        case .goaway:
            let goaway = try GoawayBody(body)
            state = .closed
            events.append(.closed(goaway.code, goaway.text))
        case .hello, .open, .headers, .message, .halfClose, .status, .cancel, .windowUpdate, .ping,
            .pong:
            return  // Late frames of a session that is over.
        }
    }

    private mutating func receiveOpen(
        _ id: UInt32, _ body: UnsafeRawBufferPointer, now: ContinuousClock.Instant,
        into events: inout [Event]
    ) throws(FrameError) {
        guard isOwnID(id) == false, id > lastPeerStream else {
            throw .unexpected("an open of stream \(id) after stream \(lastPeerStream)")
        }
        lastPeerStream = id
        let open = try OpenBody(body)
        let stream = SessionStream(isOurs: false, windowBytes: limits.streamWindowBytes)
        stream.hasLeft = true
        streams[id] = stream
        peerStreamCount += 1
        if isDraining {
            abort(StatusBody(Status(code: .unavailable, message: "the peer is shutting down")), id)
            return
        }
        guard peerStreamCount <= limits.maximumStreams else {
            let text = "at most \(limits.maximumStreams) calls may be open on a session"
            abort(StatusBody(Status(code: .resourceExhausted, message: text)), id)
            return
        }
        if let remaining = open.remaining {
            let deadline = now.advanced(by: remaining)
            stream.deadline = deadline
            nextDeadline = min(nextDeadline ?? deadline, deadline)
        }
        events.append(.opened(id, open, rest: [UInt8](body.dropFirst(4))))
    }

    private mutating func receiveMessage(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer, into events: inout [Event]
    ) throws(FrameError) {
        let id = header.stream
        let exempt = header.flags.contains(.exempt)
        let charge = exempt ? 0 : header.charge
        guard window.receive(charge) else {
            throw FrameError(code: .flowControl, text: "the session's credit is overdrawn")
        }
        guard let stream = try stream(id) else {
            grantSession()
            return
        }
        guard !stream.hasReceivedEnd else {
            failStream(id, stream, .internalError, "a message after the half-close", &events)
            return
        }
        if stream.isForwarded {
            window.hold(charge)
            events.append(.forward(id, .message, header.flags, [UInt8](body)))
            return
        }
        guard stream.window.receive(charge) else {
            failStream(id, stream, .resourceExhausted, "the stream's credit is overdrawn", &events)
            return
        }
        let size = stream.assembly.count + body.count
        guard size <= limits.maximumMessageBytes else {
            let text = """
                a message of \(size) bytes or more came, at most \(limits.maximumMessageBytes) are \
                allowed
                """
            failStream(id, stream, .resourceExhausted, text, &events)
            return
        }
        if header.flags.contains(.more) {
            try assemble(body, charge: charge, stream)
            grant(stream, id)
            grantSession()
            return
        }
        let message: [UInt8]
        if stream.isAssembling {
            stream.assembly.append(contentsOf: body)
            assemblyBytes -= stream.assembly.count - body.count
            message = stream.assembly
            stream.lastAssembly = min(message.count, SessionStream.maximumReserve)
            stream.assembly = []
            stream.isAssembling = false
        } else {
            message = [UInt8](body)
        }
        let total = charge + stream.assemblyCharge
        stream.assemblyCharge = 0
        if exempt {
            stream.exemptHeld += message.count
            let allowed = limits.maximumMessageBytes + limits.streamWindowBytes
            guard stream.exemptHeld <= allowed else {
                let text = "more than \(allowed) bytes outside of credit wait to be read"
                failStream(id, stream, .resourceExhausted, text, &events)
                return
            }
        }
        stream.window.hold(total)
        window.hold(total)
        events.append(.message(id, message, charge: total, exempt: exempt))
    }

    private mutating func assemble(
        _ body: UnsafeRawBufferPointer, charge: Int, _ stream: SessionStream
    ) throws(FrameError) {
        if !stream.isAssembling {
            // Most messages are as large as the one before, or fit twice the first frame. Memory is
            // reserved ahead of its bytes for one message at a time, however many streams begin one.
            let expected = assemblyBytes == 0 ? stream.lastAssembly : 0
            stream.assembly.reserveCapacity(max(2 * body.count, expected))
            stream.isAssembling = true
        }
        stream.assembly.append(contentsOf: body)
        stream.assemblyCharge += charge
        assemblyBytes += body.count
        guard assemblyBytes <= limits.maximumUnfinishedBytes else {
            throw FrameError(
                code: .overloaded,
                text: """
                    unfinished messages take \(assemblyBytes) bytes, at most \
                    \(limits.maximumUnfinishedBytes) are allowed
                    """)
        }
    }

    private mutating func receiveStreamFrame(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer, into events: inout [Event]
    ) throws(FrameError) {
        let id = header.stream
        guard let stream = try stream(id) else { return }
        let fromOpener = header.kind == .halfClose || header.kind == .cancel
        guard fromOpener != stream.isOurs else {
            throw .unexpected("a \(header.kind.name) from the wrong side of stream \(id)")
        }
        do {
            switch header.kind {
            case .headers:
                guard !stream.hasHeaders else { throw FrameError.unexpected("headers twice") }
                stream.hasHeaders = true
                if stream.isForwarded {
                    events.append(.forward(id, .headers, [], [UInt8](body)))
                } else {
                    var reader = ByteReader(body)
                    let metadata = try MetadataCodec.decode(from: &reader)
                    try reader.end()
                    events.append(.headers(id, metadata))
                }
            case .halfClose:
                guard !stream.hasReceivedEnd else {
                    throw FrameError.unexpected("a half-close twice")
                }
                guard body.isEmpty, !stream.isAssembling else {
                    throw FrameError.malformed("a half-close inside a message, or with a body")
                }
                stream.hasReceivedEnd = true
                events.append(
                    stream.isForwarded ? .forward(id, .halfClose, [], []) : .halfClosed(id))
            case .status:
                if stream.isForwarded {
                    let dropped = remove(id, stream)
                    events.append(.forwardedStatus(id, [UInt8](body), dropped: dropped))
                } else {
                    let status = try StatusBody(body)
                    events.append(.status(id, status, dropped: remove(id, stream)))
                }
            case .cancel:
                let cancel = try CancelBody(body)
                stream.endCode = cancel.code.rawValue
                events.append(.cancelled(id, cancel, dropped: remove(id, stream)))
            case .hello, .welcome, .open, .message, .windowUpdate, .ping, .pong, .goaway: break
            }
        } catch let error as FrameError {
            // What concerns one stream ends that stream and no other.
            failStream(id, stream, .internalError, error.text, &events)
        } catch {
            failStream(id, stream, .internalError, "\(error)", &events)
        }
    }

    private mutating func receiveWindowUpdate(
        _ id: UInt32, _ body: UnsafeRawBufferPointer, into events: inout [Event]
    ) throws(FrameError) {
        var reader = ByteReader(body)
        let increment = Int(try reader.integer(UInt32.self))
        try reader.end()
        guard increment > 0 else { throw .malformed("a window-update of 0") }
        guard id != 0 else {
            sendCredit += increment
            guard sendCredit <= Self.maximumCredit else {
                throw FrameError(code: .flowControl, text: "the session's credit runs over")
            }
            let waiting = waitingForCredit
            waitingForCredit = []
            for id in waiting { schedule(id) }
            return
        }
        guard let stream = try stream(id) else { return }
        if stream.isForwarded {
            events.append(.forward(id, .windowUpdate, [], [UInt8](body)))
            return
        }
        stream.sendCredit += increment
        guard stream.sendCredit <= Self.maximumCredit else {
            failStream(id, stream, .internalError, "the stream's credit runs over", &events)
            return
        }
        schedule(id)
    }

    private static let maximumCredit = Int(Int32.max)

    /// The open stream of that id, nil if it is closed already.
    ///
    /// - Throws: `FrameError` if it was never opened.
    private func stream(_ id: UInt32) throws(FrameError) -> SessionStream? {
        if let stream = streams[id] { return stream }
        guard isOwnID(id) ? id < nextStream : id <= lastPeerStream else {
            throw FrameError(code: .unknownStream, text: "stream \(id) was never opened")
        }
        return nil
    }

    private func isOwnID(_ id: UInt32) -> Bool {
        (id % 2 == 0) == isListening
    }

    /// Ends one stream for what the peer did wrong on it, and tells both sides.
    private mutating func failStream(
        _ id: UInt32, _ stream: SessionStream, _ code: Status.Code, _ text: String,
        _ events: inout [Event]
    ) {
        let status = Status(code: code, message: text)
        let dropped =
            stream.isOurs
            ? cancel(CancelBody(code: code, text: text), id) : abort(StatusBody(status), id)
        events.append(.failed(id, status, dropped: dropped))
    }

    mutating func fail(_ error: FrameError, into events: inout [Event]) {
        goaway(error.code, error.text)
        events.append(.closed(error.code, error.text))
    }
}

/// What to send.
extension Session {
    /// Fills one ZeroMQ message with what is waiting.
    ///
    /// Frames without credit of their own go first, then every stream in turn.
    ///
    /// - Parameters:
    ///   - batch: Becomes the message.
    ///   - sent: Gets what left of each stream's messages.
    /// - Returns: Whether there was anything to send.
    mutating func nextBatch(into batch: inout [UInt8], sent: inout [Sent]) -> Bool {
        batch.removeAll(keepingCapacity: true)
        takeControl(into: &batch)
        guard state == .open else { return !batch.isEmpty }
        while let id = round.first {
            guard let stream = streams[id] else {
                round.removeFirst()
                continue
            }
            switch takeTurn(of: stream, id, into: &batch, sent: &sent) {
            case .batchFull: return true
            case .turnOver: round.moveFirstToEnd()
            case .nothingLeft:
                round.removeFirst()
                stream.isScheduled = false
            }
        }
        return !batch.isEmpty
    }

    private enum Turn { case batchFull, turnOver, nothingLeft }

    /// How much a stream may put into a batch before the next one has its turn.
    private static let turnBytes = 16 << 10

    private mutating func takeTurn(
        of stream: SessionStream, _ id: UInt32, into batch: inout [UInt8], sent: inout [Sent]
    ) -> Turn {
        let start = batch.count
        while let item = stream.queue.first {
            let room = TransportLimits.maximumBatchBytes - batch.count
            let used = batch.count - start
            if used >= Self.turnBytes, round.hasOthers { return .turnOver }
            switch item {
            case .frame(let kind, let body):
                guard room >= FrameHeader.size + body.count else { return .batchFull }
                FrameCodec.append(kind, stream: id, body: body, to: &batch)
                stream.queue.removeFirst()
                if kind == .open {
                    stream.hasLeft = true
                    grant(stream, id)
                }
                if kind == .status {
                    sent.append(Sent(stream: id, bytes: 0, isLast: true))
                    remove(id, stream)
                    return .nothingLeft
                }
            case .forwarded(let body, let flags):
                let charge = FrameHeader.size + body.count
                let exempt = flags.contains(.exempt)
                guard exempt || charge <= sendCredit else {
                    waitingForCredit.append(id)
                    return .nothingLeft
                }
                guard room >= charge else { return .batchFull }
                FrameCodec.append(.message, flags: flags, stream: id, body: body, to: &batch)
                stream.queue.removeFirst()
                if !exempt {
                    sendCredit -= charge
                    sent.append(Sent(stream: id, bytes: charge))
                }
            case .message(let message, let exempt):
                let left = message.count - stream.queue.offset
                // A piece worth its header, or the rest of the message.
                guard room >= FrameHeader.size + min(left, 1_024) else { return .batchFull }
                var length = min(left, room - FrameHeader.size)
                if round.hasOthers { length = min(length, max(Self.turnBytes - used, 1_024)) }
                if !exempt {
                    guard sendCredit > FrameHeader.size else {
                        waitingForCredit.append(id)
                        return .nothingLeft
                    }
                    guard stream.sendCredit > FrameHeader.size else { return .nothingLeft }
                    length = min(
                        length, sendCredit - FrameHeader.size, stream.sendCredit - FrameHeader.size)
                    sendCredit -= length + FrameHeader.size
                    stream.sendCredit -= length + FrameHeader.size
                }
                var flags: FrameHeader.Flags = exempt ? .exempt : []
                if length < left { flags.insert(.more) }
                let start = stream.queue.offset
                FrameCodec.append(
                    .message, flags: flags, stream: id, body: message[start..<start + length],
                    to: &batch)
                sent.append(Sent(stream: id, bytes: length))
                if length == left {
                    stream.queue.removeFirst()
                } else {
                    stream.queue.offset += length
                }
            }
        }
        return .nothingLeft
    }

    /// Moves whole frames, as many as fit.
    private mutating func takeControl(into batch: inout [UInt8]) {
        guard !control.isEmpty else { return }
        if control.count <= TransportLimits.maximumBatchBytes {
            swap(&batch, &control)
            return
        }
        var end = 0
        control.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            while let header = try? FrameHeader(from: &reader),
                (try? reader.take(header.length)) != nil,
                reader.offset <= TransportLimits.maximumBatchBytes
            {
                end = reader.offset
            }
        }
        batch.append(contentsOf: control[..<end])
        control.removeSubrange(..<end)
    }

    func sendable(_ id: UInt32) -> SessionStream? {
        guard state == .open, let stream = streams[id], !stream.hasQueuedEnd else { return nil }
        return stream
    }

    mutating func enqueue(_ item: SendQueue.Item, _ id: UInt32, _ stream: SessionStream) {
        stream.queue.append(item)
        schedule(id)
    }

    mutating func schedule(_ id: UInt32) {
        guard let stream = streams[id], !stream.isScheduled, stream.queue.first != nil else {
            return
        }
        stream.isScheduled = true
        round.append(id)
    }

    @discardableResult
    mutating func remove(_ id: UInt32, _ stream: SessionStream) -> Int {
        streams[id] = nil
        stream.tally?.ended(stream.endCode)
        assemblyBytes -= stream.assembly.count
        if !stream.isOurs { peerStreamCount -= 1 }
        return stream.queue.removeAll()
    }

    mutating func grant(_ stream: SessionStream, _ id: UInt32) {
        guard !stream.isForwarded, let increment = stream.window.grant() else { return }
        appendWindowUpdate(increment, id)
    }

    mutating func grantSession() {
        guard state != .closed, let increment = window.grant() else { return }
        appendWindowUpdate(increment, 0)
    }

    private mutating func appendWindowUpdate(_ increment: UInt32, _ id: UInt32) {
        FrameHeader(kind: .windowUpdate, stream: id, length: 4).encode(into: &control)
        control.append(bigEndian: increment)
    }
}

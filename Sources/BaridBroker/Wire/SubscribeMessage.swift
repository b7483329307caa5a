internal import BaridEngine

/// A `barid.bus.v1.SubscribeRequest`, taken apart without copying outputs.
struct SubscribeMessage {
    /// Where the subscription lies, when there is one.
    var subscription: ArraySlice<UInt8>?
    var credit: UInt32 = 0
    var creditBytes: UInt64 = 0
    var settle = SettleRequest(number: 0)

    /// Whether anything is settled.
    var settles: Bool { !settle.acks.isEmpty || !settle.settlements.isEmpty }

    /// Takes a message apart; outputs are slices of it.
    init(_ message: [UInt8]) throws(MessageFailure) {
        var result = SubscribeParts()
        try MessageFailure.scanning(message) { bytes throws(WireScan.Failure) in
            try result.scan(bytes)
        }
        subscription = result.subscription.map { message[$0] }
        credit = result.credit
        creditBytes = result.creditBytes
        settle.number = result.number
        settle.acks = result.acks
        settle.settlements.reserveCapacity(result.settlements.count)
        for part in result.settlements {
            settle.settlements.append(
                SettleRequest.Settlement(
                    sequence: part.sequence, attempt: part.attempt, turn: part.turn,
                    outcome: try part.outcome(in: message)))
        }
    }
}

/// The parts of a request as numbers and ranges.
private struct SubscribeParts {
    var subscription: Range<Int>?
    var credit: UInt32 = 0
    var creditBytes: UInt64 = 0
    var acks: [SettleRequest.AckRange] = []
    var settlements: [SettlementParts] = []
    var number: UInt64 = 0

    mutating func scan(_ bytes: UnsafeRawBufferPointer) throws(WireScan.Failure) {
        var scan = WireScan(bytes)
        while let field = try scan.next() {
            switch (field.number, field.range) {
            case (1, let range?): subscription = range
            case (2, nil): credit = UInt32(truncatingIfNeeded: field.value)
            case (3, nil): creditBytes = field.value
            case (4, let range?): acks.append(try Self.ack(bytes, range))
            case (5, let range?): settlements.append(try SettlementParts(bytes, range))
            case (6, nil): number = field.value
            default: break
            }
        }
    }

    private static func ack(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
    ) throws(WireScan.Failure) -> SettleRequest.AckRange {
        var ack = SettleRequest.AckRange(first: 0, count: 0, attempt: 0)
        var scan = WireScan(bytes, in: range)
        while let field = try scan.next() {
            switch field.number {
            case 1: ack.first = field.value
            case 2: ack.count = UInt32(truncatingIfNeeded: field.value)
            case 3: ack.attempt = UInt32(truncatingIfNeeded: field.value)
            case 4: ack.turn = field.value
            default: break
            }
        }
        return ack
    }
}

/// One settlement as numbers and ranges.
private struct SettlementParts {
    /// The outcome's field number, which is also its kind.
    enum Kind: Int {
        case ack = 3
        case nack = 4
        case reject = 5
        case extend = 6
        case release = 7
    }

    var sequence: UInt64 = 0
    var attempt: UInt32 = 0
    var turn: UInt64 = 0
    var kind: Kind?
    var outputs: [Range<Int>] = []
    var milliseconds: UInt32 = 0
    var code: UInt64 = 0
    var reason: Range<Int> = 0..<0
    var text: Range<Int> = 0..<0

    init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) throws(WireScan.Failure) {
        var scan = WireScan(bytes, in: range)
        while let field = try scan.next() {
            switch (field.number, field.range) {
            case (1, nil): sequence = field.value
            case (2, nil): attempt = UInt32(truncatingIfNeeded: field.value)
            case (8, nil): turn = field.value
            case (_, let range?):
                guard let found = Kind(rawValue: field.number) else { break }
                kind = found
                try scanOutcome(bytes, range, found)
            default: break
            }
        }
    }

    private mutating func scanOutcome(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ kind: Kind
    ) throws(WireScan.Failure) {
        var scan = WireScan(bytes, in: range)
        while let field = try scan.next() {
            switch (kind, field.number, field.range) {
            case (.ack, 1, let output?): outputs.append(output)
            case (.nack, 1, nil), (.extend, 1, nil), (.release, 1, nil):
                milliseconds = UInt32(truncatingIfNeeded: field.value)
            case (.nack, 2, let error?), (.release, 2, let error?), (.reject, 1, let error?):
                try scanError(bytes, error)
            default: break
            }
        }
    }

    private mutating func scanError(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
    ) throws(WireScan.Failure) {
        var scan = WireScan(bytes, in: range)
        while let field = try scan.next() {
            switch (field.number, field.range) {
            case (1, nil): code = field.value
            case (2, let range?): reason = range
            case (3, let range?): text = range
            default: break
            }
        }
    }

    /// The outcome; a settlement without one is malformed.
    func outcome(in message: [UInt8]) throws(MessageFailure) -> SettleRequest.Outcome {
        let delay = Duration.milliseconds(Int64(milliseconds))
        switch kind {
        case .ack: return .ack(outputs: outputs.map { message[$0] })
        case .nack: return .nack(delay: delay, fault(in: message, .nacked))
        case .reject: return .reject(fault(in: message, .rejected))
        case .extend: return .extend(delay)
        case .release: return .release(pause: delay, fault(in: message, .nacked))
        case nil: throw .malformed
        }
    }

    /// A worker's own error; what it leaves out is said for it.
    private func fault(in message: [UInt8], _ fallback: BusFault.Reason) -> BusFault {
        let text = { (range: Range<Int>) in String(decoding: message[range], as: UTF8.self) }
        let status = UInt8(exactly: code).flatMap(StatusCode.init(rawValue:)) ?? .unknown
        return BusFault(
            code: status == .ok ? .unknown : status,
            reason: reason.isEmpty ? fallback.rawValue : text(reason), message: text(self.text))
    }
}

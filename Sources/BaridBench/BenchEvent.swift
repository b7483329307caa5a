internal import Barid
internal import BaridArticles
internal import Foundation
internal import SwiftProtobuf

/// Makes the events of a benchmark, with every attribute an article event carries: id, source, type,
/// subject, partitionkey, time and traceparent.
///
/// Each event is about an article of its own, so that no two share an ordering key.
struct BenchEventMaker {
    private let run: String
    private let stamp: Bool
    private var payload: ArticleSubmitted
    private var traceHigh: UInt64
    private var number: UInt64 = 0

    /// - Parameters:
    ///   - run: Unique to this producer and run: part of every id.
    ///   - bytes: Size of the body.
    ///   - stamp: Whether the body begins with the instant of its making.
    init(run: String, bytes: Int, stamp: Bool) {
        self.run = run
        self.stamp = stamp
        traceHigh = UInt64.random(in: 1 ... .max)
        payload = ArticleSubmitted()
        payload.mediaType = "text/plain"
        // Text, so that whatever compresses on the way would not gain an unfair amount.
        var generator = SystemRandomNumberGenerator()
        payload.content = Data(
            (0..<bytes).map { _ in UInt8.random(in: 0x20...0x7e, using: &generator) })
    }

    /// The next event.
    mutating func next() throws -> EventEnvelope {
        number += 1
        let article = "\(run)-\(number)"
        var event = EventEnvelope(
            id: article, source: "/barid/bench", type: ArticleEventType.submitted)
        event.subject = article
        event.partitionKey = article
        var time = Google_Protobuf_Timestamp()
        time.seconds = Int64(MonotonicTime.wallSeconds)
        event.time = time
        event.traceParent = trace()
        if stamp {
            let now = MonotonicTime.now
            payload.content.withUnsafeMutableBytes { bytes in
                bytes.storeBytes(of: now.littleEndian, as: UInt64.self)
            }
        }
        try event.setData(payload)
        return event
    }

    /// Bytes of the first so many events together, encoded; what their numbers have in digits counts.
    mutating func bytes(of count: Int) throws -> Int {
        var sum = 0
        var first = 1
        while first <= count {
            number = UInt64(first - 1)
            sum += try next().serialized().count * (min(count, first * 10 - 1) - first + 1)
            first *= 10
        }
        return sum
    }

    /// When an event was made, as a stamped body says.
    static func stamp(of content: Data) -> UInt64 {
        guard content.count >= 8 else { return 0 }
        return content.withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self))
        }
    }

    private func trace() -> String {
        String(unsafeUninitializedCapacity: 55) { buffer in
            var end = 0
            func put(_ text: StaticString) {
                text.withUTF8Buffer { for byte in $0 { buffer[end] = byte; end += 1 } }
            }
            func put(_ value: UInt64) {
                for shift in stride(from: UInt64(60), through: 0, by: -4) {
                    let digit = UInt8(truncatingIfNeeded: value >> shift) & 0xf
                    buffer[end] = digit < 10 ? 0x30 + digit : 0x57 + digit
                    end += 1
                }
            }
            put("00-")
            put(traceHigh)
            put(number)
            put("-")
            put(number | 1 << 63)
            put("-01")
            return end
        }
    }
}

import GRPCCore
import Synchronization
import Testing

@testable import BaridTransport

/// What every transport owes GRPCCore: Protocols/1-transport §7 in the eyes of an application.
@Suite(.timeLimit(.minutes(1)))
struct TransportConformanceTests {
    @Test(arguments: Wire.allCases)
    func carriesAUnaryCall(over wire: Wire) async throws {
        try await withEcho(over: wire) { client, _ in
            let replies = try await client.messages("Unary", [[1, 2, 3]])
            #expect(replies == [[1, 2, 3]])
        }
    }

    @Test(arguments: Wire.allCases)
    func carriesAClientStream(over wire: Wire) async throws {
        try await withEcho(over: wire) { client, _ in
            let replies = try await client.messages("Collect", (0..<100).map { [UInt8($0)] })
            #expect(replies == [Array(0..<100)])
        }
    }

    @Test(arguments: Wire.allCases)
    func carriesAServerStream(over wire: Wire) async throws {
        try await withEcho(over: wire) { client, _ in
            let replies = try await client.messages("Expand", [[200]])
            #expect(replies == (0..<200).map { [UInt8($0)] })
        }
    }

    @Test(arguments: Wire.allCases)
    func carriesBothStreamsInOrderAndAtOnce(over wire: Wire) async throws {
        try await withEcho(over: wire) { client, _ in
            let turns = AsyncStream<Void>.makeStream()
            let rounds = 50
            let replies = try await client.call("Both") { writer in
                var turn = turns.stream.makeAsyncIterator()
                for round in 0..<rounds {
                    // The next message goes only after the reply to the one before came.
                    try await writer.write([UInt8(round)])
                    _ = await turn.next()
                }
            } receive: { response in
                var replies: [UInt8] = []
                for try await reply in response.messages {
                    replies += reply
                    turns.continuation.yield()
                }
                return replies
            }
            #expect(replies == Array(0..<UInt8(rounds)))
        }
    }

    @Test(arguments: Wire.allCases)
    func carriesMetadataInOrderWithDuplicatesAndBinary(over wire: Wire) async throws {
        try await withEcho(over: wire) { client, _ in
            var sent = Metadata()
            sent.addString("one", forKey: "word")
            sent.addString("ثانٍ", forKey: "word")
            sent.addBinary([0, 1, 255], forKey: "raw-bin")
            sent.addBinary([], forKey: "raw-bin")
            sent.addString("", forKey: "empty")
            let metadata = sent
            let (headers, trailers) = try await client.call("Unary", metadata: metadata) { writer in
                try await writer.write([1])
            } receive: { response in
                var trailers = Metadata()
                for try await part in try response.accepted.get().bodyParts {
                    if case .trailingMetadata(let metadata) = part { trailers = metadata }
                }
                return (response.metadata, trailers)
            }
            #expect(headers == metadata)
            #expect(trailers == metadata)
        }
    }

    @Test(arguments: Wire.allCases)
    func carriesStatusAndTrailersOfAnError(over wire: Wire) async throws {
        try await withEcho(over: wire) { client, _ in
            let error = await #expect(throws: RPCError.self) {
                try await client.messages("Fail")
            }
            #expect(error?.code == .failedPrecondition)
            #expect(error?.message == EchoService.failure.message)
            #expect(error?.metadata == EchoService.failure.metadata)
        }
    }

    @Test(arguments: Wire.allCases.filter { $0 != .forwarded })
    func refusesAnUnknownMethod(over wire: Wire) async throws {
        try await withEcho(over: wire) { client, _ in
            let error = await #expect(throws: RPCError.self) {
                try await client.messages("NoSuchMethod")
            }
            // The broker cannot know the methods of a service that nobody serves.
            #expect(error?.code == (wire == .raw ? .unavailable : .unimplemented))
        }
    }

    @Test(arguments: Wire.allCases)
    func endsACallAtItsDeadline(over wire: Wire) async throws {
        try await withEcho(over: wire) { client, probe in
            // On a busy machine a short time may be over before the call has left.
            var timeout = Duration.milliseconds(100)
            repeat {
                let limit = timeout
                let error = await #expect(throws: RPCError.self) {
                    try await client.messages("Hang", timeout: limit)
                }
                #expect(error?.code == .deadlineExceeded)
                timeout *= 2
            } while probe.count("hanging") == 0
            // In process the handler is not told once the client has gone.
            if wire != .inProcess { await probe.wait(for: "cancelled") }
        }
    }

    @Test(arguments: Wire.ours)
    func letsTheServerSeeThatTheClientCancelled(over wire: Wire) async throws {
        try await withEcho(over: wire) { client, probe in
            let call = Task { try await client.messages("Hang") }
            await probe.wait(for: "hanging")
            call.cancel()
            await probe.wait(for: "cancelled")
            await #expect(throws: (any Error).self) { try await call.value }
        }
    }

    @Test(arguments: Wire.allCases, [0, 1, 65_000, 70_000, 300_000, 1 << 20])
    func carriesMessagesOfAnyAllowedSize(over wire: Wire, size: Int) async throws {
        try await withEcho(over: wire) { client, _ in
            let message = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
            let replies = try await client.messages("Both", [message, message])
            let isEqual = replies == [message, message]
            #expect(isEqual)
        }
    }

    @Test(arguments: Wire.allCases)
    func carriesManyCallsAtOnce(over wire: Wire) async throws {
        try await withEcho(over: wire) { client, _ in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        let message = [UInt8](repeating: UInt8(number), count: number * 50)
                        let replies = try await client.messages("Both", [message, [], message])
                        return replies == [message, [], message]
                    }
                }
                for try await isEqual in group { #expect(isEqual) }
            }
        }
    }

    @Test(arguments: Wire.ours)
    func whatACallerLeavesUnreadCostsTheSessionNothing(over wire: Wire) async throws {
        var limits = TransportLimits()
        limits.sessionWindowBytes = 1 << 20
        try await withEcho(over: wire, limits: limits) { client, _ in
            // Each leaves up to a stream's window behind; together ten times the session's.
            for _ in 0..<40 {
                let first = try await client.call("Flood") { _ in
                } receive: { response in
                    for try await message in response.messages { return message.count }
                    return 0
                }
                #expect(first == 16 << 10)
            }
        }
    }

    @Test(arguments: Wire.ours)
    func aPeerThatDoesNotReadStopsTheWriter(over wire: Wire) async throws {
        try await withEcho(over: wire) { client, probe in
            let held = try await client.call("Flood") { _ in
            } receive: { response in
                var count = 0
                for try await message in response.messages {
                    count += message.count
                    if count > 10 << 20 { break }
                    if count == 16 << 10 {
                        // Nothing is read while this other call goes to and fro.
                        for _ in 0..<100 {
                            _ = try await client.messages("Unary", [[1]])
                        }
                        // 10,000 messages would be written if nothing held the writer back.
                        #expect(probe.count("flooded") < 200)
                    }
                }
                return count
            }
            #expect(held > 10 << 20)
        }
    }
}

import BaridSchema
import Foundation
import Testing

@testable import BaridChaos

/// The prover's worker says what it does before it does it, and what the broker made of it.
@Suite struct WorkDeskTests {
    private let now = ContinuousClock.now

    private func started() -> Barid_Bus_V1_SubscribeResponse {
        .with { $0.started.epoch = 4 }
    }

    private func deliveries(
        _ orders: [ProvenEvent.Order], attempt: UInt32 = 1
    ) throws -> Barid_Bus_V1_SubscribeResponse {
        try .with { response in
            for (index, order) in orders.enumerated() {
                var event = ProvenEvent(
                    number: UInt64(index + 1), publisher: "p", traffic: Traffic(seed: 1))
                event.body = Array("\(order.rawValue) 5\n".utf8)
                response.events.append(Data(try event.envelope.serialized()))
                response.sequences.append(UInt64(index + 10))
                response.attempts.append(attempt)
            }
        }
    }

    private func settled(_ number: UInt64) -> Barid_Bus_V1_SubscribeResponse {
        .with { $0.settled = number }
    }

    @Test func doesAsTheEventsSay() throws {
        var desk = WorkDesk(credit: 8)
        _ = try desk.receive(started(), now: now)
        let first = try #require(try desk.takeRequest(now: now))
        #expect(first.request.credit == 8 && first.request.settleNumber == 0)

        let notes = try desk.receive(
            deliveries([.ack, .emit, .retry, .reject]), now: now)
        #expect(notes.count == 4)
        #expect(try desk.takeRequest(now: now)?.request.acks.isEmpty ?? true, "work takes 5 ms")

        let (request, said) = try #require(
            try desk.takeRequest(now: now + .milliseconds(5)))
        #expect(request.settleNumber == 1)
        #expect(request.acks.map(\.firstSequence) == [10])
        #expect(request.settlements.map(\.sequence) == [11, 12, 13])
        #expect(request.settlements[0].ack.outputs.count == 1)
        #expect(said.count == 4)
        let done = try desk.receive(settled(1), now: now)
        #expect(done.count == 4 && desk.isIdle)
        guard case .settled(let held, .ack(output: nil)) = done[0] else {
            Issue.record("\(done[0])")
            return
        }
        #expect(held.token == LeaseToken(epoch: 4, sequence: 10, attempt: 1))
    }

    /// Protocols/2-bus §5.4: errors come with or before `settled`.
    @Test func whatIsStaleIsNotSettled() throws {
        var desk = WorkDesk(credit: 8)
        _ = try desk.receive(started(), now: now)
        _ = try desk.receive(deliveries([.ack, .ack]), now: now)
        _ = try desk.takeRequest(now: now + .seconds(1))
        #expect(desk.unanswered.count == 2)
        var answer = settled(1)
        answer.errors = [
            .with {
                $0.sequence = 11
                $0.attempt = 1
            }
        ]
        let notes = try desk.receive(answer, now: now)
        #expect(notes.count == 2)
        guard case .stale(let stale, _) = notes[0], case .settled(let settled, _) = notes[1] else {
            Issue.record("\(notes)")
            return
        }
        #expect(stale.token.sequence == 11 && settled.token.sequence == 10)
    }

    @Test func aSecondAttemptIsNotRetriedAgain() throws {
        var desk = WorkDesk(credit: 8)
        _ = try desk.receive(started(), now: now)
        _ = try desk.receive(deliveries([.retry], attempt: 2), now: now)
        let request = try #require(try desk.takeRequest(now: now + .seconds(1))).request
        #expect(request.acks.count == 1 && request.settlements.isEmpty)
    }

    @Test func poisonSettlesNothing() throws {
        var desk = WorkDesk(credit: 8)
        _ = try desk.receive(started(), now: now)
        _ = try desk.receive(deliveries([.poison]), now: now)
        let (request, notes) = try #require(try desk.takeRequest(now: now + .seconds(1)))
        #expect(request.acks.isEmpty && request.settlements.isEmpty)
        guard case .poisoned = notes.first else {
            Issue.record("\(notes)")
            return
        }
    }

    @Test func whoDrainsGrantsNothing() throws {
        var desk = WorkDesk(credit: 8)
        desk.drain()
        #expect(try desk.takeRequest(now: now) == nil)
        #expect(desk.isIdle)
    }

    @Test func aStrangerIsAPhantom() throws {
        var desk = WorkDesk(credit: 8)
        let stranger = Barid_Bus_V1_Event.with {
            $0.id = "x"
            $0.textData = "hello"
        }
        let response = try Barid_Bus_V1_SubscribeResponse.with {
            $0.events = [try stranger.serializedBytes()]
            $0.sequences = [1]
        }
        let notes = try desk.receive(response, now: now)
        guard case .phantom(_, event: "x") = notes.first else {
            Issue.record("\(notes)")
            return
        }
    }
}

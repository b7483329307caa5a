import GRPCCore
import Testing

@testable import BaridTransport

/// Protocols/1-transport §10: calls that the broker passes on to workers.
@Suite(.timeLimit(.minutes(1)))
struct ForwardingTests {
    @Test
    func aServiceThatNobodyServesIsUnavailableAtOnce() async throws {
        let broker = try Broker()
        try await broker.withClient { client, _ in
            let error = await #expect(throws: RPCError.self) { try await client.label() }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains(EchoService.name) == true)
        }
        await broker.listener.stop()
    }

    @Test
    func theLeastLoadedWorkerGetsTheCall() async throws {
        let broker = try Broker()
        try await broker.withWorker("one", concurrency: 2) { _ in
            try await broker.withWorker("two", concurrency: 2) { _ in
                try await broker.withClient { client, _ in
                    // With nothing to choose by, they take turns.
                    let first = try await client.label()
                    let second = try await client.label()
                    #expect(Set([first, second]) == ["one", "two"])
                    try await client.holding {
                        // The worker that holds a call is passed over.
                        let labels = [try await client.label(), try await client.label()]
                        #expect(Set(labels).count == 1)
                    }
                }
            }
        }
        await broker.listener.stop()
    }

    /// Protocols/1-transport §7: a pong comes once everything before its ping was taken in.
    @Test
    func aRoundTripSaysWhatAWorkerHasTakenIn() async throws {
        let broker = try Broker()
        try await broker.withWorker(concurrency: 2) { _ in
            let session = try #require(broker.listener.sessions.last?.id)
            #expect(await broker.listener.roundTrip(ofSession: session) == 0)
            try await broker.withClient { client, _ in
                try await client.holding {
                    #expect(await broker.listener.roundTrip(ofSession: session) == 1)
                }
            }
        }
        #expect(await broker.listener.roundTrip(ofSession: 4_711) == nil)
        await broker.listener.stop()
        #expect(await broker.listener.roundTrip(ofSession: 1) == nil)
    }

    /// `SessionStatus.calls` are the calls forwarded to a session and not ended.
    @Test
    func aSessionTellsHowManyCallsItHas() async throws {
        let broker = try Broker()
        let calls: @Sendable (String) -> Int? = { name in
            broker.listener.sessions.first { $0.registration.name == name }?.calls
        }
        try await broker.withWorker(concurrency: 2) { _ in
            #expect(calls("worker") == 0)
            try await broker.withClient { client, _ in
                try await client.holding {
                    #expect(calls("worker") == 1 && calls("client") == 0)
                    _ = try await client.label()
                    #expect(calls("worker") == 1)
                }
                // The caller did not wait for the call's end, so the broker hears of it later.
                while calls("worker") != 0 { try await Task.sleep(for: .milliseconds(1)) }
                // A caller that goes takes its call with it.
                let held = Task {
                    try await client.holding { try await Task.sleep(for: .seconds(60)) }
                }
                while calls("worker") != 1 { try await Task.sleep(for: .milliseconds(1)) }
                held.cancel()
                _ = try? await held.value
                while calls("worker") != 0 { try await Task.sleep(for: .milliseconds(1)) }
            }
        }
        await broker.listener.stop()
    }

    @Test
    func aCallWaitsForABusyWorkerAndThenRuns() async throws {
        let broker = try Broker()
        try await broker.withWorker(concurrency: 1) { _ in
            try await broker.withClient { client, _ in
                let late = try await client.holding {
                    // The frames of the waiting call are kept, then sent in order.
                    let late = Task { try await client.messages("Collect", [[1], [2], [3]]) }
                    let error = await #expect(throws: RPCError.self) {
                        try await client.messages("Unary", timeout: .milliseconds(50))
                    }
                    #expect(error?.code == .deadlineExceeded)
                    return late
                }
                let replies1 = try await late.value
                #expect(replies1 == [[1, 2, 3]])
            }
        }
        await broker.listener.stop()
    }

    @Test
    func aWaitForABusyWorkerIsBounded() async throws {
        let broker = try Broker { $0.maximumForwardingWait = .milliseconds(20) }
        try await broker.withWorker(concurrency: 1) { _ in
            try await broker.withClient { client, _ in
                try await client.holding {
                    let error = await #expect(throws: RPCError.self) { try await client.label() }
                    #expect(error?.code == .resourceExhausted)
                }
            }
        }
        await broker.listener.stop()
    }

    /// Protocols/1-transport §10: "events do not keep calls out".
    @Test
    func aBacklogOfEventsKeepsNoCallOut() async throws {
        let broker = try Broker { $0.maximumForwardingWait = .milliseconds(20) }
        try await broker.withWorker(concurrency: 3) { worker in
            let session = try await worker.waitUntilReady(within: .seconds(20)).id
            try await broker.withClient { client, _ in
                broker.listener.setEvents(300, ofSession: session)
                let reply = try await client.label()
                #expect(reply == "worker")
            }
        }
        await broker.listener.stop()
    }

    @Test
    func theTimeLeftReachesTheWorker() async throws {
        let broker = try Broker()
        try await broker.withWorker { _ in
            try await broker.withClient { client, _ in
                let metadata = try await client.call("Unary", timeout: .seconds(30)) { writer in
                    try await writer.write([])
                } receive: {
                    $0.metadata
                }
                let left = try #require(GRPCTimeout.duration(in: metadata))
                #expect(left <= .seconds(30))
                #expect(left > .seconds(20))
            }
        }
        await broker.listener.stop()
    }

    @Test
    func aWorkerThatDiesMakesItsCallsUnavailable() async throws {
        let broker = try Broker()
        try await broker.withClient { client, _ in
            var worker: FramePeer? = try FramePeer(broker.endpoint)
            worker?.answersPings = true
            let isServed: @Sendable () -> Bool = {
                broker.listener.sessions.contains { $0.registration.name == "doomed" }
            }
            let call = Task {
                while !isServed() { try await Task.sleep(for: .milliseconds(1)) }
                return try await client.label()
            }
            try await worker?.greet(
                Registration(name: "doomed", services: [EchoService.name], concurrency: 1),
                then: .open)
            // No goodbye: the connection just breaks, as it does when a process is killed.
            let died = ContinuousClock.now
            worker = nil
            let error = await #expect(throws: RPCError.self) { try await call.value }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains("doomed") == true)
            // Noticed by the connection, not by silence.
            #expect(died.duration(to: .now) < Session.maximumSilence)
        }
        await broker.listener.stop()
    }

    @Test
    func aServerThatShutsDownGetsNoNewCallsWhileItsConnectionLives() async throws {
        let broker = try Broker()
        try await broker.withClient { client, _ in
            try await broker.withWorker { worker in
                let label = try await client.label()
                #expect(label == "worker")
                worker.serverTransport.beginGracefulShutdown()
                var error: RPCError?
                while error == nil {
                    do {
                        _ = try await client.label()
                    } catch let refusal as RPCError {
                        error = refusal
                    }
                }
                #expect(error?.code == .unavailable)
                #expect(broker.listener.sessions.count == 2)
            }
        }
        await broker.listener.stop()
    }

    @Test
    func aDrainingWorkerFinishesItsCallsAndGetsNoNewOnes() async throws {
        let broker = try Broker()
        try await broker.withClient { client, _ in
            try await broker.withWorker { worker in
                let drained = try await client.holding {
                    let drained = Task { await worker.drain(within: .seconds(20)) }
                    // Once the broker knows, there is nobody left for a new call.
                    var error: RPCError?
                    while error == nil {
                        do {
                            _ = try await client.label()
                        } catch let refusal as RPCError {
                            error = refusal
                        }
                    }
                    #expect(error?.code == .unavailable)
                    return drained
                }
                await drained.value
                #expect(worker.state == .closed)
            }
        }
        await broker.listener.stop()
    }
}

import Glibc
import Testing
import ZeroMQ

/// The binding does what Barid relies on; libzmq's own behaviour is its own tests' concern.
struct SocketTests {
    private static func pair() throws -> (router: Socket, monitor: Socket, endpoint: String) {
        let router = try Socket(.router, in: Context())
        try router.set(.routerMandatory)
        try router.set(.linger(0))
        let monitor = try router.monitor(name: "test")
        try router.bind("tcp://127.0.0.1:0")
        return (router, monitor, try router.lastEndpoint())
    }

    private static func dealer(_ endpoint: String) throws -> Socket {
        let dealer = try Socket(.dealer, in: Context())
        try dealer.set(.linger(0))
        try dealer.connect(endpoint)
        return dealer
    }

    /// Waits for the next part; nil after ten seconds.
    private static func next(
        _ socket: Socket, _ monitor: Socket, _ part: inout Message
    ) throws
        -> [UInt8]?
    {
        let wakeUp = try WakeUp()
        var poll = try Poll(wakeUp: wakeUp, socket: socket, monitor: monitor)
        let limit = ContinuousClock.now.advanced(by: .seconds(10))
        while ContinuousClock.now < limit {
            if try socket.receive(into: &part) { return part.withUnsafeBytes { [UInt8]($0) } }
            _ = try poll.wait(atMost: .seconds(1), writable: false)
            while try monitor.nextEvent() != nil {}
        }
        return nil
    }

    @Test
    func aRouterAnswersADealerAndKnowsItsConnection() throws {
        let (router, monitor, endpoint) = try Self.pair()
        let dealer = try Self.dealer(endpoint)
        #expect(try dealer.send([1, 2, 3]) == .sent)
        var part = Message()
        let id = try #require(try Self.next(router, monitor, &part))
        let hasMore = part.hasMore
        #expect(hasMore)
        #expect(try router.receive(into: &part))
        let bytes = part.withUnsafeBytes { [UInt8]($0) }
        #expect(bytes == [1, 2, 3])
        let isLast = !part.hasMore
        #expect(isLast)
        let descriptor = part.sourceDescriptor
        #expect(descriptor != nil)
        #expect(try router.send(id, more: true) == .sent)
        #expect(try router.send([4]) == .sent)
        #expect(try Self.next(dealer, monitor, &part) == [4])
        router.stopMonitor()
    }

    @Test
    func aPeerThatIsGoneIsUnreachable() throws {
        let (router, monitor, endpoint) = try Self.pair()
        var part = Message()
        let id: [UInt8]
        let descriptor: Int32
        do {
            let dealer = try Self.dealer(endpoint)
            _ = try dealer.send([1])
            id = try #require(try Self.next(router, monitor, &part))
            #expect(try router.receive(into: &part))
            let source = part.sourceDescriptor
            descriptor = try #require(source)
        }
        // The monitor names the connection that broke by the descriptor the message came in on.
        let wakeUp = try WakeUp()
        var poll = try Poll(wakeUp: wakeUp, socket: router, monitor: monitor)
        var isGone = false
        let limit = ContinuousClock.now.advanced(by: .seconds(10))
        while !isGone, ContinuousClock.now < limit {
            _ = try poll.wait(atMost: .seconds(1), writable: false)
            while let event = try monitor.nextEvent() {
                if event == .disconnected(descriptor: descriptor) { isGone = true }
            }
        }
        #expect(isGone)
        // libzmq lets go of the peer a moment after it reported so; until then its queue takes more.
        var result = Socket.SendResult.full
        while result != .unreachable, ContinuousClock.now < limit {
            result = try router.send(id, more: true)
            if result == .sent { _ = try router.send([1]) }
            _ = try poll.wait(atMost: .milliseconds(1), writable: false)
        }
        #expect(result == .unreachable)
        router.stopMonitor()
    }

    @Test
    func aWakeUpEndsAWait() throws {
        let (router, monitor, _) = try Self.pair()
        let wakeUp = try WakeUp()
        var poll = try Poll(wakeUp: wakeUp, socket: router, monitor: monitor)
        #expect(try poll.wait(atMost: .zero, writable: false).wakeUp == false)
        try OwnedThread.start(name: "waker") { wakeUp.signal() }
        #expect(try poll.wait(atMost: .seconds(10), writable: false).wakeUp)
        wakeUp.clear()
        #expect(try poll.wait(atMost: .zero, writable: false).wakeUp == false)
        router.stopMonitor()
    }

    /// A socket's descriptor signals once, and any other call takes the signal.
    @Test
    func whatCameWhileSomethingElseWasDoneEndsTheNextWait() throws {
        let (router, monitor, endpoint) = try Self.pair()
        let dealer = try Self.dealer(endpoint)
        var part = Message()
        _ = try dealer.send([1])
        let id = try #require(try Self.next(router, monitor, &part))
        #expect(try router.receive(into: &part))
        let wakeUp = try WakeUp()
        // Without the monitor, which may have an event left that would end every wait.
        var poll = try Poll(wakeUp: wakeUp, socket: router)
        #expect(try !poll.wait(atMost: .zero, writable: false).readable)
        var answers = try Poll(wakeUp: wakeUp, socket: dealer)
        for number in UInt8(0)..<200 {
            _ = try dealer.send([number])
            // It has come, or comes while these are sent.
            for _ in 0..<Int(number % 3) {
                #expect(try router.send(id, more: true) == .sent)
                #expect(try router.send([number]) == .sent)
            }
            while !part.withUnsafeBytes({ $0.count == 1 && $0[0] == number }) {
                #expect(try poll.wait(atMost: .seconds(10), writable: false).readable)
                while try router.receive(into: &part), part.hasMore {}
            }
            while try dealer.receive(into: &part) {}
        }
        #expect(try answers.wait(atMost: .zero, writable: true).writable)
        router.stopMonitor()
    }

    @Test
    func aMonitorIsReportedUntilItIsEmpty() throws {
        let (router, monitor, endpoint) = try Self.pair()
        let wakeUp = try WakeUp()
        var poll = try Poll(wakeUp: wakeUp, socket: router, monitor: monitor)
        let dealer = try Self.dealer(endpoint)
        var events: [ConnectionEvent] = []
        // One event at a time, of the two that a connection makes.
        while events.count < 2 {
            try #require(try poll.wait(atMost: .seconds(10), writable: false).monitor)
            if let event = try monitor.nextEvent() { events.append(event) }
        }
        #expect(events.contains(.established))
        #expect(try dealer.send([1]) == .sent)
        #expect(try poll.wait(atMost: .seconds(10), writable: false).readable)
        router.stopMonitor()
    }

    @Test
    func errorsNameTheCallAndTheReason() throws {
        let (router, _, endpoint) = try Self.pair()
        let other = try Socket(.router, in: Context())
        let error = #expect(throws: ZeroMQError.self) { try other.bind(endpoint) }
        #expect(error?.number == EADDRINUSE)
        #expect(error?.description.hasPrefix("zmq_bind: ") == true)
        router.stopMonitor()
    }
}

internal import Barid
internal import BaridSchema
internal import BaridTransport
internal import Foundation
internal import GRPCCore
internal import Logging
internal import Synchronization

/// A broker that does what a check says: it speaks the transport, takes subscriptions, and stores nothing.
final class ScriptedBroker: RawHandler {
    private struct State {
        var listener: Listener?
        var streams: [SubscribeStream] = []
        var sessions: [SessionDescription] = []
        var refusal: RPCError?
        var descriptors: [UInt8]?
    }

    let endpoint: Endpoint
    private let state = Mutex(State())

    init(endpoint: Endpoint) { self.endpoint = endpoint }

    /// Begins to listen.
    func start(epoch: UInt64 = 1) async throws {
        var configuration = Listener.Configuration(endpoints: [endpoint])
        configuration.brokerEpoch = epoch
        configuration.limits.maximumMessageBytes = TransportLimits.hardMaximumMessageBytes
        configuration.rawHandlers = [
            "barid.bus.v1.EventBus/Subscribe": self,
            "barid.reflection.v1.Registry/Register": RegisterHandler { [self] descriptors in
                state.withLock { $0.descriptors = descriptors }
            },
        ]
        configuration.logger = Logger(label: "conformance") { _ in SwiftLogNoOpLogHandler() }
        configuration.onSession = { [self] event in
            guard case .started(let session) = event else { return }
            state.withLock { $0.sessions.append(session) }
        }
        // One that was stopped lets go of the address a moment later.
        let listener = try await wait(for: "an address that is free", within: .seconds(5)) {
            let listener = try Listener(configuration)
            do {
                try listener.start()
                return listener
            } catch {
                return nil
            }
        }
        state.withLock { $0.listener = listener }
    }

    /// Is gone at once, with every session.
    func stop() async {
        let listener = state.withLock { state in
            defer { state.listener = nil }
            return state.listener
        }
        await listener?.stop()
    }

    /// Tells its peers that it drains, and is gone once they have finished, or after the limit.
    func drain(within limit: Duration) async {
        await state.withLock { $0.listener }?.drain(within: limit)
        await stop()
    }

    /// Subscriptions are refused from now on; nil takes them again.
    func refuse(_ error: RPCError?) { state.withLock { $0.refusal = error } }

    /// Every Subscribe stream since the check began.
    var streams: [SubscribeStream] { state.withLock { $0.streams } }

    /// The descriptors that the worker handed in; nil before it did.
    var descriptors: [UInt8]? { state.withLock { $0.descriptors } }

    /// Whether a peer that is here said that it drains.
    var hasDrainingPeer: Bool {
        state.withLock { $0.listener }?.sessions.contains(where: \.isDraining) ?? false
    }

    /// Waits until the latest peer that serves something has taken in everything sent to it so far.
    ///
    /// - Returns: How many calls are under way there; nil when it is gone.
    func callsUnderWay() async -> Int? {
        let (listener, session) = state.withLock { state in
            // Who calls has a session too.
            (state.listener, state.sessions.last { !$0.registration.services.isEmpty })
        }
        guard let listener, let session else { return nil }
        return await listener.roundTrip(ofSession: session.id)
    }

    /// Every session since the check began.
    var sessions: [SessionDescription] { state.withLock { $0.sessions } }

    func opened(_ stream: RawStream) -> any RawReceiver {
        let taken = SubscribeStream(stream)
        let refusal = state.withLock { state in
            state.streams.append(taken)
            return state.refusal
        }
        if let refusal {
            stream.finish(
                Status(code: Status.Code(refusal.code), message: refusal.message),
                metadata: refusal.metadata)
        }
        return taken
    }
}

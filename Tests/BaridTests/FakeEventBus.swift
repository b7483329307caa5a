import Barid
import BaridSchema
import Foundation
import GRPCCore
import Synchronization

/// A test double of the broker: stores events in memory and does what the test tells it.
final class FakeEventBus: Barid_Bus_V1_EventBus.SimpleServiceProtocol {
    /// What to do with one batch of a publish stream.
    enum Reaction {
        case store
        /// Stores once the flag is set.
        case storeAfter(Flag)
        /// Stores, but the stream fails before the receipt.
        case storeThenFail(RPCError)
        case fail(RPCError)
        case refuse(RPCError)
        /// No answer at all.
        case ignore
    }

    struct State {
        var stored: [EventEnvelope] = []
        var batches: [[EventEnvelope]] = []
        var streams = 0
        /// Streams that their publisher half-closed.
        var finished = 0
    }

    let state = Mutex(State())
    private let reaction: @Sendable (_ batch: Int, _ events: [EventEnvelope]) -> Reaction

    /// - Parameter reaction: What to do with the batch of this number, from 1 over all streams.
    init(_ reaction: @escaping @Sendable (Int, [EventEnvelope]) -> Reaction = { _, _ in .store }) {
        self.reaction = reaction
    }

    func publish(
        request: RPCAsyncSequence<Barid_Bus_V1_PublishRequest, any Error>,
        response: RPCWriter<Barid_Bus_V1_PublishResponse>, context: ServerContext
    ) async throws {
        state.withLock { $0.streams += 1 }
        for try await batch in request {
            let events = try batch.events.map { try EventEnvelope(serialized: Array($0)) }
            let number = state.withLock { state in
                state.batches.append(events)
                return state.batches.count
            }
            switch reaction(number, events) {
            case .store: try await response.write(store(events))
            case .storeAfter(let flag):
                await flag.wait()
                try await response.write(store(events))
            case .storeThenFail(let error):
                _ = store(events)
                throw error
            case .fail(let error): throw error
            case .refuse(let error):
                try await response.write(
                    .with {
                        $0.receipts = [
                            .with {
                                $0.count = UInt32(events.count)
                                $0.error = Barid_Bus_V1_BusError(error)
                            }
                        ]
                    })
            case .ignore: continue
            }
        }
        state.withLock { $0.finished += 1 }
    }

    private func store(_ events: [EventEnvelope]) -> Barid_Bus_V1_PublishResponse {
        state.withLock { state in
            .with { response in
                response.durability = .memory
                for event in events {
                    let known = state.stored.firstIndex {
                        $0.id == event.id && $0.source == event.source
                    }
                    if known == nil { state.stored.append(event) }
                    response.receipts.append(
                        .with {
                            $0.count = 1
                            $0.firstSequence = UInt64((known ?? state.stored.count - 1) + 1)
                            $0.duplicate = known != nil
                        })
                }
            }
        }
    }

    func subscribe(
        request: RPCAsyncSequence<Barid_Bus_V1_SubscribeRequest, any Error>,
        response: RPCWriter<Barid_Bus_V1_SubscribeResponse>, context: ServerContext
    ) async throws {
        throw RPCError(code: .unimplemented, message: "not in this double")
    }

    func read(
        request: Barid_Bus_V1_ReadRequest, response: RPCWriter<Barid_Bus_V1_ReadResponse>,
        context: ServerContext
    ) async throws {
        throw RPCError(code: .unimplemented, message: "not in this double")
    }
}

internal import BaridEngine
internal import Synchronization

/// Numbers streams for the core; never the same twice.
final class StreamNumbers: Sendable {
    private let last = Atomic<UInt64>(0)

    func next() -> StreamID {
        StreamID(last.wrappingAdd(1, ordering: .relaxed).newValue)
    }
}

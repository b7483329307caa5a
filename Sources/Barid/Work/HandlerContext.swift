public import Logging
internal import Synchronization

/// What a handler knows about the delivery it works on.
public struct HandlerContext: Sendable {
    /// Name of the plugin.
    public let worker: String
    /// Which try it is, from 1.
    public let attempt: Int
    /// Number of the replay the event comes from, 0 if it is none.
    public let replay: UInt32
    /// Place of the event in its topic; 0 without a broker.
    public let sequence: UInt64
    /// Folder for what the plugin keeps; it exists and is the user's alone.
    public let stateFolder: String
    /// Values of the settings of the manifest, by name.
    public let settings: [String: String]

    private let moment: HandlerDeadline
    private let plainLogger: Logger
    private let event: EventEnvelope

    /// Logs with the event's id, subject and trace, so that its life can be followed by them.
    ///
    /// It is put together when it is asked for: most handlers have nothing to log of most events.
    public var logger: Logger {
        var logger = plainLogger
        if sequence > 0 { logger[metadataKey: "sequence"] = "\(sequence)" }
        logger.add(event)
        return logger
    }

    /// When the handler is cancelled and the event tried again.
    public var deadline: ContinuousClock.Instant { moment.get() }

    package init(
        event: EventEnvelope, logger: Logger, worker: String, attempt: Int, replay: UInt32,
        sequence: UInt64,
        stateFolder: String, settings: [String: String], deadline: HandlerDeadline
    ) {
        self.event = event
        plainLogger = logger
        self.worker = worker
        self.attempt = attempt
        self.replay = replay
        self.sequence = sequence
        self.stateFolder = stateFolder
        self.settings = settings
        moment = deadline
    }

    /// Moves the deadline, so that slow work is not given up.
    ///
    /// The lease needs no care: it is extended while the handler runs and the deadline is not over.
    ///
    /// - Parameter duration: The time from now on.
    /// - Returns: The new deadline.
    @discardableResult
    public func extend(by duration: Duration) -> ContinuousClock.Instant {
        moment.set(.now + duration)
    }
}

/// The deadline of one delivery, which its handler may move.
package final class HandlerDeadline: Sendable {
    private let instant: Mutex<ContinuousClock.Instant>
    private let onChange: @Sendable (ContinuousClock.Instant) -> Void

    package init(
        _ instant: ContinuousClock.Instant,
        onChange: @escaping @Sendable (ContinuousClock.Instant) -> Void = { _ in }
    ) {
        self.instant = Mutex(instant)
        self.onChange = onChange
    }

    func get() -> ContinuousClock.Instant { instant.withLock { $0 } }

    func set(_ new: ContinuousClock.Instant) -> ContinuousClock.Instant {
        instant.withLock { $0 = new }
        onChange(new)
        return new
    }
}

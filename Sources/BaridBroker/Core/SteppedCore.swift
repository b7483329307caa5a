package import BaridEngine
package import BaridLog
internal import BaridSchema
internal import Logging
internal import SwiftProtobuf

/// The core without thread, mailbox and transport: whoever holds it says what happens and when.
///
/// The seam of the simulation, which drives the very code a broker runs, step by step, under a
/// clock, a key and a log of its own. Not safe for more than one thread.
package final class SteppedCore {
    private let core: Core
    private var mail: [Mail] = []

    /// Recovers from the log and begins a new epoch.
    ///
    /// - Parameters:
    ///   - log: The log; the core is its owner.
    ///   - configuration: Limits and times.
    ///   - key: The key of identities, used at the first epoch of a log.
    ///   - clock: The time, asked for at every step.
    /// - Throws: `LogError` or `RecordFailure`, as a broker that does not start.
    package init(
        log: any EventLog, configuration: CoreConfiguration, key: HashKey,
        clock: @escaping () -> Instant
    ) throws {
        core = try Core(
            log: log, durability: .fsync, configuration: configuration,
            logger: Logger(label: "barid.core") { _ in SwiftLogNoOpLogHandler() }, key: key,
            clock: clock)
    }

    /// The state that the log's records give.
    package var durable: Durable { core.engine.durable }

    /// How a group stands.
    package func status(of group: GroupID) -> GroupStatus? { core.engine.status(of: group) }

    /// In how many nanoseconds there is something to do without mail; `nil` when nothing is due.
    package var nextWait: Int64? { core.nextWait() }

    /// Whether mail waits.
    package var hasMail: Bool { !mail.isEmpty }

    /// A publisher's stream begins.
    package func openPublisher(_ id: StreamID, _ stream: any BusStream) {
        mail.append(.opened(id, stream, .publish))
    }

    /// A worker's stream begins, on a session.
    package func openSubscriber(_ id: StreamID, session: UInt64, _ stream: any BusStream) {
        mail.append(.opened(id, stream, .subscribe(session: session)))
    }

    /// A reader's stream begins: it follows a topic from a sequence on.
    package func openReader(
        _ id: StreamID, topic: String, from sequence: UInt64, _ stream: any BusStream
    ) {
        mail.append(.opened(id, stream, .read))
        mail.append(
            .read(id, ReadPlan(topic: topic, start: .sequence(sequence), follow: true)))
    }

    /// A request arrives.
    package func request(_ id: StreamID, _ input: Input) {
        mail.append(.request(id, input, bytes: 0))
    }

    /// The peer sends nothing more.
    package func halfClose(_ id: StreamID) {
        mail.append(.halfClosed(id))
    }

    /// The peer is gone.
    package func close(_ id: StreamID, _ cause: Input.EndCause) {
        mail.append(.closed(id, cause))
    }

    /// Makes sure that a group exists.
    package func createGroup(
        _ request: SubscriptionRequest,
        answer: @escaping @Sendable (Result<GroupCreated, BusFault>) -> Void
    ) {
        mail.append(.perform { $0.createGroup(request, answer: answer) })
    }

    /// Does something to a group.
    package func operate(
        topic: String, group: String, _ operation: GroupOperation,
        answer: @escaping @Sendable (Result<GroupOperated, BusFault>) -> Void
    ) {
        mail.append(
            .perform { $0.operate(topic: topic, group: group, operation, answer: answer) })
    }

    /// Removes dead letters of a group for good.
    ///
    /// - Parameters:
    ///   - topic: The topic of the group.
    ///   - group: The group.
    ///   - numbers: Which; none are all of the group's.
    ///   - answer: Gets the numbers of those that are gone; `nil` when they could not be looked for.
    package func purge(
        topic: String, group: String, numbers: [UInt64],
        answer: @escaping @Sendable ([UInt64]?) -> Void
    ) {
        mail.append(
            .perform { core in
                let query = try? DeadLetterQuery(
                    .with {
                        $0.topic = topic
                        $0.group = group
                        $0.numbers = numbers
                    })
                guard let query else { return answer(nil) }
                core.purgeDeadLetters(query, after: 0) { answer(try? $0.get().purged) }
            })
    }

    /// Takes and gives out nothing new.
    package func drain(_ done: @escaping @Sendable () -> Void) {
        mail.append(.perform { $0.drain(done) })
    }

    /// Deals with everything that has arrived, and with what is due by the clock.
    ///
    /// - Throws: What ends the broker's process.
    package func process() throws {
        let batch = mail
        mail = []
        _ = try core.process(batch)
    }

    /// Ends in good order: streams, log.
    package func close() throws {
        core.endStreams()
        try process()
        try core.close()
    }
}

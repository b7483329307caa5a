/// How one event stands with one group; Protocols/2-bus §15.
public struct Standing: Sendable, Equatable {
    /// Where it is.
    public enum State: Sendable, Equatable {
        /// The filter does not take it.
        case unmatched
        /// It was stored before the group's start.
        case beforeStart
        /// Acked or expired.
        case done
        /// Given up; `position` is that of the record.
        case deadLetter(position: UInt64)
        /// A worker has it until this wall time, unless it extends.
        case leased(worker: String, until: Int64)
        /// The next attempt starts at this wall time.
        case waiting(until: Int64)
        /// An earlier event of its key, in the record at `position`, is not done.
        case blocked(by: UInt64, position: UInt64)
        /// It goes out when somebody takes it.
        case ready
        /// The group has not read so far; so many events of the topic come before it.
        case ahead(UInt64)
    }

    /// An event, and where it is stored.
    public struct Place: Sendable, Equatable {
        /// Its sequence.
        public var sequence: UInt64
        /// The position of its record.
        public var position: UInt64

        /// Names a place.
        public init(sequence: UInt64, position: UInt64) {
            self.sequence = sequence
            self.position = position
        }
    }

    /// Where it is.
    public var state: State
    /// The attempt that is out, or goes out next.
    public var attempt: UInt32 = 1
    /// It was out when its worker died with several.
    public var isSuspect = false
    /// The number of the replay for which it is due again.
    public var replay: UInt32?
    /// Attempts that failed, since it was last made due again.
    public var failures: [FailedAttempt] = []
    /// Whether the group is paused.
    public var isPaused = false
    /// Subscriptions of the group.
    public var workers = 0
    /// Free credit of those that take deliveries now.
    public var credit = 0
    /// The group's window has no room.
    public var windowIsFull = false
    /// Of a window without room the event that has been in it longest.
    public var oldest: Place?
}

extension Engine {
    /// How an event stands with a group.
    ///
    /// - Parameters:
    ///   - sequence: The event.
    ///   - event: Its serialised bytes.
    ///   - group: The group, of the event's topic.
    /// - Returns: `nil` when there is no such group.
    public func standing(
        of sequence: UInt64, event: ArraySlice<UInt8>, in group: GroupID
    ) -> Standing? {
        guard group.number < groups.count, !groups[Int(group.number)].isDeleted else {
            return nil
        }
        let index = Int(group.number)
        let (runtime, state) = (groups[index], durable.groups[index])
        guard let scan = try? RoutingScan(event),
            event.withUnsafeBytes({ runtime.matches($0, scan) })
        else { return Standing(state: .unmatched) }
        var standing = Standing(state: .ready)
        standing.replay = state.again.number(of: sequence)
        standing.failures = state.attempts[sequence]?.failures ?? []
        standing.isPaused = runtime.isPaused
        standing.workers = runtime.subscriptions.count
        standing.credit = runtime.openCredit(at: clock)
        standing.windowIsFull =
            runtime.count >= configuration.maximumWindow
            || runtime.heldBytes >= configuration.maximumWindowBytes
        if standing.windowIsFull {
            standing.oldest = runtime.entries.filter { $0.state != .free }
                .min { $0.sequence < $1.sequence }
                .map { Standing.Place(sequence: $0.sequence, position: $0.position) }
        }
        if let slot = runtime.slot(of: sequence) {
            let entry = runtime.entries[slot]
            standing.attempt = entry.attempt
            standing.isSuspect = entry.isSuspect
            standing.state = self.state(of: entry, in: runtime)
        } else if let letter = state.deadLetters.last(where: { $0.sequence == sequence }) {
            standing.state = .deadLetter(position: letter.position)
        } else if sequence < state.definition.start {
            standing.state = .beforeStart
        } else if standing.replay == nil,
            sequence <= state.floor || state.settled.contains(sequence)
                || runtime.skipped.contains(sequence)
        {
            standing.state = .done
        } else {
            standing.attempt = state.nextAttempt(of: sequence)
            standing.state = .ahead(sequence - min(sequence, runtime.cursor))
        }
        return standing
    }

    private func state(of entry: Entry, in runtime: GroupRuntime) -> Standing.State {
        switch entry.state {
        case .leased:
            let holder = runtime.subscriptions.first { $0.stream == entry.subscription }
            return .leased(
                worker: holder?.worker ?? "", until: wall &+ max(0, entry.deadline &- clock))
        case .waiting:
            return .waiting(until: wall &+ max(0, entry.deadline &- clock))
        case .blocked:
            let holder = runtime.entries.first {
                $0.key == entry.key && $0.state != .free && $0.state != .blocked
            }
            return .blocked(by: holder?.sequence ?? 0, position: holder?.position ?? 0)
        case .ready, .loading, .free:
            return .ready
        }
    }
}

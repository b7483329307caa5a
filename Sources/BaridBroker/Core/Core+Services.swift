internal import BaridEngine
internal import BaridLog

// What services ask for, on the core's thread.
extension Core {
    /// The streams that subscribe, with their groups, by session.
    var subscriptions: [(session: UInt64, group: String, leased: Int)] {
        streams.values.compactMap { stream in
            guard case .subscribe(let session, _) = stream.role, let group = stream.group else {
                return nil
            }
            return (session, group, engine.leased(by: stream.id))
        }
    }

    /// Makes sure that a group exists; the answer comes once that is durable.
    func createGroup(
        _ request: SubscriptionRequest,
        answer: @escaping (Result<GroupCreated, BusFault>) -> Void
    ) {
        nextTicket += 1
        tickets[nextTicket] = answer
        step(.createGroup(ticket: nextTicket, request))
    }

    /// Does something to a group; the answer comes once that is durable.
    func operate(
        topic: String, group: String, _ operation: GroupOperation,
        answer: @escaping (Result<GroupOperated, BusFault>) -> Void
    ) {
        nextTicket += 1
        operations[nextTicket] = answer
        step(.operate(ticket: nextTicket, topic: topic, group: group, operation))
    }

    /// Takes and gives out nothing new; tells subscribers, and `done` once nothing is leased.
    func drain(_ done: @escaping () -> Void) {
        step(.drain)
        acceptance.set(.draining)
        drained = done
        for stream in streams.values {
            guard case .subscribe = stream.role else { continue }
            stream.batch.draining = true
            touch(stream)
        }
    }

    /// Waits no longer for what is leased.
    func giveUpDraining() {
        drained?()
        drained = nil
    }

    /// Ends every stream: subscribers well, the others as unavailable.
    func endStreams() {
        let fault = BusFault(
            .unavailable, .draining, "the broker stops", retryAfter: .seconds(1))
        afterCommit { [self] in
            for stream in streams.values {
                touch(stream)
                switch stream.role {
                case .subscribe: stream.finishing = true
                case .publish, .read: stream.ending = fault
                }
            }
        }
    }

    /// Why publishes are not taken, with the numbers and what to do.
    func words(for refusal: NotAccepting, _ space: LogSpace) -> String {
        let (sum, overflow) = space.ready.addingReportingOverflow(space.free)
        let left = overflow ? Int.max : sum
        switch refusal {
        case .diskFloor:
            return
                "the disk has room for \(left) bytes, less than the \(configuration.softFreeBytes) "
                + "kept free: make room, or start the broker with a lower --soft-free"
        case .logMaximum:
            return
                "the log holds \(space.written) bytes of at most \(configuration.maximumLogBytes): "
                + "start the broker with a higher --maximum-log, or let it keep less"
        case .draining:
            return "the broker stops: publish again when it is back"
        }
    }

    /// Calls `body` once everything appended so far is committed.
    func afterCommit(_ body: @escaping () -> Void) {
        pending.committed.append(body)
    }

    func reportDrained() {
        guard let done = drained, engine.leasedCount == 0, underWay == nil else { return }
        drained = nil
        done()
    }
}

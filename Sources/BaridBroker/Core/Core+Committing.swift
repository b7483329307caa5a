internal import BaridEngine
internal import BaridLog

// Making records durable, and letting out what waited for that.
//
// One commit at a time is with the disk. A large one is synced on another thread, and the core goes
// on with the mail meanwhile; what comes of that gathers for the next commit.
extension Core {
    /// Rounds of reading for groups between two looks at the mail, each of at most
    /// `fetchEvents` or `fetchBytes` a group.
    static var readsAtOnce: Int { 4 }

    /// Commits everything, lets the effects out, and reads on for groups.
    func flush() throws {
        try goOn { try commitEverything() }
    }

    /// Goes on with commits and effects as far as that needs no wait for a large commit.
    func advance() throws {
        // Who wants to know of a commit finds everything committed.
        guard pending.committed.isEmpty else { return try flush() }
        try goOn { try commitAside() }
    }

    /// Commits, and reads what the engine then wants read.
    ///
    /// Only so much of it, for a group that is far behind must not keep everybody waiting; the rest has
    /// its turn at the next ``process(_:)``.
    private func goOn(_ commit: () throws -> Void) throws {
        for _ in 0..<Self.readsAtOnce {
            try commit()
            guard !fetches.isEmpty else { return }
            let wanted = fetches
            fetches.removeAll(keepingCapacity: true)
            for fetch in wanted {
                let (group, fetched) = read(fetch)
                step(.fetched(group, fetched))
            }
        }
        try commit()
    }

    /// Commits everything, and reads nothing.
    func commitEverything() throws {
        _ = try endCommit(waiting: true)
        while hasWork {
            let commit = try append()
            _ = try begin(commit, aside: false)
            letOut(commit)
        }
    }

    private func commitAside() throws {
        // What had to wait for a commit is part of a stream of them, however small it is.
        let isBusy = underWay != nil
        while try endCommit(waiting: false), hasWork {
            let commit = try append()
            let isAside = commit.bytes >= configuration.asideBytes || isBusy
            switch try begin(commit, aside: isAside) {
            case .durable: letOut(commit)
            case .underWay: underWay = commit
            }
        }
    }

    private func begin(_ commit: Commit, aside: Bool) throws -> CommitProgress {
        guard commit.records > 0 else { return .durable }
        if aside { return try log.beginCommit(commitEnded) }
        try log.commit()
        return .durable
    }

    private var hasWork: Bool { !(pending.isEmpty && touched.isEmpty) }

    /// Gives the log what it is to commit next; from now on things wait for the commit after it.
    private func append() throws -> Commit {
        // First deliveries ride along; the wait for their record would gain nothing.
        if !pending.entries.isEmpty { step(.commit) }
        let commit = pending
        pending = spare ?? Commit()
        spare = nil
        engine.takeGrants(into: &commit.grants)
        commit.began = clock().monotonic
        if !commit.entries.isEmpty {
            try log.append(commit.entries, expecting: log.lastPosition)
            commit.forgetEntries()
        }
        return commit
    }

    /// Lets out what waited for the commit that is under way, if it is over.
    ///
    /// - Parameter waiting: Whether to wait until it is over.
    /// - Returns: Whether none is under way any more.
    /// - Throws: `LogError` when it could not be made durable.
    func endCommit(waiting: Bool) throws -> Bool {
        guard let commit = underWay else { return true }
        guard try log.endCommit(waiting: waiting) else { return false }
        underWay = nil
        letOut(commit)
        return true
    }

    private func letOut(_ commit: Commit) {
        if commit.records > 0 {
            lastAppend = clock().monotonic
            figures.records &+= UInt64(commit.records)
            figures.commitBytes.add(Int64(clamping: commit.bytes))
            figures.commits.add(lastAppend &- commit.began)
            if let tracer { end(commit.storing, tracer) }
            bytesSinceSnapshot += commit.bytes
            bytesSinceSpaceCheck += commit.bytes
            appendedBytes &+= UInt64(commit.bytes)
            if durability.syncInterval != nil, unsyncedSince == nil { unsyncedSince = lastAppend }
            sealed = false
        }
        for answer in commit.committed { answer() }
        for (stream, bytes) in commit.credits {
            stream.credit += bytes
            touch(stream)
        }
        for effect in commit.effects { release(effect) }
        for stream in commit.closing {
            stream.finishing = true
            touch(stream)
        }
        flushStreams()
        if !commit.grants.isEmpty { step(.sent(commit.grants)) }
        countReceipts(of: commit)
        commit.clear()
        spare = commit
    }

    private func countReceipts(of commit: Commit) {
        guard !commit.dueReceipts.isEmpty else { return }
        let now = clock().monotonic
        for due in commit.dueReceipts {
            figures.receipts.add(now &- due.arrived, times: due.events)
        }
    }
}

import Logging

// What processes tell of themselves: that they run, and how they ended.
extension Supervisor {
    func handle(_ event: ChildProcesses.Event) async {
        switch event {
        case .started(let key, let process):
            guard let index = index(of: key) else { return }
            entries[index].status.processIdentifier = process
            entries[index].isLate = false
            logger.info("started", metadata: ["process": "\(key)", "pid": "\(process)"])
            perform(entries[index].lifecycle.started(at: now), at: index)
        case .ended(let key, let end):
            await ended(key, end)
        }
        wakeTimekeeper()
    }

    private func ended(_ key: String, _ end: ProcessEnd) async {
        let entry = index(of: key).map { entries[$0] }
        var session = entry?.session ?? ""
        var isAtWork = false
        var end = end
        if let killed = entry?.killed { end.lastLines.append(killed) }
        let isAsked = entry?.lifecycle.isStopping == true && end.isAnswerToTerminate
        if let entry, key != Self.brokerName, end.processIdentifier > 0, !isStopping {
            let view = try? await link.view()
            // It may have come and gone between two looks at who is ready.
            let last = view?.sessions.first { $0.belongs(to: end.processIdentifier) }
            session = last?.session ?? session
            // Who went when asked, before it had a session, has nothing to answer for.
            if !isAsked || !session.isEmpty {
                try? await link.report(end, worker: entry.status.name, session: session)
            }
            // Whoever had a session and left work undone held some of it: the broker hands it out at
            // once. The event is charged with the end, and a dead letter after the last attempt.
            isAtWork =
                !session.isEmpty
                && entry.groups.contains { (view?.outstanding[$0.name] ?? 0) > 0 }
        }
        guard let index = index(of: key) else { return }
        entries[index].session = ""
        entries[index].killed = nil
        let wasWanted = !isStopping && !entries[index].isLeaving
        entries[index].status.processIdentifier = 0
        entries[index].lastEnd = end
        entries[index].ends[end.label, default: 0] += 1
        perform(
            entries[index].lifecycle.exited(
                at: now, chance: Double.random(in: 0...1), charged: isAtWork),
            at: index)
        if wasWanted, isAsked {
            entries[index].status.message = entries[index].warning
            logger.info(
                "process stopped",
                metadata: ["process": "\(key)", "pid": "\(end.processIdentifier)"])
        } else if wasWanted {
            // What a worker logs while all is well says nothing of its end.
            let last =
                end.lastLines.last { line in
                    !["info", "debug", "trace"].contains { line.contains("\"level\":\"\($0)\"") }
                }.map { ": \($0)" } ?? ""
            entries[index].status.message = "\(end.summary)\(last)"
            logger.warning(
                "process ended",
                metadata: [
                    "process": "\(key)", "pid": "\(end.processIdentifier)",
                    "end": "\(end.summary)", "state": "\(entries[index].status.state.rawValue)",
                ])
        }
        if entries[index].isLeaving, entries[index].lifecycle.state == .stopped {
            entries.remove(at: index)
        }
        if isStopping { stopBrokerWhenAlone() }
        if isOver { processes.finish() }
    }

    func stopBrokerWhenAlone() {
        let workersAreGone = entries.allSatisfy {
            $0.key == Self.brokerName || $0.executable.isEmpty
                || $0.lifecycle.state == .stopped
        }
        if workersAreGone, let index = index(of: Self.brokerName) {
            perform(entries[index].lifecycle.stop(at: now), at: index)
        }
        if isOver { processes.finish() }
    }

    var isOver: Bool {
        isStopping
            && entries.allSatisfy {
                $0.executable.isEmpty || $0.lifecycle.state == .stopped
            }
    }
}

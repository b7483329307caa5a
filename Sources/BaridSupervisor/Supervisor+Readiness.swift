import Logging

// Who the broker knows, the broker itself first.
extension Supervisor {
    /// The broker did not come up; the text says why.
    public struct BrokerFailed: Error, CustomStringConvertible {
        /// What is known of it.
        public let description: String
    }

    func checkReadiness() async {
        let starting = entries.filter {
            $0.lifecycle.state == .starting && $0.status.processIdentifier > 0
        }.map { ($0.key, $0.status.processIdentifier) }
        guard !starting.isEmpty, let sessions = try? await link.view().sessions else { return }
        for (key, process) in starting {
            guard let index = index(of: key),
                entries[index].status.processIdentifier == process
            else { continue }
            let own = sessions.filter { $0.belongs(to: process) }
            let session = own.first { $0.duties > 0 }
            guard key == Self.brokerName || session != nil else {
                noteLate(index, hasSession: !own.isEmpty)
                continue
            }
            entries[index].session = session?.session ?? ""
            entries[index].lifecycle.becameReady(at: now)
            show(index)
            logger.info("ready", metadata: ["process": "\(key)", "pid": "\(process)"])
        }
    }

    /// Says of a process that runs and runs and is not ready what there is to look at.
    private func noteLate(_ index: Int, hasSession: Bool) {
        let entry = entries[index]
        guard !entry.isLate, let age = entry.lifecycle.age(at: now),
            age >= configuration.readyLimit
        else { return }
        let endpoint = configuration.environment["BARID_ENDPOINT"].map { " at \($0)" } ?? ""
        let what =
            hasSession
            ? "it is connected to the broker, but joins no group and serves nothing"
            : "it did not connect to the broker\(endpoint), which BARID_ENDPOINT names"
        let reason =
            "not ready after \(age.components.seconds) s: \(what); what it writes: "
            + "`barid plugin logs \(entry.status.name)`"
        entries[index].isLate = true
        entries[index].status.message = reason
        logger.warning(
            "not ready",
            metadata: [
                "process": "\(entry.key)", "pid": "\(entry.status.processIdentifier)",
                "reason": "\(reason)",
            ])
    }

    func waitForBroker() async throws {
        let end = ContinuousClock.now + configuration.brokerLimit
        var last = "it does not answer"
        while !isStopping {
            if let index = index(of: Self.brokerName), let failure = entries[index].lastEnd {
                // At the start an exit is an answer: a locked data folder, a wrong setting.
                let text = failure.lastLines.joined(separator: "\n")
                throw BrokerFailed(
                    description: text.isEmpty
                        ? "the broker ended with \(failure.summary)" : text)
            }
            do {
                _ = try await link.view()
                await checkReadiness()
                return
            } catch {
                last = "\(error)"
            }
            guard ContinuousClock.now < end else {
                throw BrokerFailed(
                    description:
                        "the broker did not answer within \(configuration.brokerLimit): \(last)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw CancellationError()
    }
}

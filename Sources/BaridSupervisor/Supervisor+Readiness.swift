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
            let session = sessions.first { $0.processIdentifier == process && $0.duties > 0 }
            guard key == Self.brokerName || session != nil else { continue }
            entries[index].session = session?.session ?? ""
            entries[index].lifecycle.becameReady(at: now)
            show(index)
            logger.info("ready", metadata: ["process": "\(key)", "pid": "\(process)"])
        }
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

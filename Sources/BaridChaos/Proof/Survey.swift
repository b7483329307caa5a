internal import Barid
internal import BaridProof
internal import BaridSchema
internal import Foundation
internal import GRPCCore

/// How everything stands at the end: what the log holds, what was given up, what actors wrote down.
struct Survey {
    let arena: Arena
    let limits: [String: Int64]

    /// Asks the broker, reads the files, and puts it all into one history.
    func history(
        shifts: [Crew.Shift], earlierEpochs: Set<UInt64> = [], healed: Int64,
        samples: [HistoryEntry]
    ) async throws -> History {
        var entries = samples
        for (name, value) in limits.sorted(by: { $0.key < $1.key }) {
            entries.append(
                HistoryEntry(.limit, time: 0, actor: "") {
                    $0.name = name
                    $0.value = value
                })
        }
        entries.append(
            HistoryEntry(.group, time: 0, actor: "prover") {
                $0.group = ProofConfiguration.group
                $0.topic = ProvenEvent.topic
                $0.types = [ProvenEvent.type]
                $0.offset = 1
            })
        entries.append(HistoryEntry(.heal, time: healed, actor: "prover"))
        var earlier = EarlierDeliveries(epochs: earlierEpochs)
        for shift in shifts where FileManager.default.fileExists(atPath: shift.history) {
            let history = Self.seen(try HistoryFiles.read(shift.history), by: shift)
            entries += history.entries
            entries += Self.endings(of: history, shift)
            earlier.add(history, of: shift)
        }
        entries += earlier.entries
        if FileManager.default.fileExists(atPath: arena.effectFolder) {
            entries += try EffectStore(folder: arena.effectFolder)
                .entries(group: ProofConfiguration.group)
        }
        entries += try await BaridClient.with(
            arena.endpoint, name: "prover", logger: .quiet
        ) { client in
            try await stored(client) + (try await deadLetters(client))
        }
        entries.append(HistoryEntry(.end, time: MonotonicTime.now, actor: "prover"))
        return History(entries)
    }

    /// Of what an actor wrote, that which happened: from a power cut on, only what it tried.
    private static func seen(_ history: History, by shift: Crew.Shift) -> History {
        History(
            history.entries.filter { entry in
                guard entry.operation != .history else { return false }
                guard let cut = shift.cut, entry.time >= cut else { return true }
                return entry.operation == .publishTry || entry.operation == .ackTry
            })
    }

    /// The ends of sessions that a killed worker could not write down itself.
    private static func endings(of history: History, _ shift: Crew.Shift) -> [HistoryEntry] {
        guard let killed = shift.killed else { return [] }
        var open: Set<String> = []
        for entry in history.entries where !entry.session.isEmpty {
            if entry.operation == .sessionEnd {
                open.remove(entry.session)
            } else {
                open.insert(entry.session)
            }
        }
        return open.sorted().map { session in
            HistoryEntry(.sessionEnd, time: killed, actor: shift.name) {
                $0.session = session
                $0.from = killed
            }
        }
    }

    /// All events of the log: hashes of their bodies, by id.
    func storedEvents() async throws -> [String: String] {
        let entries = try await BaridClient.with(
            arena.endpoint, name: "prover", logger: .quiet
        ) { try await stored($0) }
        let kept = entries.filter { $0.operation == .log }
        return Dictionary(kept.map { ($0.event, $0.hash) }) { first, _ in first }
    }

    private func stored(_ client: BaridClient) async throws -> [HistoryEntry] {
        var request = Barid_Bus_V1_ReadRequest()
        request.topic = ProvenEvent.topic
        request.start.at = .first
        return try await client.eventBus.read(request) { response in
            var entries: [HistoryEntry] = []
            for try await part in response.messages {
                for (sequence, bytes) in zip(part.sequences, part.events) {
                    let event = try Barid_Bus_V1_Event(serializedBytes: bytes)
                    if entries.isEmpty, sequence > 1 {
                        entries.append(
                            HistoryEntry(.trim, time: MonotonicTime.now, actor: "broker") {
                                $0.topic = ProvenEvent.topic
                                $0.offset = sequence
                            })
                    }
                    entries.append(
                        HistoryEntry(.log, time: MonotonicTime.now, actor: "broker") {
                            $0.event = event.id
                            $0.hash = String(PayloadHash.of(event.binaryData), radix: 16)
                            $0.key = event.subject
                            $0.type = event.type
                            $0.topic = ProvenEvent.topic
                            $0.offset = sequence
                        })
                }
            }
            return entries
        }
    }

    private func deadLetters(_ client: BaridClient) async throws -> [HistoryEntry] {
        var request = Barid_Admin_V1_ListDeadLettersRequest()
        request.selection.topic = ProvenEvent.topic
        request.selection.group = ProofConfiguration.group
        request.maximum = 1_000
        request.withoutEvents = true
        var letters: [Barid_Admin_V1_DeadLetter] = []
        repeat {
            let page = try await client.admin.listDeadLetters(request)
            letters += page.deadLetters
            request.after = page.next
        } while request.after > 0
        return letters.map { letter in
            HistoryEntry(.deadLetter, time: MonotonicTime.now, actor: "broker") {
                $0.event = letter.eventID
                $0.group = letter.group
                $0.topic = letter.topic
            }
        }
    }
}

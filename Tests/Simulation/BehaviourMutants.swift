internal import BaridBroker
internal import BaridEngine
internal import BaridLog
internal import BaridSchema
internal import SwiftProtobuf

/// An ack under an old token is taken for the lease that is out.
final class AcceptedOldToken: Mutant {
    /// The lease that is out of each group and event, as last sent.
    private var out: [String: (link: Link, attempt: UInt32, turn: UInt64)] = [:]
    private var groups: [UInt64: String] = [:]

    override var name: String { "an ack is accepted under an old token" }
    override var noticedBy: Set<String> { ["oneOwner"] }
    override func outgoing(_ message: [UInt8], on link: Link) {
        if let response = try? Barid_Bus_V1_SubscribeResponse(serializedBytes: message) {
            if response.hasStarted { groups[link.id.number] = response.started.group }
            let group = groups[link.id.number] ?? ""
            for (index, sequence) in response.sequences.enumerated() {
                let attempt = index < response.attempts.count ? response.attempts[index] : 1
                let turn = index < response.turns.count ? response.turns[index] : 0
                out["\(group)/\(sequence)"] = (link, attempt, turn)
            }
        }
        link.toClient(message)
    }
    override func settling(
        _ request: SettleRequest, of worker: Worker, on link: Link
    ) -> SettleRequest {
        for ack in request.acks {
            guard let holder = out["\(worker.group)/\(ack.first)"], holder.attempt > ack.attempt
            else { continue }
            // The one who holds it now acks, whether it is done or not; the old one is told yes.
            holder.link.toBroker { core in
                core.request(
                    holder.link.id,
                    .settle(
                        holder.link.id,
                        SettleRequest(
                            number: 0,
                            acks: [
                                .init(
                                    first: ack.first, count: 1, attempt: holder.attempt,
                                    turn: holder.turn)
                            ])))
            }
        }
        var changed = request
        changed.acks.removeAll { ack in
            (out["\(worker.group)/\(ack.first)"]?.attempt ?? 0) > ack.attempt
        }
        return changed
    }
}

/// The turn is not looked at: an ack under the attempt that is out settles it, whatever the turn.
final class AcceptedOldTurn: Mutant {
    /// The turn under which the stream was last given each event.
    private var out: [String: (attempt: UInt32, turn: UInt64)] = [:]

    override var name: String { "an old turn is accepted" }
    override var noticedBy: Set<String> { ["oneOwner"] }
    override func adjust(_ plan: inout RunPlan) { plan.faults += [.cut, .processDeath] }
    override func outgoing(_ message: [UInt8], on link: Link) {
        if let response = try? Barid_Bus_V1_SubscribeResponse(serializedBytes: message) {
            for (index, sequence) in response.sequences.enumerated() {
                out["\(link.id.number)/\(sequence)"] = (
                    index < response.attempts.count ? response.attempts[index] : 1,
                    index < response.turns.count ? response.turns[index] : 0
                )
            }
        }
        link.toClient(message)
    }
    override func settling(
        _ request: SettleRequest, of worker: Worker, on link: Link
    ) -> SettleRequest {
        var changed = request
        for index in changed.acks.indices {
            guard let holder = out["\(link.id.number)/\(changed.acks[index].first)"],
                holder.attempt == changed.acks[index].attempt
            else { continue }
            changed.acks[index].turn = holder.turn
        }
        return changed
    }
}

/// Events of one key go out like those of different ones.
final class IgnoredKeys: Mutant {
    private var number = 0

    override var name: String { "keys do not keep their order" }
    override var noticedBy: Set<String> { ["order", "oneOwner"] }
    override func published(_ event: SimulatedEvent) -> ArraySlice<UInt8> {
        guard var wire = try? Barid_Bus_V1_Event(serializedBytes: Array(event.bytes)) else {
            return event.bytes
        }
        number += 1
        wire.partitionKey = "\(number)"
        let bytes: [UInt8]? = try? wire.serializedBytes()
        return (bytes ?? [])[...]
    }
}

/// The engine's clock stands still: what waits for its next attempt waits for ever.
final class EternalLeases: Mutant {
    override var name: String { "leases and waits never end" }
    override var noticedBy: Set<String> { ["liveness"] }
    override func adjust(_ plan: inout RunPlan) {
        plan.core.engine.lease = .seconds(3_600)
        plan.core.engine.suspension = .seconds(1)
        plan.faults = [.cut]
    }
    override func instant(_ instant: Instant) -> Instant {
        var other = instant
        other.monotonic = 0
        return other
    }
}

/// Deliveries go out to a second worker too.
final class DoubleDelivery: Mutant {
    private var groups: [UInt64: String] = [:]
    private var links: [UInt64: Link] = [:]
    private var count = 0

    override var name: String { "a delivery goes to two workers" }
    override var noticedBy: Set<String> { ["oneOwner"] }
    override func outgoing(_ message: [UInt8], on link: Link) {
        link.toClient(message)
        guard let response = try? Barid_Bus_V1_SubscribeResponse(serializedBytes: message) else {
            return
        }
        if response.hasStarted {
            groups[link.id.number] = response.started.group
            links[link.id.number] = link
        }
        guard !response.events.isEmpty else { return }
        count += 1
        let others = links.values.filter {
            $0.id != link.id && groups[$0.id.number] == groups[link.id.number] && !$0.isCut
        }.sorted { $0.id.number < $1.id.number }
        guard count % 10 == 0, let other = others.last else { return }
        other.toClient(message)
    }
}

/// Receipts name the offset of another event.
final class WrongReceipts: Mutant {
    private var count = 0

    override var name: String { "a receipt names another offset" }
    override var noticedBy: Set<String> { ["offsets"] }
    override func outgoing(_ message: [UInt8], on link: Link) {
        guard var response = try? Barid_Bus_V1_PublishResponse(serializedBytes: message),
            response.durability == .fsync, let first = response.receipts.first, !first.hasError
        else { return link.toClient(message) }
        count += 1
        if count % 20 == 0 { response.receipts[0].firstSequence += 1 }
        let bytes: [UInt8]? = try? response.serializedBytes()
        link.toClient(bytes ?? message)
    }
}

/// Bytes of an event change on their way to a worker.
final class ChangedBody: Mutant {
    private var count = 0

    override var name: String { "a worker gets another body" }
    override var noticedBy: Set<String> { ["noPhantom"] }
    override func outgoing(_ message: [UInt8], on link: Link) {
        guard var response = try? Barid_Bus_V1_SubscribeResponse(serializedBytes: message),
            let first = response.events.first,
            var event = try? Barid_Bus_V1_Event(serializedBytes: first)
        else { return link.toClient(message) }
        count += 1
        if count % 50 == 0 { event.textData += "!" }
        response.events[0] = (try? event.serializedData()) ?? first
        let bytes: [UInt8]? = try? response.serializedBytes()
        link.toClient(bytes ?? message)
    }
}

internal import BaridEngine
internal import BaridTransport

/// Tells which events a peer with limited rights may publish: asked once for each type and topic.
///
/// A value that belongs to one stream. Specified in Protocols/7-security §5.
struct PublishGate {
    private let session: SessionDescription
    private let audit: AuditTrail
    private var verdicts: [Name: BusFault?] = [:]

    private struct Name: Hashable {
        var topic: String
        var type: ArraySlice<UInt8>
    }

    /// Verdicts kept; a peer that makes up types must not fill the memory.
    private static var maximumVerdicts: Int { 1_024 }

    /// A gate for a session, or nil if it may publish everything.
    init?(_ session: SessionDescription, _ audit: AuditTrail) {
        guard session.rights != .all else { return nil }
        self.session = session
        self.audit = audit
    }

    /// Why an event may not be published, nil if it may.
    ///
    /// What is no event may pass: the engine says what is wrong with it.
    mutating func refusal(of event: ArraySlice<UInt8>, topic: String) -> BusFault? {
        guard let scan = try? RoutingScan(event) else { return nil }
        let type = event[
            (event.startIndex + scan.type.lowerBound)..<(event.startIndex + scan.type.upperBound)]
        let name = Name(topic: topic, type: type)
        if let known = verdicts[name] {
            if known != nil { audit.repeated(.publish) }
            return known
        }
        if verdicts.count >= Self.maximumVerdicts { verdicts = [:] }
        let text = String(decoding: type, as: UTF8.self)
        var fault: BusFault?
        if !session.rights.mayPublish(type: text, topic: topic) {
            let refusal = Refusal(
                who: session.identity, what: "publish \(text) to \(topic)",
                right: "publish=\(text)")
            refusal.note(.publish, in: audit)
            fault = BusFault(refusal)
        }
        // A copy of the name alone: a slice would keep the whole message.
        verdicts[Name(topic: topic, type: ArraySlice(Array(type)))] = .some(fault)
        return fault
    }
}

extension BusFault {
    /// The fault that tells a peer of a right it lacks.
    init(_ refusal: Refusal) {
        self.init(.permissionDenied, .notAllowed, refusal.message)
    }
}

extension SessionDescription {
    /// Checks a subscription, or a read when there is no group.
    ///
    /// - Throws: The fault that names the right it takes; the audit was told.
    func checkSubscribe(
        patterns: [String], topic: String, group: String?, _ audit: AuditTrail
    ) throws(BusFault) {
        guard !rights.maySubscribe(patterns: patterns, topic: topic, group: group) else { return }
        let types = patterns.isEmpty ? ">" : patterns.joined(separator: " ")
        let refusal = Refusal(
            who: identity,
            what: group.map { "subscribe to \(types) in the group \($0)" } ?? "read \(types)",
            right: "subscribe=\(patterns.first ?? ">")")
        refusal.note(.subscribe, in: audit)
        throw BusFault(refusal)
    }
}

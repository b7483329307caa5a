public import GRPCCore

/// The answer to a peer that lacks a right: the same words for it, the audit and a program.
public struct Refusal: Sendable, Hashable {
    /// The stable reason, in the trailer `barid-reason` and in refusals inside streams.
    public static let reason = "NOT_ALLOWED"

    /// Who was refused.
    public var who: PeerIdentity
    /// What it wanted, such as `publish news.barid.article.submitted.v1`.
    public var what: String
    /// The right that would have allowed it, as ``Rights/init(_:)`` reads it.
    public var right: String

    /// A refusal.
    ///
    /// - Parameters:
    ///   - who: Who is refused.
    ///   - what: What it wanted.
    ///   - right: The right that would have allowed it.
    public init(who: PeerIdentity, what: String, right: String) {
        self.who = who
        self.what = what
        self.right = right
    }

    /// The sentence for a person.
    public var message: String {
        "the key \(who) may not \(what): it lacks the right \(right)"
    }

    /// The status of a call that is refused.
    public var status: Status { Status(code: .permissionDenied, message: message) }

    /// The trailers of a call that is refused.
    public var trailers: Metadata {
        var metadata: Metadata = [:]
        metadata.addString(Self.reason, forKey: "barid-reason")
        return metadata
    }

    /// Tells and counts the refusal.
    ///
    /// - Parameters:
    ///   - kind: What was refused.
    ///   - audit: Where.
    public func note(_ kind: AuditTrail.Kind, in audit: AuditTrail) {
        audit.refused(kind, who: "\(who)", what: what, right: right)
    }
}

extension Rights {
    /// The right a method takes, as it is written.
    static func needed(for method: MethodDescriptor) -> String {
        let service = method.service.fullyQualifiedService
        if service.hasPrefix("barid.admin.") || service.hasPrefix("barid.supervisor.") {
            return "admin"
        }
        switch (service, method.method) {
        case ("barid.bus.v1.EventBus", "Publish"): return "publish=..."
        case ("barid.bus.v1.EventBus", _): return "subscribe=..."
        case ("barid.reflection.v1.Registry", _): return "serve=..."
        default: return "call=\(service)"
        }
    }
}

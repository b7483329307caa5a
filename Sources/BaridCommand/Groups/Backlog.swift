import Barid
import BaridSchema
import GRPCCore

/// How many stored events a group's filter takes that it is not done with, as the broker counted them.
struct Backlog: Sendable, Equatable {
    /// What was counted.
    var atLeast: UInt64 = 0
    /// With what there was no time to look at.
    var atMost: UInt64 = 0

    /// "12 events", or what is known of them.
    var text: String {
        let counted = Formats.count(Int(clamping: atLeast), "event")
        guard atMost > atLeast else { return counted }
        let rest = Formats.number(atMost - atLeast)
        return "at least \(counted) (\(rest) more were not looked at in time)"
    }

    /// The sum, as far as numbers go: they are what a broker said.
    static func + (left: Backlog, right: Backlog) -> Backlog {
        func sum(_ one: UInt64, _ other: UInt64) -> UInt64 {
            let (sum, overflow) = one.addingReportingOverflow(other)
            return overflow ? .max : sum
        }
        return Backlog(
            atLeast: sum(left.atLeast, right.atLeast), atMost: sum(left.atMost, right.atMost))
    }
}

extension JSONText {
    /// Adds nothing where nothing was counted, else `behind`, and `behind_at_most` where not everything was counted.
    mutating func add(_ backlog: Backlog?) {
        guard let backlog else { return }
        if backlog.atLeast > 0 { add("behind", backlog.atLeast) }
        if backlog.atMost > backlog.atLeast { add("behind_at_most", backlog.atMost) }
    }
}

extension BaridClient {
    /// Counts what a group has to do, for as long as the broker's default lets it.
    ///
    /// - Returns: The count, or nil where the broker is older than the call for it: whoever asks has
    ///   done its work by then, and goes on without.
    func backlog(ofGroup group: String, topic: String) async throws -> Backlog? {
        do {
            let answer = try await admin.countGroup(
                .with {
                    $0.topic = topic
                    $0.group = group
                }, options: .within(.seconds(10)))
            return Backlog(atLeast: answer.atLeast, atMost: answer.atMost)
        } catch let error as RPCError where error.code == .unimplemented {
            return nil
        }
    }
}

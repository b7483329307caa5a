import Barid
import BaridSchema
import GRPCCore

/// Reads dead letters page by page.
struct DeadLetterReader: Sendable {
    let client: BaridClient
    var selection: Barid_Admin_V1_DeadLetterSelection
    var withoutEvents = false

    /// One page.
    ///
    /// - Parameters:
    ///   - after: Only those with higher numbers.
    ///   - maximum: The most of them.
    /// - Returns: The broker's answer.
    /// - Throws: `RPCError` when the broker refuses or is away.
    func page(
        after: UInt64, maximum: Int
    ) async throws -> Barid_Admin_V1_ListDeadLettersResponse {
        var request = Barid_Admin_V1_ListDeadLettersRequest()
        request.selection = selection
        request.after = after
        request.maximum = UInt32(clamping: min(maximum, 1_000))
        request.withoutEvents = withoutEvents
        return try await client.admin.listDeadLetters(request, options: .within(.seconds(60)))
    }

    /// Hands over all of them, in the order of their numbers.
    ///
    /// - Parameters:
    ///   - after: Only those with higher numbers.
    ///   - take: Returns false to end the reading.
    /// - Returns: Dead letters of the topic and group asked for, and the number after which there
    ///   is more, or 0.
    /// - Throws: `RPCError` when the broker refuses or is away, and what `take` throws.
    @discardableResult
    func read(
        after: UInt64 = 0, _ take: (Barid_Admin_V1_DeadLetter) async throws -> Bool
    ) async throws -> (total: UInt64, next: UInt64) {
        var after = after
        while true {
            let page = try await page(after: after, maximum: 256)
            for (index, letter) in page.deadLetters.enumerated() {
                guard try await take(letter) else {
                    let isLast = index == page.deadLetters.count - 1 && page.next == 0
                    return (page.total, isLast ? 0 : letter.number)
                }
            }
            guard page.next > after else { return (page.total, 0) }
            after = page.next
        }
    }

    /// How many there are now, and the selection narrowed to those: what is set aside from now
    /// on is not among them.
    func counted() async throws -> (count: UInt64, Barid_Admin_V1_DeadLetterSelection) {
        var narrowed = self
        narrowed.withoutEvents = true
        let (total, bounded) = try await bounded()
        narrowed.selection = bounded
        guard !selection.onlyNamesGroups else { return (total, bounded) }
        var count: UInt64 = 0
        try await narrowed.read { _ in
            count += 1
            return true
        }
        return (count, bounded)
    }

    /// The selection narrowed to what is set aside by now, and how many are in its groups.
    func bounded() async throws -> (total: UInt64, Barid_Admin_V1_DeadLetterSelection) {
        let first = try await page(after: 0, maximum: 1)
        var bounded = selection
        bounded.through = max(first.last, 1)
        return (first.total, bounded)
    }
}

extension Barid_Admin_V1_DeadLetterSelection {
    /// Whether it means every dead letter of its topic and group.
    var onlyNamesGroups: Bool {
        numbers.isEmpty && sequences.isEmpty && eventID.isEmpty && subject.isEmpty
            && subjectPrefix.isEmpty && types.isEmpty && reason.isEmpty && through == 0
    }
}

internal import BaridEngine

/// What a reader asked for.
struct ReadPlan: Sendable {
    enum Start: Sendable {
        case first
        case new
        case last
        case sequence(UInt64)
        case time(Int64)
    }

    var topic: String
    var start: Start
    var patterns: [TypePattern] = []
    var subjects: Set<[UInt8]> = []
    var follow = false
    /// `nil` for no limit.
    var maximum: UInt64?

    /// Whether an event is one of those asked for.
    func wants(_ event: ArraySlice<UInt8>) -> Bool {
        guard !patterns.isEmpty || !subjects.isEmpty else { return true }
        guard let scan = try? RoutingScan(event) else { return false }
        return event.withUnsafeBytes { bytes in
            let type = UnsafeRawBufferPointer(rebasing: bytes[scan.type])
            guard patterns.isEmpty || patterns.contains(where: { $0.matches(type) }) else {
                return false
            }
            return subjects.isEmpty || subjects.contains(Array(bytes[scan.subject]))
        }
    }
}

/// A reader as the core keeps it.
struct Reader {
    let stream: CoreStream
    let plan: ReadPlan
    /// The next sequence to look at; `nil` until the topic exists.
    var next: UInt64?
    var position: UInt64 = 1
    /// Nothing stored before this is wanted; wall time.
    var since = Int64.min
    var sent: UInt64 = 0
    /// It was told that there is nothing more for now.
    var toldCaughtUp = false
}

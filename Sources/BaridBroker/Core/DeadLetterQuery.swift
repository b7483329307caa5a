internal import BaridEngine
internal import BaridSchema

/// Which dead letters an operator means; every condition has to hold.
struct DeadLetterQuery: Sendable {
    /// Most numbers, and most sequences, of one query.
    static let maximumNumbers = 1_024
    /// Most patterns on the type of one query.
    static let maximumPatterns = 32

    var topic = ""
    var group = ""
    var numbers: Set<UInt64> = []
    var sequences: Set<UInt64> = []
    var eventID: [UInt8] = []
    var subject: [UInt8] = []
    var subjectPrefix: [UInt8] = []
    var patterns: [TypePattern] = []
    var reason = ""
    /// The highest number meant.
    var through = UInt64.max

    /// What a `barid.admin.v1.DeadLetterSelection` asks for.
    ///
    /// - Throws: `BusFault` when there are too many numbers or patterns, or a pattern is malformed.
    init(_ selection: Barid_Admin_V1_DeadLetterSelection) throws(BusFault) {
        guard selection.numbers.count <= Self.maximumNumbers,
            selection.sequences.count <= Self.maximumNumbers,
            selection.types.count <= Self.maximumPatterns
        else {
            throw BusFault(
                .invalidArgument, .invalidFilter,
                "\(selection.numbers.count) numbers, \(selection.sequences.count) sequences, "
                    + "\(selection.types.count) patterns; the most are "
                    + "\(Self.maximumNumbers), \(Self.maximumNumbers), \(Self.maximumPatterns)")
        }
        for text in selection.types {
            guard let pattern = TypePattern(text) else {
                throw BusFault(
                    .invalidArgument, .invalidFilter, "'\(text.prefix(80))' is no pattern on types")
            }
            patterns.append(pattern)
        }
        topic = selection.topic
        group = selection.group
        numbers = Set(selection.numbers)
        sequences = Set(selection.sequences)
        eventID = Array(selection.eventID.utf8)
        subject = Array(selection.subject.utf8)
        subjectPrefix = Array(selection.subjectPrefix.utf8)
        reason = selection.reason
        through = selection.through == 0 ? .max : selection.through
    }

    /// Whether the event itself has to be looked at.
    var readsEvents: Bool {
        !(eventID.isEmpty && subject.isEmpty && subjectPrefix.isEmpty && patterns.isEmpty)
    }

    /// Whether the record of the dead letter has to be looked at.
    var readsLetters: Bool { readsEvents || !reason.isEmpty }

    /// Whether a dead letter can be meant, by what is in memory of it.
    func admits(_ mark: DurableGroup.DeadLetterMark) -> Bool {
        mark.position <= through
            && (numbers.isEmpty || numbers.contains(mark.position))
            && (sequences.isEmpty || sequences.contains(mark.sequence))
    }

    /// Whether an event is one of those meant.
    func admits(_ event: ArraySlice<UInt8>) -> Bool {
        guard readsEvents else { return true }
        guard let scan = try? RoutingScan(event) else { return false }
        return event.withUnsafeBytes { bytes in
            let type = UnsafeRawBufferPointer(rebasing: bytes[scan.type])
            return (eventID.isEmpty || bytes[scan.id].elementsEqual(eventID))
                && (subject.isEmpty || bytes[scan.subject].elementsEqual(subject))
                && bytes[scan.subject].starts(with: subjectPrefix)
                && (patterns.isEmpty || patterns.contains { $0.matches(type) })
        }
    }
}

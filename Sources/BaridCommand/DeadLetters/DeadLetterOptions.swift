import ArgumentParser
import BaridArticles
import BaridSchema

/// Which dead letters a command is about; every condition that is given has to hold.
struct DeadLetterOptions: ParsableArguments {
    @Argument(help: "Numbers of dead letters, as `list` shows them.")
    var numbers: [UInt64] = []

    @Option(help: ArgumentHelp("Of this topic only.", valueName: "topic"))
    var topic: String?

    @Option(help: ArgumentHelp("Of this group only.", valueName: "group"))
    var group: String?

    @Option(
        name: .customLong("sequence"),
        help: ArgumentHelp("Of this event, by its sequence; may be repeated.", valueName: "number"))
    var sequences: [UInt64] = []

    @Option(help: ArgumentHelp("Of the event with this id.", valueName: "id"))
    var event: String?

    @Option(help: ArgumentHelp("Of articles whose id begins like this.", valueName: "prefix"))
    var article: String?

    @Option(
        name: .customLong("type"),
        help: ArgumentHelp(
            "Of events of this type; * is one segment, a final > the rest. May be repeated.",
            valueName: "pattern"))
    var types: [String] = []

    @Option(
        help: ArgumentHelp(
            "Whose last error has this reason, as WORKER_LOST.", valueName: "reason"))
    var reason: String?

    /// Whether any condition is given.
    var isEmpty: Bool {
        numbers.isEmpty && sequences.isEmpty && types.isEmpty && topic == nil && group == nil
            && event == nil && article == nil && reason == nil
    }

    func validate() throws {
        guard numbers.count <= 1_024, sequences.count <= 1_024, types.count <= 32 else {
            throw ValidationError(
                "at most 1,024 numbers, 1,024 sequences and 32 types at once; use a filter")
        }
        guard !numbers.contains(0), !sequences.contains(0) else {
            throw ValidationError("numbers and sequences count from 1")
        }
    }

    /// The conditions as the broker takes them.
    var selection: Barid_Admin_V1_DeadLetterSelection {
        .with {
            $0.topic = topic ?? ""
            $0.group = group ?? ""
            $0.numbers = numbers
            $0.sequences = sequences
            $0.eventID = event ?? ""
            $0.subjectPrefix = article ?? ""
            $0.types = types
            $0.reason = reason ?? ""
        }
    }

    /// The same conditions as words of a command line, to be shown to a person.
    var words: String {
        var words = numbers.map { "\($0)" }
        func add(_ flag: String, _ value: String?) {
            if let value { words += [flag, ShellWord.quoted(value)] }
        }
        add("--topic", topic)
        add("--group", group)
        for sequence in sequences { add("--sequence", "\(sequence)") }
        add("--event", event)
        add("--article", article)
        for type in types { add("--type", type) }
        add("--reason", reason)
        return words.map { " \($0)" }.joined()
    }
}

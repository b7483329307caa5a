import ArgumentParser
import Barid
import BaridSchema
import GRPCCore

/// `barid group create`.
struct GroupCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a group before its first worker comes.",
        discussion: """
            What a group takes never changes; one that exists with the same filter is left as it is.

            Examples:
              barid group create archive
              barid group create sport --type 'news.barid.article.>' --attribute language=ar,fa
              barid group create late --start 2026-05-01T08:00:00Z
            """)

    @OptionGroup var which: GroupOptions

    @Option(
        name: .customLong("type"),
        help: ArgumentHelp(
            "Events of this type; * is one segment, a final > the rest. May be repeated.",
            valueName: "pattern"))
    var types: [String] = []

    @Option(
        name: .customLong("attribute"),
        help: ArgumentHelp(
            "Events with one of these values of an attribute. May be repeated.",
            valueName: "name=value,..."))
    var attributes: [AttributeCondition] = []

    @Option(
        help: ArgumentHelp("Where it starts: \(PluginManifest.Start.help).", valueName: "place"))
    var start = PluginManifest.Start.first

    @Option(help: "Failed attempts until an event is a dead letter; else the broker's default.")
    var maximumDeliveries: UInt32?

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func validate() throws {
        guard (1...1_000).contains(maximumDeliveries ?? 1) else {
            throw ValidationError("--maximum-deliveries is from 1 to 1000")
        }
    }

    func run() async throws {
        let which = which
        let request = Barid_Admin_V1_CreateGroupRequest.with {
            $0.subscription.topic = which.topic
            $0.subscription.group = which.group
            $0.subscription.types = types
            $0.subscription.attributes = attributes.map(\.filter)
            $0.subscription.start = .init(start)
            $0.subscription.maximumDeliveries = maximumDeliveries ?? 0
        }
        let (answer, backlog) = try await broker.connected(as: "barid group") { client in
            let answer = try await client.admin.createGroup(
                request, options: .within(.seconds(30)))
            return (answer, try await client.backlog(ofGroup: which.group, topic: which.topic))
        }
        if output.json {
            var text = JSONText()
            if answer.created { text.add("created", true) }
            text.add(backlog)
            Console.output.line(text.text)
            return
        }
        let name = Console.output.words(which.group)
        Console.output.line(
            answer.created
                ? "\(name) is there\(backlog.map { "; it will see \($0.text) stored before" } ?? "")."
                : "\(name) was there already\(backlog.map { "; \($0.text) behind" } ?? "").")
    }
}

/// `name=value,value` as a condition on an attribute.
struct AttributeCondition: ExpressibleByArgument {
    let filter: Barid_Bus_V1_AttributeFilter

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex else {
            return nil
        }
        let values = argument[argument.index(after: equals)...].split(separator: ",")
        guard !values.isEmpty else { return nil }
        filter = .with {
            $0.name = String(argument[..<equals])
            $0.values = values.map(String.init)
        }
    }
}

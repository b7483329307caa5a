import ArgumentParser
import Barid
import BaridSchema
import BaridSupervisor
import GRPCCore

/// `barid plugin remove`.
struct PluginRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove a plugin from your own plugins; its folder stays.",
        discussion: """
            With `barid up` running, its worker finishes what it holds and ends. Its group stays in the broker \
            and keeps its place, so that adding the plugin again goes on where it stopped.

            Examples:
              barid plugin remove word-count
            """)

    @Argument(help: "The plugin's name.")
    var name: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func run() async throws {
        let settings = try broker.settings()
        let own = settings.userPlugins
        guard let target = own.target(of: name) else {
            let known = settings.pluginFolders.find()
            if let other = known.first(where: { $0.description.name == name }) {
                throw CommandError(
                    .refused,
                    "\(name) was not added with `barid plugin add`: remove its folder \(other.folder) yourself"
                )
            }
            throw CommandError.noPlugin(name, among: known.map(\.description.name))
        }
        try own.unlink(name)
        var isStopped = true
        do {
            isStopped = try await broker.connected(as: "barid plugin remove", wait: .seconds(2)) {
                [name] client in
                // The worker has its time to drain; the supervisor kills it after that.
                let end = ContinuousClock.now + .seconds(20)
                while try await client.plugins().plugins.contains(where: { $0.name == name }) {
                    guard ContinuousClock.now < end else { return false }
                    try await Task.sleep(for: .milliseconds(100))
                }
                return true
            }
        } catch let error as RPCError where error.code == .unavailable {
            // Nobody is up.
        } catch let error as CommandError where error.code == .unavailable {
            // A broker without a supervisor.
        }
        guard isStopped else {
            throw CommandError(
                .temporary, "\(name) is removed, but its worker still runs after 20 s")
        }
        if output.json {
            var text = JSONText()
            text.add("name", name)
            text.add("folder", target)
            text.add("removed", true)
            Console.output.line(text.text)
        } else {
            Console.output.line(
                "Removed \(Console.output.words(name)); its folder is \(Console.output.words(target))."
            )
        }
    }
}

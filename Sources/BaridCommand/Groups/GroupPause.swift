import ArgumentParser
import Barid
import BaridSchema
import GRPCCore

/// `barid group pause`.
struct GroupPause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Deliver nothing more to a group's workers, until it is resumed.",
        discussion: """
            What workers have they may finish. A pause outlives restarts of the broker.

            Examples:
              barid group pause indexer
              barid group pause indexer --json
            """)

    @OptionGroup var which: GroupOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func run() async throws {
        let which = which
        let status = try await which.status(on: broker) { client in
            _ = try await client.admin.pauseGroup(
                .with {
                    $0.topic = which.topic
                    $0.group = which.group
                }, options: .within(.seconds(30)))
        }
        if output.json {
            Console.output.line(try JSONText.line(status))
            return
        }
        let name = Console.output.words(which.group)
        Console.output.line(
            "\(name) is paused; deliveries still out: \(Formats.number(status.leased))."
        )
    }
}

/// `barid group resume`.
struct GroupResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Deliver to a paused group again.",
        discussion: """
            Examples:
              barid group resume indexer
              barid group resume indexer --json
            """)

    @OptionGroup var which: GroupOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func run() async throws {
        let which = which
        let status = try await which.status(on: broker) { client in
            _ = try await client.admin.resumeGroup(
                .with {
                    $0.topic = which.topic
                    $0.group = which.group
                }, options: .within(.seconds(30)))
        }
        if output.json {
            Console.output.line(try JSONText.line(status))
            return
        }
        let name = Console.output.words(which.group)
        Console.output.line(
            "\(name) goes on; \(Formats.count(Int(clamping: status.lag), "event")) behind.")
    }
}

import ArgumentParser
import Barid
import BaridTransport
import GRPCCore

/// `barid keys revoke`.
struct KeysRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Let a key in no more, and end its sessions.",
        discussion: """
            There is no way back: its owner gets a new key under another name. A running broker follows within 2 s.

            Examples:
              barid keys revoke wire
              barid keys revoke wire --yes
            """)

    @Argument(help: "The key's name.")
    var name: String

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var keys: KeyFolderOptions

    func run() async throws {
        let (entry, isRevoked) = try keys.find(name)
        guard !isRevoked else {
            throw CommandError(.badInput, "the key \(name) is revoked already")
        }
        if !yes {
            try Confirmation.ask(
                "The key \(name) may: \(entry.rights). Revoke it, and end its sessions?")
        }
        try keys.folder().revoke(name)
        if output.json {
            Console.output.line(entry.json(isRevoked: true))
        } else {
            Console.output.line("The key \(name) is revoked; its sessions end within 2 s.")
        }
    }
}

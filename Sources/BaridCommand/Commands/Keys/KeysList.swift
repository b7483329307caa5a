import ArgumentParser
import Barid
import BaridTransport
import GRPCCore

/// `barid keys list`.
struct KeysList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show the keys and what they may do.",
        discussion: """
            Examples:
              barid keys list
              barid keys list --json | jq -r 'select(.revoked | not) | .name'
            """)

    @OptionGroup var output: OutputOptions
    @OptionGroup var keys: KeyFolderOptions

    func run() async throws {
        let folder = try keys.folder()
        let allowed = try folder.allowed()
        let revoked = try folder.revoked()
        if output.json {
            for entry in allowed.entries { Console.output.line(entry.json(isRevoked: false)) }
            for entry in revoked.entries { Console.output.line(entry.json(isRevoked: true)) }
        } else if allowed.entries.isEmpty, revoked.entries.isEmpty {
            Console.output.line("No keys yet: barid keys new NAME --allow RIGHTS")
        } else {
            var table = Table([
                Table.Column("NAME"), Table.Column("STATE"), Table.Column("MAY"),
            ])
            for entry in allowed.entries {
                table.add([entry.name, "let in", "\(entry.rights)"])
            }
            for entry in revoked.entries {
                table.add([
                    entry.name, Console.output.styled("revoked", .yellow), "\(entry.rights)",
                ])
            }
            for line in table.lines(on: .output) { Console.output.line(line) }
        }
        let problems = allowed.problems + revoked.problems
        for problem in problems { Console.error.line(problem.message) }
        guard problems.isEmpty else {
            throw CommandError(.badInput, "these files let nobody in until they are put right")
        }
    }
}

/// `barid keys show`.
struct KeysShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one key.",
        discussion: """
            Examples:
              barid keys show wire
            """)

    @Argument(help: "The key's name.")
    var name: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var keys: KeyFolderOptions

    func run() async throws {
        let (entry, isRevoked) = try keys.find(name)
        guard !output.json else {
            Console.output.line(entry.json(isRevoked: isRevoked))
            return
        }
        Console.output.line("\(entry.name), \(isRevoked ? "revoked" : "let in")")
        Console.output.line("  public key  \(entry.publicKey)")
        Console.output.line(
            "  may         \(entry.rights == Rights() ? "nothing" : "\(entry.rights)")")
    }
}

/// `barid keys server`.
struct KeysServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server",
        abstract: "Show the broker's public key, which clients pin.",
        discussion: """
            It is made when there is none yet. Clients have it as server-key in their key file.

            Examples:
              barid keys server
            """)

    @OptionGroup var output: OutputOptions
    @OptionGroup var keys: KeyFolderOptions

    func run() async throws {
        let key = try keys.folder().serverKey().pair.publicKey
        if output.json {
            var text = JSONText()
            text.add("server_key", "\(key)")
            Console.output.line(text.text)
        } else {
            Console.output.line("\(key)")
        }
    }
}

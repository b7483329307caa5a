import ArgumentParser
import Barid
import Foundation
import GRPCCore

/// The command line of producers and operators.
@main
struct BaridTool: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "barid",
        abstract: "Publishes articles, and shows what became of them.",
        discussion: """
            Examples:
              barid up --detach                     start broker and workers
              barid publish article.txt --wait      publish, and show the result
              barid search "word" ; barid article ID
              barid status                          who runs, and who is behind

            Exit codes: 64 usage, 65 bad input, 66 no such file or article, 69 no broker, \
            75 unknown or timed out, 77 refused, 130 interrupted. \
            Shell completions: barid --generate-completion-script bash.
            """,
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(
                name: "Everyday",
                subcommands: [
                    Up.self, Down.self, Publish.self, Watch.self, Search.self, ShowArticle.self,
                    Why.self, Status.self,
                ]),
            CommandGroup(name: "Plugins", subcommands: [PluginCommand.self, Call.self]),
            CommandGroup(
                name: "Operate",
                subcommands: [
                    GroupCommand.self, DeadLetters.self, ReviewCommand.self, LogCommand.self,
                    Backup.self, Restore.self, KeysCommand.self, BenchCommand.self, Prove.self,
                    Doctor.self,
                ]),
            CommandGroup(
                name: "Internal",
                subcommands: [
                    BenchAgentCommand.self, ConformParent.self, ProvePublisher.self,
                    ProveWorker.self,
                ]),
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            end(with: error)
        }
    }

    /// Says what went wrong and exits with the code that means it.
    private static func end(with error: any Error) -> Never {
        switch error {
        case let error as CommandError:
            fail(error.description, error.code)
        case let error as RPCError:
            // A bug of ours, not of the person, when it is none of these.
            fail(Self.text(of: error), ExitCode(error.code))
        case is Interrupted, is CancellationError:
            exit(withError: ExitCode.interrupted)
        default:
            exit(withError: error)
        }
    }

    private static func fail(_ message: String, _ code: ExitCode) -> Never {
        if !message.isEmpty {
            let console = Console.error
            console.line("\(console.styled("barid:", .red)) \(message)")
        }
        exit(withError: code)
    }

    /// What an error says, which may be the words of a plugin, line by line.
    static func text(of error: RPCError, on console: Console = .error) -> String {
        let message = error.message.split(separator: "\n", omittingEmptySubsequences: false)
            .map { console.words(String($0)) }.joined(separator: "\n")
        return switch error.code {
        case .unavailable where error.message.hasPrefix("no worker serves"):
            "\(message): start the workers with `barid up`, or see `barid status`"
        case .unavailable, .invalidArgument, .notFound, .failedPrecondition, .permissionDenied:
            message
        default: "\(message) (\(error.code))"
        }
    }
}

import ArgumentParser
import Foundation
import TestSupport
import Testing

@testable import BaridCommand

/// What help and documents say of the command line is what it understands.
@Suite struct HelpTests {
    /// A command that people see, and the words that call it.
    struct Named: CustomTestStringConvertible {
        var words: [String]
        var type: any ParsableCommand.Type

        var name: String { words.joined(separator: " ") }
        var help: String { BaridTool.helpMessage(for: type, columns: 200) }
        var testDescription: String { name }
    }

    static let commands = visible(below: Named(words: ["barid"], type: BaridTool.self))

    private static func visible(below command: Named) -> [Named] {
        var all = [command]
        for type in command.type.configuration.subcommands where type.configuration.shouldDisplay {
            all += visible(below: Named(words: command.words + [type._commandName], type: type))
        }
        return all
    }

    /// What has no results for programs, or prints nothing else.
    private static let withoutJSON: Set = [
        "barid plugin logs", "barid dead-letters export",
    ]

    @Test(arguments: commands)
    func eachHasExamplesThatItUnderstands(command: Named) throws {
        let discussion = command.type.configuration.discussion
        let examples = try #require(
            discussion.range(of: "Examples:\n"), "\(command.name) has no examples")
        var count = 0
        for line in discussion[examples.upperBound...].split(separator: "\n") {
            guard line.contains("barid ") else { continue }
            try Self.check(line, of: command.name)
            count += 1
        }
        #expect(count > 0, "\(command.name)")
        if command.type.configuration.subcommands.isEmpty {
            #expect(
                command.help.contains("--json") != Self.withoutJSON.contains(command.name),
                "\(command.name)")
        }
    }

    /// Lines of blocks for a shell that begin with `barid`, in every document.
    @Test func theCommandsOfDocumentsAreUnderstood() throws {
        var count = 0
        for path in try Repository.files() where path.hasSuffix(".md") {
            var isShell = false
            for line in try Repository.text(of: path).split(separator: "\n") {
                if line.hasPrefix("```") { isShell = line == "```sh" }
                guard isShell, line.hasPrefix("barid ") else { continue }
                try Self.check(line, of: path)
                count += 1
            }
        }
        #expect(count > 10)
    }

    /// `barid group replay NAME --article ID` in a text: there is such a command, and it has such a flag.
    @Test func theFlagsThatTextsNameAreThere() throws {
        var texts = Self.commands.map { ($0.name, $0.help) }
        for path in try Repository.files() where path.hasSuffix(".md") {
            texts.append((path, try Repository.text(of: path)))
        }
        var count = 0
        for (place, text) in texts {
            for mention in text.matches(of: /`(barid [^`\n]+)`/) {
                let words = mention.1.split(separator: " ").map(String.init)
                let command = try #require(Self.command(words), "\(place): \(mention.1)")
                for word in words where word.hasPrefix("--") && word.count > 2 {
                    let flag = word.prefix { $0.isLetter || $0 == "-" }
                    #expect(
                        command.help.contains("\(flag)"),
                        "\(place): \(command.name) has no \(flag)")
                }
                count += 1
            }
        }
        #expect(count > 30)
    }

    // MARK: Parts

    /// The command that words begin with, as far as they name subcommands; nil for an unknown one.
    private static func command(_ words: [String]) -> Named? {
        let found = commands.filter { words.starts(with: $0.words) }
        guard let command = found.max(by: { $0.words.count < $1.words.count }) else { return nil }
        let hasBelow = !command.type.configuration.subcommands.isEmpty
        let next = words.dropFirst(command.words.count).first
        // `barid log verify|repair` and `barid plugin ...` name several.
        guard hasBelow, let next, next.allSatisfy({ $0.isLetter && $0.isLowercase }) else {
            return command
        }
        return nil
    }

    /// Holds each `barid` of a shell's line to the parser.
    private static func check(_ line: Substring, of place: String) throws {
        for command in shellCommands(line) where command.first == "barid" {
            #expect(throws: Never.self, "\(place): \(command.joined(separator: " "))") {
                _ = try BaridTool.parseAsRoot(Array(command.dropFirst()))
            }
        }
    }

    /// The simple commands of a line, without redirections, and without what explains it.
    private static func shellCommands(_ line: Substring) -> [[String]] {
        var commands: [[String]] = [[]]
        var word: String?
        var quote: Character?
        var blanks = 0
        func end() {
            if let whole = word { commands[commands.count - 1].append(whole) }
            word = nil
        }
        for sign in line {
            if let open = quote {
                if sign == open { quote = nil } else { word = (word ?? "") + String(sign) }
                continue
            }
            blanks = sign == " " ? blanks + 1 : 0
            // Two blanks and more stand before an explanation.
            if blanks == 2, commands != [[]] { break }
            switch sign {
            case " ": end()
            case "'", "\"":
                quote = sign
                word = word ?? ""
            case "|", ";", "&", "<", ">":
                end()
                commands.append([])
            default: word = (word ?? "") + String(sign)
            }
        }
        end()
        return commands
    }
}

import ArgumentParser
import Barid
import BaridTransport
import Foundation
import GRPCCore

/// `barid keys`.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Say who may connect over TCP, and what they may do.",
        discussion: """
            A broker that listens on TCP lets in only peers whose key it knows. `keys new` makes a key and writes \
            the one file its owner needs; the broker keeps the public half, with the rights. All of it works on \
            the broker's data folder, on its machine; a running broker follows within 2 s.

            Rights, separated by commas; patterns take * for one segment and a final > for the rest:
              publish=[TOPIC:]TYPES              publish these event types
              subscribe=[TOPIC:][GROUP/]TYPES    take and read them
              call=SERVICES[/METHOD]             call services
              serve=SERVICES                     serve them to others
              admin                              look after the broker and its workers
              all                                everything

            Examples:
              barid keys new wire --allow publish=news.barid.article.submitted.v1 --endpoint tcp://10.0.0.5:7450
              barid publish article.txt --key wire.key
              barid keys list
              barid keys revoke wire
            """,
        subcommands: [
            KeysNew.self, KeysList.self, KeysShow.self, KeysRevoke.self, KeysServer.self,
        ])
}

/// Which folder of keys is meant.
struct KeyFolderOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The broker's data folder.",
            discussion: "Else BARID_DATA, the settings file, $XDG_DATA_HOME/barid.",
            valueName: "folder"))
    var data: String?

    /// The folder; the data folder is made if need be.
    func folder() throws -> KeyFolder {
        let data = try Settings(data: data, usesKey: false).dataFolder.value
        try PrivateFolder.make(data)
        return KeyFolder(path: "\(data)/keys")
    }

    /// A key by its name, and whether it was revoked.
    ///
    /// - Throws: ``CommandError`` with exit code 66 if there is none.
    func find(_ name: String) throws -> (entry: KeyFolder.Entry, isRevoked: Bool) {
        let folder = try folder()
        let allowed = try folder.allowed()
        if let entry = allowed.entries.first(where: { $0.name == name }) { return (entry, false) }
        if let entry = try folder.revoked().entries.first(where: { $0.name == name }) {
            return (entry, true)
        }
        let problem = allowed.problems.first { $0.message.contains("/\(name):") }
        throw problem.map { CommandError(.badInput, $0.message) }
            ?? CommandError(
                .noInput, "there is no key named \(name); `barid keys list` shows them")
    }
}

extension KeyFolder.Entry {
    /// The key as `--json` prints it.
    func json(isRevoked: Bool) -> String {
        var text = JSONText()
        text.add("name", name)
        text.add("public_key", "\(publicKey)")
        text.add("allow", "\(rights)")
        text.add("revoked", isRevoked)
        return text.text
    }
}

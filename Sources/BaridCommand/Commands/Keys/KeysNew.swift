import ArgumentParser
import Barid
import BaridTransport
import Foundation
import GRPCCore

/// `barid keys new`.
struct KeysNew: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Make a key and let it in.",
        discussion: """
            Writes NAME.key (mode 0600), which holds the secret: bring it to the machine that connects, over a \
            way that you trust, and delete it here. The broker keeps the public half and the rights. Without \
            --allow the key may connect and do nothing.

            Examples:
              barid keys new wire --allow publish=news.barid.article.submitted.v1 --endpoint tcp://10.0.0.5:7450
              barid keys new tagger-2 --allow subscribe=tagger/>,publish=news.barid.>,serve=barid.tagger.>
              barid keys new editor --allow 'call=barid.index.>,subscribe=>' --output ~/editor.key
            """)

    @Argument(help: "The key's name: a-z, 0-9, '.' and '-'.")
    var name: String

    @Option(help: ArgumentHelp("What it may do: see `barid keys --help`.", valueName: "rights"))
    var allow: [String] = []

    @Option(
        help: ArgumentHelp(
            "Where the broker is for whoever uses the key; goes into the file.",
            valueName: "address"))
    var endpoint: String?

    @Option(help: ArgumentHelp("The file to write. The default is NAME.key.", valueName: "file"))
    var output: String?

    @OptionGroup var format: OutputOptions
    @OptionGroup var keys: KeyFolderOptions

    func run() async throws {
        try KeyFolder.check(name)
        let rights = try Rights(allow.joined(separator: ","))
        let endpoint = try endpoint.map { try Endpoint($0) }
        let folder = try keys.folder()
        let server = try folder.serverKey().pair.publicKey
        let pair = try KeyPair()
        let path = URL(fileURLWithPath: output ?? "\(name).key").path
        // The file first: a key that is let in and that nobody has would be in the way.
        try KeyFile(
            name: name, endpoint: endpoint, key: ClientKey(pair: pair, serverKey: server)
        ).write(to: path)
        do {
            try folder.allow(
                KeyFolder.Entry(name: name, publicKey: pair.publicKey, rights: rights))
        } catch {
            try? FileManager.default.removeItem(atPath: path)
            throw error
        }
        if format.json {
            var text = JSONText()
            text.add("name", name)
            text.add("file", path)
            text.add("public_key", "\(pair.publicKey)")
            text.add("server_key", "\(server)")
            text.add("allow", "\(rights)")
            Console.output.line(text.text)
        } else {
            let console = Console.output
            console.line(
                "The key \(name) is let in; its owner needs the file \(console.words(path)).")
            console.line(
                rights == Rights()
                    ? "It may connect and nothing else: see --allow in `barid keys --help`."
                    : "It may: \(rights)")
        }
    }
}

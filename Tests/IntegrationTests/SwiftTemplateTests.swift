import Foundation
import TestSupport
import Testing

/// `barid plugin new --lang swift`, as a newcomer would use it: built, tested, added to a running `barid up`,
/// and its output seen in the article.
///
/// Built by hand against the modules and objects that are there, which takes seconds: a package of its own
/// would compile Barid once more, some minutes. `Scripts/test-template` does that.
@Suite(.timeLimit(.minutes(5))) struct SwiftTemplateTests {
    private let folder: TemporaryFolder
    private let plugin: String

    init() throws {
        folder = try TemporaryFolder()
        plugin = folder.file("first-words")
    }

    private var environment: [String: String] {
        [
            "BARID_DATA": folder.file("data"), "BARID_STATE": folder.file("state"),
            "BARID_ENDPOINT": "ipc://" + folder.file("run/b.ipc"),
            "BARID_PLUGIN_PATH": folder.file("shipped"),
            "XDG_CONFIG_HOME": folder.file("config"), "HOME": folder.path,
        ]
    }

    private func barid(_ arguments: String...) async throws -> String {
        let process = try RunningProcess("barid", arguments, environment: environment)
        let code = try await process.ended()
        #expect(code == 0, "\(arguments): \(process.output)\(process.error)")
        return process.output
    }

    /// Runs the compiler that built these tests.
    private func compile(_ arguments: [String]) async throws {
        let compiler = try RunningProcess(
            "/usr/bin/env", ["swiftc"] + arguments,
            environment: [
                "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "HOME": folder.path,
            ])
        let code = try await compiler.ended()
        try #require(code == 0, "\(arguments): \(compiler.output)\(compiler.error)")
    }

    /// What the package manager would say of Barid's modules.
    private static let modules: [String] = {
        let maps = [
            "\(Repository.root)/.build/checkouts/Yams/Sources/CYaml/include/module.modulemap",
            "\(Repository.root)/Sources/CSodium/module.modulemap",
            "\(Repository.root)/Sources/CZeroMQ/module.modulemap",
        ]
        let flags = ["-swift-version", "6", "-warnings-as-errors"]
        return flags + ["-I", "\(Repository.products)/Modules"]
            + maps.flatMap { ["-Xcc", "-fmodule-map-file=\($0)"] }
    }()

    private func files(_ name: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(plugin)/\(name)")
            .filter { $0.hasSuffix(".swift") }.map { "\(plugin)/\(name)/\($0)" }
    }

    /// Objects to link: those of the parser, which needs what the template does, without its own.
    private func objects() throws -> String {
        let list = "\(Repository.products)/barid-parser.product/Objects.LinkFileList"
        let lines = try String(contentsOfFile: list, encoding: .utf8).split(separator: "\n")
        let own = ["/ParserPlugin.build/", "/ArticleParser.build/"]
        let others = lines.filter { line in !own.contains { line.contains($0) } }
        #expect(others.count < lines.count)
        let module = folder.file("FirstWords.o")
        return try folder.write((others + [module[...]]).joined(separator: "\n"), to: "objects")
    }

    private func build() async throws {
        let manifest = try Data(contentsOf: URL(fileURLWithPath: "\(plugin)/plugin.yaml"))
        // As `.embedInCode` has it.
        let resources = try folder.write(
            "struct PackageResources { static let plugin_yaml: [UInt8] = \(Array(manifest)) }\n",
            to: "embedded.swift")
        try await compile(
            [
                "-module-name", "FirstWords", "-parse-as-library", "-enable-testing", "-wmo",
                "-emit-module", "-emit-module-path", folder.file("FirstWords.swiftmodule"), "-c",
                "-o", folder.file("FirstWords.o"), "-Xfrontend", "-entry-point-function-name",
                "-Xfrontend", "FirstWords_main", resources,
            ] + Self.modules + files("Sources"))
        try FileManager.default.createDirectory(
            atPath: "\(plugin)/.build/debug", withIntermediateDirectories: true)
        try await compile([
            "-emit-executable", "-o", "\(plugin)/.build/debug/FirstWords", "@\(objects())",
            "-Xlinker", "--defsym", "-Xlinker", "main=FirstWords_main",
        ])
    }

    private func runTests() async throws {
        let runner = try folder.write(
            """
            import Testing

            @main struct Runner {
                static func main() async { await Testing.__swiftPMEntryPoint() as Never }
            }

            """, to: "Runner.swift")
        let testing = "\(Repository.products)/BaridTesting.build"
        let helpers = try FileManager.default.contentsOfDirectory(atPath: testing)
            .filter { $0.hasSuffix(".o") }.map { "\(testing)/\($0)" }
        try await compile(
            [
                "-emit-executable", "-module-name", "FirstWordsTests", "-parse-as-library", "-o",
                folder.file("tests"), "-I", folder.path, runner, "@\(objects())",
            ] + Self.modules + helpers + files("Tests"))
        let tests = try RunningProcess(
            folder.file("tests"), ["--testing-library", "swift-testing"])
        let code = try await tests.ended()
        let told = tests.output + tests.error
        #expect(code == 0 && told.contains("2 tests"), "\(told)")
    }

    @Test func aNewPluginIsBuiltTestedAddedAndSeenInTheArticle() async throws {
        let made = try await barid(
            "plugin", "new", "first-words", "--lang", "swift", "--folder", plugin, "--barid",
            Repository.root)
        #expect(made.contains("swift build --package-path") && made.contains("barid plugin add"))
        // Another summarizer might be built, so not all of the checkout.
        try FileManager.default.createDirectory(
            atPath: folder.file("shipped"), withIntermediateDirectories: true)
        for name in ["Parser", "EntityTagger", "Moderator", "Indexer"] {
            try FileManager.default.createSymbolicLink(
                atPath: folder.file("shipped/\(name)"),
                withDestinationPath: "\(Repository.root)/Plugins/\(name)")
        }
        let up = try RunningProcess("barid", ["up"], environment: environment)
        try await build()
        try await runTests()
        try await eventually("the supervisor") {
            let list = try RunningProcess("barid", ["plugin", "list"], environment: environment)
            return try await list.ended() == 0 ? () : nil
        }
        let added = try await barid("plugin", "add", plugin)
        #expect(added.contains("It is ready"), "\(added)")
        let text = try folder.write(
            "A bridge opens in Tarsin\n\nThe town of Tarsin opened its new bridge on Monday.\n",
            to: "article.txt")
        let published = try await barid("publish", text, "--wait", "--json")
        let first = try #require(published.split(separator: "\n").first)
        let result = try JSONSerialization.jsonObject(with: Data(first.utf8)) as? [String: Any]
        let article = try #require(result?["id"] as? String)
        try await eventually("its output in the article") {
            let shown = try await barid("article", article)
            let summary = shown.components(separatedBy: "\nSummary\n").dropFirst().first ?? ""
            let end = summary.components(separatedBy: "\nText\n").first ?? ""
            return end.contains("opened its new bridge") ? () : nil
        }
        let lines = try await barid("plugin", "logs", "first-words")
        #expect(lines.contains("\"words\":\"15\"") || lines.contains("words=15"), "\(lines)")
        _ = try await barid("down")
        #expect(try await up.ended() == 0, "\(up.error)")
    }

    /// What the package says of itself, and that the checkout has the products it asks for.
    @Test func thePackageAsksForWhatThereIs() async throws {
        _ = try await barid(
            "plugin", "new", "first-words", "--folder", plugin, "--barid", Repository.root)
        let dump = try RunningProcess(
            "/usr/bin/env",
            [
                "swift", "package", "--package-path", plugin, "--scratch-path",
                folder.file("scratch"), "dump-package",
            ],
            environment: [
                "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "HOME": folder.path,
            ])
        #expect(try await dump.ended() == 0, "\(dump.error)")
        let package = try #require(
            try JSONSerialization.jsonObject(with: Data(dump.output.utf8)) as? [String: Any])
        let targets = try #require(package["targets"] as? [[String: Any]])
        #expect(targets.map { $0["name"] as? String } == ["FirstWords", "FirstWordsTests"])
        let products = targets.flatMap { target in
            (target["dependencies"] as? [[String: Any]] ?? []).compactMap {
                ($0["product"] as? [Any])?.first as? String
            }
        }
        #expect(products == ["Barid", "BaridArticles", "BaridTesting"])
        let barid = try Repository.text(of: "Package.swift")
        for product in products {
            #expect(barid.contains(".library(name: \"\(product)\""), "\(product)")
        }
        #expect(dump.output.contains("\"\(Repository.root)\""))
    }
}

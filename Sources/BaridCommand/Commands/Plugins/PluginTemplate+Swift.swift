extension PluginTemplate {
    static func swiftFiles(name: String, type: String, source: Source) -> [File] {
        [
            File(path: "Package.swift", text: package(name, type, source)),
            File(path: "plugin.yaml", text: manifest(name, command: ".build/debug/\(type)")),
            File(path: "Sources/\(type).swift", text: plugin(type)),
            File(path: "Sources/\(type)Handler.swift", text: handler(name, type)),
            File(path: "Tests/\(type)HandlerTests.swift", text: tests(type)),
            File(path: "README.md", text: readme(name, type)),
            File(path: ".gitignore", text: ".build/\nPackage.resolved\n"),
        ]
    }

    private static func package(_ name: String, _ type: String, _ source: Source) -> String {
        let dependency =
            switch source {
            // By path alone the package would be called like its folder.
            case .path(let path): ".package(name: \"barid\", path: \(JSONText.string(path)))"
            case .url(let url): ".package(url: \(JSONText.string(url)), branch: \"main\")"
            }
        return """
            // swift-tools-version: 6.2
            import PackageDescription

            let package = Package(
                name: "\(name)",
                platforms: [.macOS(.v15)],
                dependencies: [
                    \(dependency)
                ],
                targets: [
                    .executableTarget(
                        name: "\(type)",
                        dependencies: [
                            .product(name: "Barid", package: "barid"),
                            .product(name: "BaridArticles", package: "barid"),
                        ],
                        path: ".", exclude: ["Tests", "README.md"], sources: ["Sources"],
                        resources: [.embedInCode("plugin.yaml")]),
                    .testTarget(
                        name: "\(type)Tests",
                        dependencies: [
                            "\(type)", .product(name: "BaridTesting", package: "barid"),
                        ], path: "Tests"),
                ]
            )

            """
    }

    private static func plugin(_ type: String) -> String {
        """
        import Barid

        /// The worker: its manifest, and what it does.
        @main
        struct \(type): Plugin {
            static let manifest = PackageResources.plugin_yaml

            static func work(_ setup: PluginSetup) throws -> PluginWork {
                PluginWork(handlers: [
                    \(type)Handler(settings: try setup.settings(as: \(type)Settings.self))
                ])
            }
        }

        /// The settings of plugin.yaml: the property `minimumWords` is the setting `minimum-words`.
        struct \(type)Settings: Decodable {
            var minimumWords: Int
        }

        """
    }

    private static func handler(_ name: String, _ type: String) -> String {
        """
        import Barid
        import BaridArticles

        /// Takes the first paragraph of an article as its summary.
        ///
        /// It may see an article twice, so the second time has to be harmless.
        struct \(type)Handler: EventHandler {
            let settings: \(type)Settings

            /// What is returned is emitted: in one atomic record with the acknowledgement.
            func handle(
                _ event: Event<Article>, in context: HandlerContext
            ) throws -> [any EventPayload] {
                let article = event.payload
                let words = article.text.split(whereSeparator: \\.isWhitespace).count
                guard words >= settings.minimumWords else { return [] }
                context.logger.info("counted", metadata: ["words": "\\(words)"])
                var summary = ArticleSummarized()
                summary.articleID = article.id
                summary.revision = article.revision
                summary.sentences = article.paragraphs.filter { $0.kind == .body }.prefix(1).map(\\.text)
                summary.summarizer = "\(name)"
                return [summary]
            }
        }

        """
    }

    private static func tests(_ type: String) -> String {
        """
        import BaridArticles
        import BaridTesting
        import Testing

        @testable import \(type)

        struct \(type)HandlerTests {
            let tester = HandlerTester(\(type)Handler(settings: \(type)Settings(minimumWords: 2)))

            func article(_ text: String) -> Article {
                var article = Article()
                article.id = "a"
                article.text = text
                article.paragraphs = [.with { $0.kind = .body; $0.text.text = text }]
                return article
            }

            @Test func theFirstParagraphIsTheSummary() async throws {
                let result = try await tester.handle(article("خبر قصير"))
                let summaries = try result.outputs(of: ArticleSummarized.self)
                #expect(summaries.map { $0.sentences.map(\\.text) } == [["خبر قصير"]])
            }

            @Test func aShortArticleIsPassedOver() async throws {
                let result = try await tester.handle(article("خبر"))
                #expect(result.error == nil && result.outputs.isEmpty)
            }
        }

        """
    }

    private static func readme(_ name: String, _ type: String) -> String {
        """
        # \(name)

        A plugin for Barid. `plugin.yaml` says what it receives and emits, `Sources/\(type)Handler.swift` what it does.

        ```sh
        swift build                  # the first time a few minutes
        swift test                   # runs the handler without a broker
        barid plugin add .           # `barid up` starts it, and starts it anew after each build
        barid plugin logs \(name)
        .build/debug/\(type) process FILE    # an article a line, as JSON; no broker
        ```

        What it emits, a summary, is shown by `barid article ID`. For facts of your own make a protobuf message an
        `EventPayload` with an `eventType` such as `com.example.article.counted.v1`, and put that under `emits`.

        """
    }
}

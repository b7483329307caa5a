import TestSupport
import Testing

/// The arrows between the parts: who may import whom (the map in README.md).
@Suite struct ImportTests {
    static let ours: Set<String> = Set(allowed.keys)

    static let allowed: [String: Set<String>] = [
        "ZeroMQ": ["CZeroMQ"],
        "BaridSchema": [],
        "BaridText": [],
        "BaridEngine": [],
        "BaridReflection": [],
        "BaridMetrics": [],
        "BaridTracing": [],
        "CZeroMQ": [], "CSodium": [], "CStorage": [], "CProcess": [],
        "BaridTransport": ["ZeroMQ"],
        "BaridLog": ["BaridEngine", "CStorage"],
        "BaridArticles": ["Barid", "BaridSchema", "BaridText", "CSodium"],
        "Barid": ["BaridSchema", "BaridTracing", "BaridTransport", "CSodium"],
        "BaridBroker": [
            "BaridEngine", "BaridLog", "BaridMetrics", "BaridReflection", "BaridSchema",
            "BaridTracing", "BaridTransport", "CSodium",
        ],
        "BaridSupervisor": ["Barid", "BaridMetrics", "BaridSchema", "CProcess"],
        "BaridTesting": ["Barid", "BaridSchema"],
        "BaridProof": ["BaridEngine"],
        "BaridBench": [
            "Barid", "BaridArticles", "BaridSchema", "BaridTransport", "CProcess", "ZeroMQ",
        ],
        "BaridChaos": ["Barid", "BaridProof", "BaridSchema", "BaridSupervisor", "BaridTransport"],
        "BrokerCommand": [
            "Barid", "BaridBroker", "BaridLog", "BaridMetrics", "BaridTransport", "ZeroMQ",
        ],
        "BaridConformance": ["Barid", "BaridArticles", "BaridSchema", "BaridTransport", "ZeroMQ"],
        "BaridCommand": [
            "Barid", "BaridArticles", "BaridBench", "BaridChaos", "BaridConformance", "BaridLog",
            "BaridMetrics", "BaridReflection", "BaridSchema", "BaridSupervisor", "BaridText",
            "BaridTracing", "BaridTransport",
        ],
        "ArticleParser": ["BaridArticles", "BaridSchema", "BaridText"],
        "EntityTagger": ["BaridArticles", "BaridSchema", "BaridText"],
        "Moderator": ["BaridArticles", "BaridSchema", "BaridText"],
        "Indexer": ["BaridArticles", "BaridSchema", "BaridText"],
        "ParserPlugin": ["ArticleParser", "Barid", "BaridArticles", "BaridSchema"],
        "EntityTaggerPlugin": ["EntityTagger", "Barid", "BaridArticles", "BaridSchema"],
        "ModeratorPlugin": ["Moderator", "Barid", "BaridArticles", "BaridSchema"],
        "IndexerPlugin": ["Indexer", "Barid", "BaridArticles", "BaridSchema"],
    ]

    /// The module that a source file belongs to.
    static func module(of path: String) -> String? {
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count > 2, path.hasSuffix(".swift") else { return nil }
        switch (parts[0], parts[2]) {
        case ("Sources", _): return parts[1]
        case ("Plugins", "Library"): return parts[1] == "Parser" ? "ArticleParser" : parts[1]
        case ("Plugins", "Command"): return parts[1] + "Plugin"
        default: return nil
        }
    }

    @Test func everyImportFollowsTheArrows() throws {
        var seen = 0
        for path in try Repository.files() {
            guard let module = Self.module(of: path) else { continue }
            let allowed = try #require(
                Self.allowed[module], "\(path): module \(module) has no row in this test")
            var isQuoted = false
            for line in try Repository.text(of: path).split(separator: "\n") {
                // Texts of several lines hold other people's programs.
                if line.split(separator: "\"\"\"", omittingEmptySubsequences: false).count == 2 {
                    isQuoted.toggle()
                }
                guard !isQuoted else { continue }
                let words = line.split(separator: " ")
                guard let at = words.firstIndex(of: "import"), at + 1 < words.count,
                    words[..<at].allSatisfy({ $0.hasPrefix("@") || access.contains($0) })
                else { continue }
                let imported = String(words[words.count - 1].prefix { $0 != "." })
                guard Self.ours.contains(imported) else { continue }
                seen += 1
                #expect(allowed.contains(imported), "\(path) must not import \(imported)")
            }
        }
        #expect(seen > 20, "the test found too few imports to mean anything")
    }

    private let access: Set<Substring> = [
        "public", "internal", "package", "private", "fileprivate",
    ]
}

import Foundation
import TestSupport
import Testing

@testable import Barid

/// Protocols/4-plugin.md: a manifest is valid as a whole, or every problem is told.
struct PluginManifestTests {
    private static let whole = """
        name: entity-tagger
        version: 1.2.3
        summary: Finds names.
        command: [barid-entity-tagger, serve]
        protocol: {minimum: 1, maximum: 2}
        consumes:
          topic: articles
          types: [news.barid.article.parsed.v1, "news.*.>"]
          attributes: {language: [ar, fa], source: https://a.example}
          group: taggers
          ordering: key
          concurrency: 4
          prefetch: 3
          start: new
          maximum-deliveries: 7
        emits: [news.barid.article.tagged.v1]
        serves: [barid.tagger.v1.EntityTagger]
        settings:
          - name: minimum-score
            type: number
            default: "0.5"
            help: Less certain names are left out.
        limits: {memory: 512 MiB, lease: 45s, deadline: 2m}
        """

    @Test func everyKeyIsRead() throws {
        let manifest = try PluginManifest(yaml: Array(Self.whole.utf8))
        #expect(manifest.name == "entity-tagger")
        #expect(manifest.version == "1.2.3")
        #expect(manifest.command == ["barid-entity-tagger", "serve"])
        #expect(manifest.protocolRange == 1...2)
        let consumes = try #require(manifest.consumes)
        #expect(consumes.types == ["news.barid.article.parsed.v1", "news.*.>"])
        #expect(
            consumes.attributes == ["language": ["ar", "fa"], "source": ["https://a.example"]])
        #expect(consumes.group == "taggers")
        #expect(consumes.concurrency == 4)
        #expect(consumes.prefetch == 3)
        #expect(consumes.start == .new)
        #expect(consumes.maximumDeliveries == 7)
        #expect(manifest.emits == ["news.barid.article.tagged.v1"])
        #expect(manifest.serves == ["barid.tagger.v1.EntityTagger"])
        #expect(manifest.settings.first?.kind == .number)
        #expect(manifest.limits.memory == 512 << 20)
        #expect(manifest.limits.lease == .seconds(45))
        #expect(manifest.limits.deadline == .seconds(120))
    }

    /// Logs and traces name Barid's own by their programs, others by the plugin.
    @Test(arguments: [("barid-parser", "barid-parser"), (".build/debug/Words", "words")])
    func aWorkerIsNamedByWhatIsKnownOfIt(command: String, name: String) throws {
        let yaml = """
            {name: words, version: '1', summary: s, command: [\(command)], consumes: {types: [a.b]}}
            """
        #expect(try PluginManifest(yaml: Array(yaml.utf8)).programName == name)
    }

    @Test func defaultsAreTheDocumentedOnes() throws {
        let yaml = """
            {name: echo, version: "1", summary: s, command: [echo], consumes: {types: [">"]}}
            """
        let manifest = try PluginManifest(yaml: Array(yaml.utf8))
        let consumes = try #require(manifest.consumes)
        #expect(consumes.group == "echo")
        #expect(consumes.topic == "articles")
        #expect(consumes.attributes.isEmpty)
        #expect(consumes.start == .first)
        #expect(consumes.concurrency == 1)
        #expect(consumes.prefetch == 2)
        #expect(consumes.maximumDeliveries == nil)
        #expect(manifest.limits.lease == .seconds(30))
        #expect(manifest.limits.deadline == .seconds(600))
        #expect(manifest.limits.memory == nil)
    }

    @Test func allProblemsAreToldAtOnceWithTheirLines() throws {
        let yaml = """
            name: Bad Name
            version: 1
            colour: red
            command: [../escape]
            protocol: {minimum: 3, maximum: 2}
            consumes:
              types: []
              ordering: none
              concurrency: 0
            settings:
              - {name: a, type: integer, default: x, help: h}
            limits: {memory: lots, lease: 2h}
            """
        let error = try #require(throws: PluginManifestError.self) {
            try PluginManifest(yaml: Array(yaml.utf8))
        }
        for (line, part) in [
            (3, "unknown key \"colour\""), (1, "\"Bad Name\" is not a name"),
            (nil, "summary is missing"), (4, "../escape"), (5, "minimum 3 is above maximum 2"),
            (7, "types is empty"), (8, "\"none\" is none of: key"), (9, "from 1 to 1024"),
            (11, "the default of a is not a integer"), (12, "not a size"), (12, "outside 1s to 1h"),
        ] as [(Int?, String)] {
            #expect(
                error.problems.contains {
                    $0.message.contains(part) && (line == nil || $0.line == line)
                }, "\(part) in \(error)")
        }
        let lines = error.problems.compactMap(\.line)
        #expect(lines == lines.sorted() && lines.count == error.problems.count, "\(error)")
    }

    @Test(arguments: [
        ("", "empty"), ("[]", "not a mapping"), ("name: [", "not YAML"),
        ("name: a\nname: b", "duplicated"),
        ("{name: a, version: b, summary: c, command: [d]}", "neither consumes nor serves"),
    ])
    func brokenFilesAreRefused(yaml: String, part: String) throws {
        let error = try #require(throws: PluginManifestError.self) {
            try PluginManifest(yaml: Array(yaml.utf8))
        }
        #expect(error.description.contains(part), "\(error)")
    }

    /// The same manifests that the Python reader and the JSON Schema are held to.
    private struct Vectors: Decodable {
        struct Vector: Decodable {
            var name: String
            var yaml: String
        }

        var valid: [Vector]
        var invalid: [Vector]
    }

    @Test func vectorsAreReadOrRefused() throws {
        let file = "\(Repository.root)/Protocols/vectors/manifests/manifests.json"
        let data = try #require(FileManager.default.contents(atPath: file))
        let vectors = try JSONDecoder().decode(Vectors.self, from: data)
        #expect(vectors.valid.count > 20 && vectors.invalid.count > 50)
        for vector in vectors.valid {
            #expect(throws: Never.self, "\(vector.name)") {
                try PluginManifest(yaml: Array(vector.yaml.utf8))
            }
        }
        for vector in vectors.invalid {
            #expect(throws: PluginManifestError.self, "\(vector.name)") {
                try PluginManifest(yaml: Array(vector.yaml.utf8))
            }
        }
    }

    @Test func tooLargeOrNotTextIsRefused() throws {
        let large = [UInt8](repeating: 0x20, count: PluginManifest.maximumBytes + 1)
        #expect(throws: PluginManifestError.self) { try PluginManifest(yaml: large) }
        #expect(throws: PluginManifestError.self) { try PluginManifest(yaml: [0xff, 0xfe, 0x00]) }
    }

    /// Protocols/4-plugin.md §1: "8 names, 32 values each".
    @Test(arguments: [
        ("[]", "not a mapping"), ("{Language: ar}", "not the name of an attribute"),
        ("{time: x}", "no filter on the attribute time"), ("{a: []}", "0 values of a"),
        ("{a: ''}", "is empty"), ("{a: {b: c}}", "a text is expected"),
    ])
    func brokenAttributesAreRefused(attributes: String, part: String) throws {
        let error = try #require(throws: PluginManifestError.self) {
            try Self.manifest(attributes: attributes)
        }
        #expect(error.description.contains(part), "\(error)")
    }

    @Test(arguments: [(7, 31, true), (8, 32, true), (9, 1, false), (1, 33, false)])
    func limitsAttributes(names: Int, values: Int, accepted: Bool) {
        let list = (0..<values).map { "v\($0)" }.joined(separator: ", ")
        let attributes = (0..<names).map { "a\($0): [\(list)]" }.joined(separator: ", ")
        #expect(((try? Self.manifest(attributes: "{\(attributes)}")) != nil) == accepted)
    }

    @Test(arguments: [(1, true), (2_047, true), (2_048, true), (2_049, false)])
    func limitsValuesOfAttributes(length: Int, accepted: Bool) {
        let value = String(repeating: "v", count: length)
        #expect(((try? Self.manifest(attributes: "{a: \(value)}")) != nil) == accepted)
    }

    private static func manifest(attributes: String) throws -> PluginManifest {
        let yaml = """
            {name: a, version: b, summary: c, command: [d],
             consumes: {types: [">"], attributes: \(attributes)}}
            """
        return try PluginManifest(yaml: Array(yaml.utf8))
    }
}

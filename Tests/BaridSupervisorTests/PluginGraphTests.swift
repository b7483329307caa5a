import BaridSupervisor
import Testing

/// Protocols/4-plugin.md §3.1: who starts first, and of whom `barid up` warns.
struct PluginGraphTests {
    private func plugin(
        _ name: String, _ consumes: [String], _ emits: [String], topic: String = ""
    ) -> PluginDescription {
        var plugin = PluginDescription(
            name: name, command: [name],
            groups: consumes.isEmpty
                ? [] : [.init(topic: topic, name: name, types: consumes)])
        plugin.emits = emits
        return plugin
    }

    @Test func aPluginStartsAfterThoseThatFeedIt() {
        let plugins = [
            plugin("indexer", ["a.*.v1"], ["a.indexed.v2"]),
            plugin("tagger", ["a.parsed.v1"], ["a.tagged.v1"]), plugin("service", [], []),
            plugin("parser", ["a.submitted.v2"], ["a.parsed.v1"]),
        ]
        let graph = PluginGraph(plugins)
        #expect(graph.order.map { plugins[$0].name } == ["service", "parser", "tagger", "indexer"])
        #expect(plugins.allSatisfy { graph.circle(of: $0.name).isEmpty })
        #expect(graph.warning(of: "parser") == nil)
    }

    @Test func circlesAreToldByTheirShortestWay() throws {
        let plugins = [
            plugin("a", ["t.x"], ["t.y"]), plugin("b", ["t.y"], ["t.z"]),
            plugin("c", ["t.>"], ["t.x"]), plugin("d", ["t.z"], []),
        ]
        let graph = PluginGraph(plugins)
        #expect(graph.circle(of: "a") == ["a", "c"])
        #expect(graph.circle(of: "b") == ["b", "c", "a"])
        #expect(graph.circle(of: "c") == ["c"])
        #expect(graph.circle(of: "d").isEmpty)
        #expect(Set(graph.order) == Set(0..<4))
        let warning = try #require(graph.warning(of: "a"))
        #expect(warning.contains("a → c → a") && warning.contains("64"))
    }

    @Test func aServiceOfTwoPluginsIsToldOfBoth() throws {
        var one = plugin("one", [], [])
        one.serves = ["t.v1.A", "t.v1.B"]
        var two = plugin("two", [], [])
        two.serves = ["t.v1.B"]
        let graph = PluginGraph([one, two, plugin("three", [], [])])
        let warning = try #require(graph.warning(of: "one"))
        #expect(warning.contains("t.v1.B is served by two too") && !warning.contains("t.v1.A"))
        #expect(graph.warning(of: "two")?.contains("served by one too") == true)
        #expect(graph.warning(of: "three") == nil)
    }

    @Test func outputsStayInTheirTopic() {
        let graph = PluginGraph([
            plugin("a", ["t.x"], ["t.y"]), plugin("b", ["t.y"], ["t.x"], topic: "other"),
        ])
        #expect(graph.circle(of: "a").isEmpty)
    }
}

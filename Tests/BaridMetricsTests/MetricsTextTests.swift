import TestSupport
import Testing

@testable import BaridMetrics

/// Protocols/8-observability §1: the text exposition format 0.0.4.
@Suite struct MetricsTextTests {
    @Test func writesWhatAReaderOfTheFormatReads() throws {
        var text = MetricsText()
        text.begin("a_total", .counter, "What \\ is\nsaid.")
        text.add(7, [("name", "q\"uo\\te\nnext"), ("of", "")])
        text.begin("b", .gauge, "Numbers.")
        text.add(-0.25)
        text.begin("c_seconds", .histogram, "Times.")
        text.add(histogram: [2, 0, 3], bounds: [0.5, 1], sum: 12.5, [("group", "g")])
        let read = try Exposition(text.text)
        #expect(read.families["a_total"]?.help == "What \\\\ is\\nsaid.")
        #expect(
            read.families["a_total"]?.samples == [
                .init(name: "a_total", labels: ["name": "q\"uo\\te\nnext", "of": ""], value: 7)
            ])
        #expect(read["b", [:]] == -0.25)
        #expect(read["c_seconds_bucket", ["group": "g", "le": "0.5"]] == 2)
        #expect(read["c_seconds_bucket", ["group": "g", "le": "1.0"]] == 2)
        #expect(read["c_seconds_bucket", ["group": "g", "le": "+Inf"]] == 5)
        #expect(read["c_seconds_count", ["group": "g"]] == 5)
        #expect(read["c_seconds_sum", ["group": "g"]] == 12.5)
    }

    @Test func writesNumbersThatAreNone() throws {
        var text = MetricsText()
        text.begin("a", .gauge, "Numbers.")
        text.add(Double.infinity, [("n", "1")])
        text.add(-Double.infinity, [("n", "2")])
        text.add(Double.nan, [("n", "3")])
        let read = try Exposition(text.text)
        #expect(read["a", ["n": "1"]] == .infinity && read["a", ["n": "2"]] == -.infinity)
        #expect(read["a", ["n": "3"]]?.isNaN == true)
    }

    @Test func theFiguresOfThisProcessAreItsOwn() throws {
        let figures = try #require(ProcessFigures())
        #expect(figures.residentBytes > 1 << 20 && figures.cpuSeconds > 0)
        #expect(try #require(figures.openDescriptors) > 2)
        #expect(figures.startTime > 1_600_000_000)
        #expect(ProcessFigures(of: 0) == nil && ProcessFigures(of: -1) == nil)
    }
}

/// What `--metrics` takes: loopback as it is, everything else only when it is asked for.
@Suite struct MetricsAddressTests {
    @Test(arguments: [
        ("127.0.0.1:7451", "127.0.0.1", 7451), ("localhost:80", "127.0.0.1", 80),
        ("7451", "127.0.0.1", 7451), (":0", "127.0.0.1", 0), ("[::1]:7451", "::1", 7451),
        ("127.1.2.3:65535", "127.1.2.3", 65_535), ("public:0.0.0.0:7451", "0.0.0.0", 7451),
        ("public:[::]:7451", "::", 7451), ("public:192.0.2.7:1", "192.0.2.7", 1),
    ])
    func reads(text: String, host: String, port: UInt16) throws {
        let address = try MetricsAddress(text)
        #expect(address.host == host && address.port == port)
        #expect(try MetricsAddress(address.description) == address)
    }

    @Test(arguments: [
        "0.0.0.0:7451", "[::]:7451", "192.0.2.7:7451", "", "7451x", "127.0.0.1:", "127.0.0.1:65536",
        "news.example:7451", "127.0.0.1.evil:1", "public:", "public:evil:1", "-1", "127.0.0.1:+7",
        "[127.0.0.1:7", "127.0.0:7", "127.0.0.1:٧",
    ])
    func refuses(text: String) {
        #expect(throws: MetricsAddress.Refused.self) { try MetricsAddress(text) }
    }

    @Test func saysHowToAskForAnAddressThatOthersReach() throws {
        let refused = #expect(throws: MetricsAddress.Refused.self) {
            try MetricsAddress("0.0.0.0:7451")
        }
        #expect(refused?.description.contains("public:0.0.0.0:7451") == true)
        #expect(try MetricsAddress("127.0.0.1:7451").next?.port == 7452)
        #expect(try MetricsAddress("127.0.0.1:65535").next == nil)
        #expect(try MetricsAddress("127.0.0.1:0").next?.port == 0)
    }
}

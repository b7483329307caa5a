import Foundation
import Synchronization
import TestSupport
import Testing

@testable import BaridMetrics

/// Protocols/8-observability §1: whoever connects harms nothing.
///
/// One after the other: who sends much keeps a thread that the server needs for its figures.
@Suite(.serialized, .timeLimit(.minutes(5))) struct MetricsServerTests {
    private static func server(
        _ render: @escaping @Sendable () async -> String? = { page }
    ) throws -> MetricsServer {
        try MetricsServer(MetricsAddress("127.0.0.1:0"), render: render)
    }

    private static let page = "# HELP a A number.\n# TYPE a gauge\na 1\n"

    private func ask(_ server: MetricsServer, _ request: String) async throws -> String {
        let client = try RawClient(port: server.address.port)
        client.send(Array(request.utf8))
        return await client.received()
    }

    @Test func servesFiguresAndNothingElse() async throws {
        let server = try Self.server()
        defer { server.stop() }
        #expect(try await RawClient.figures(port: server.address.port)["a", [:]] == 1)
        let answers: [(String, String)] = [
            ("GET / HTTP/1.1\r\n\r\n", "404"), ("GET /metricsx HTTP/1.1\r\n\r\n", "404"),
            ("GET /metrics?x=1 HTTP/1.0\n\n", "200"), ("HEAD /metrics HTTP/1.1\r\n\r\n", "200"),
            ("POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "405"),
            ("GET /metrics SPDY/3\r\n\r\n", "400"), ("GET  /metrics HTTP/1.1\r\n\r\n", "400"),
            ("\r\n\r\n", "400"), ("\u{1}\u{2}\u{3}\n\n", "400"),
        ]
        for (request, code) in answers {
            let answer = try await ask(server, request)
            #expect(answer.hasPrefix("HTTP/1.1 \(code) "), "\(request.debugDescription): \(answer)")
        }
        let head = try await ask(server, "HEAD /metrics HTTP/1.1\r\n\r\n")
        #expect(
            head.hasSuffix("\r\n\r\n") && head.contains("Content-Length: \(Self.page.utf8.count)"))
    }

    @Test func aHeaderHasAnEnd() async throws {
        let server = try Self.server()
        defer { server.stop() }
        // One byte below the limit there is room for the end of the header.
        let start = "GET /metrics HTTP/1.1\r\nX: "
        let fits = RequestReader.maximumBytes - start.utf8.count - 4
        let below = try await ask(server, start + String(repeating: "a", count: fits) + "\r\n\r\n")
        #expect(below.hasPrefix("HTTP/1.1 200 "))
        let above = try await ask(server, start + String(repeating: "a", count: fits + 4))
        #expect(above.hasPrefix("HTTP/1.1 431 "))
        let huge = try RawClient(port: server.address.port)
        huge.send([UInt8](repeating: 0x41, count: 16 << 20))
        #expect(try await RawClient.figures(port: server.address.port)["a", [:]] == 1)
    }

    @Test func slowAndManyPeersKeepNobodyOut() async throws {
        let server = try Self.server()
        defer { server.stop() }
        var idle: [RawClient] = []
        for number in 0..<200 {
            let client = try RawClient(port: server.address.port)
            if number % 2 == 0 { client.send(Array("GET /met".utf8)) }
            idle.append(client)
        }
        #expect(try await RawClient.figures(port: server.address.port)["a", [:]] == 1)
        // The oldest made room; what is left ends when its time is over.
        let began = ContinuousClock.now
        for client in idle { #expect(await client.received().isEmpty) }
        #expect(began.duration(to: .now) < MetricsServer.exchangeLimit + .seconds(10))
        #expect(try await RawClient.figures(port: server.address.port)["a", [:]] == 1)
    }

    @Test func aPeerThatDoesNotReadIsLetGo() async throws {
        let page = Self.page + String(repeating: "# HELP a A number.\n", count: 400_000)
        let server = try Self.server { page }
        defer { server.stop() }
        let deaf = try RawClient(port: server.address.port)
        deaf.send(Array("GET /metrics HTTP/1.1\r\n\r\n".utf8))
        let other = try await ask(server, "HEAD /metrics HTTP/1.1\r\n\r\n")
        #expect(other.hasPrefix("HTTP/1.1 200 "))
        withExtendedLifetime(deaf) {}
    }

    /// A second after its answer, however much it goes on sending.
    @Test func aPeerThatNeverStopsIsCut() async throws {
        let server = try Self.server()
        defer { server.stop() }
        let client = try RawClient(port: server.address.port)
        client.send(Array("GET /metrics HTTP/1.1\r\n\r\n".utf8))
        #expect(await client.received().hasSuffix(Self.page))
        let began = ContinuousClock.now
        var isCut = false
        while !isCut, began.duration(to: .now) < MetricsServer.exchangeLimit {
            isCut = !client.send([UInt8](repeating: 0x41, count: 1 << 10))
            await Task.yield()
        }
        #expect(isCut)
    }

    @Test func saysSoWhenThereAreNoFigures() async throws {
        let server = try Self.server { nil }
        defer { server.stop() }
        #expect(try await ask(server, "GET /metrics HTTP/1.1\r\n\r\n").hasPrefix("HTTP/1.1 503 "))
    }

    @Test func figuresArePutTogetherOnceForAFlood() async throws {
        let calls = Mutex(0)
        let server = try Self.server {
            calls.withLock { $0 += 1 }
            return Self.page
        }
        defer { server.stop() }
        let began = ContinuousClock.now
        for _ in 0..<100 { _ = try await RawClient.figures(port: server.address.port) }
        let most = Int(began.duration(to: .now) / MetricsServer.freshness) + 1
        #expect(calls.withLock { $0 } <= most)
    }

    @Test func thePortIsFreeOnceItHasStopped() async throws {
        let first = try Self.server()
        let port = first.address.port
        #expect(throws: MetricsServer.Failure.self) {
            _ = try MetricsServer(MetricsAddress("\(port)")) { Self.page }
        }
        first.stop()
        first.stop()
        let second = try MetricsServer(MetricsAddress("\(port)")) { Self.page }
        #expect(second.address.port == port)
        second.stop()
    }
}

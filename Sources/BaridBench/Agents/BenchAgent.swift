internal import Barid
internal import BaridTransport
internal import Foundation

/// One process of a benchmark: producer, worker or caller, over the library that users use.
package enum BenchAgent {
    /// Does what the order says, until standard input ends.
    ///
    /// - Parameter order: An ``AgentOrder`` as JSON.
    /// - Throws: ``BenchFailure`` when it cannot be read, and what the work throws.
    package static func run(_ order: String) async throws {
        let order = try JSONDecoder().decode(AgentOrder.self, from: Data(order.utf8))
        let endpoint = try Endpoint(order.endpoint)
        let input = InputLines()
        switch order.role {
        case .publish: try await PublishAgent(order: order, endpoint: endpoint).run(input)
        case .work: try await WorkAgent(order: order, endpoint: endpoint).run(input)
        case .serve: try await CallAgent(order: order, endpoint: endpoint).serve(input)
        case .call: try await CallAgent(order: order, endpoint: endpoint).run(input)
        }
    }

    static func tell(_ report: AgentReport) throws {
        var line = try JSONEncoder().encode(report)
        line.append(UInt8(ascii: "\n"))
        FileHandle.standardOutput.write(line)
    }
}

/// Lines of standard input, read on a thread of their own.
struct InputLines: Sendable {
    private let lines: AsyncStream<String>

    init() {
        let (lines, post) = AsyncStream.makeStream(of: String.self)
        self.lines = lines
        let thread = Thread {
            while let line = readLine() { post.yield(line) }
            post.finish()
        }
        thread.name = "input"
        thread.start()
    }

    /// The next line; `nil` at the end.
    func next() async -> String? {
        for await line in lines { return line }
        return nil
    }
}

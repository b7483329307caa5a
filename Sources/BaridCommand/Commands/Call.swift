import ArgumentParser
import Barid
import BaridSchema
import Foundation
import GRPCCore

/// `barid call`.
struct Call: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Call a method of a service through the broker, with JSON.",
        discussion: """
            The request and the responses are protobuf JSON; a streaming method prints one response a line.

            Examples:
              barid call --list
              barid call barid.tagger.v1.EntityTagger/Tag '{"text": "وصلت سلمى درويش إلى عمان"}'
              barid call EntityTagger/Tag - < request.json
              barid call Admin/ListDeadLetters '{"maximum": 5}'
            """)

    @Argument(help: ArgumentHelp("What to call, as Index/Search.", valueName: "service/method"))
    var method: String?

    @Argument(help: "The request in JSON; \"-\" reads it from standard input. The default is {}.")
    var request: String?

    @Flag(help: "List the methods, and who serves them now.")
    var list = false

    @Option(
        help: ArgumentHelp("How long to wait for the answer, in seconds.", valueName: "seconds"))
    var deadline = 30.0

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func validate() throws {
        guard list != (method != nil) else {
            throw ValidationError("Give SERVICE/METHOD, or --list.")
        }
        guard deadline > 0 else { throw ValidationError("--deadline is above 0.") }
    }

    func run() async throws {
        guard let method else { return try await printList() }
        let found = CallableMethod.find(method)
        guard let callable = found.first, found.count == 1 else {
            let names = found.map(\.name).joined(separator: ", ")
            throw CommandError(
                .badInput,
                found.isEmpty
                    ? "no method \(method) is known; `barid call --list` shows them all"
                    : "\(method) may be \(names)")
        }
        let json = try requestText()
        let options = CallOptions.within(.milliseconds(Int64(deadline * 1000)))
        try await broker.connected(as: "barid call") { client in
            try await callable.call(client, json, options) { Console.output.line($0) }
        }
    }

    private func requestText() throws -> String {
        guard let request else { return "{}" }
        guard request == "-" else { return request }
        var input = ByteInput(descriptor: FileHandle.standardInput.fileDescriptor)
        guard let content = input.all(maximum: 16 << 20) else {
            throw CommandError(.badInput, "standard input: a request has at most 16 MiB")
        }
        if let wrong = InputCheck.text(content, isCertain: true) {
            throw CommandError(.badInput, "standard input \(wrong)")
        }
        return String(decoding: content, as: UTF8.self)
    }

    private func printList() async throws {
        // What can be called is known without a broker; who serves it is not.
        let served = try? await broker.connected(as: "barid call") { client in
            try await client.admin.listServices(
                Barid_Admin_V1_ListServicesRequest(), options: .within(.seconds(5)))
        }
        var table = Table([
            Table.Column("METHOD"), Table.Column("SERVED BY"), Table.Column("REQUEST"),
            Table.Column("RESPONSE"),
        ])
        for method in CallableMethod.all {
            let service = served?.services.first {
                $0.service == method.descriptor.service.fullyQualifiedService
            }
            let workers = (service?.local == true ? ["broker"] : []) + (service?.workers ?? [])
            guard !output.json else {
                var line = JSONText()
                line.add("method", method.name)
                line.add("request", method.request)
                line.add("response", method.response)
                line.add("streaming", method.isStreaming)
                line.add(
                    "served_by", json: "[\(workers.map(JSONText.string).joined(separator: ","))]")
                Console.output.line(line.text)
                continue
            }
            table.add([
                method.name,
                served == nil
                    ? "(no broker)" : workers.isEmpty ? "nobody" : workers.joined(separator: " "),
                method.request, (method.isStreaming ? "stream of " : "") + method.response,
            ])
        }
        if !output.json { for line in table.lines(on: .output) { Console.output.line(line) } }
    }
}

import ArgumentParser
import Barid
import BaridReflection
import BaridSchema
import Foundation
import GRPCCore

/// `barid call`.
struct Call: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Call a method of a service through the broker, with JSON.",
        discussion: """
            The request and the responses are protobuf JSON; a method that streams its responses prints one a \
            line, and one that streams its requests takes one a line from standard input. Services of any \
            plugin can be called that has told the broker their descriptors. A method whose \
            idempotency_level allows it is called again when the worker dies that works on it.

            Examples:
              barid call --list
              barid call barid.tagger.v1.EntityTagger/Tag '{"text": "وصلت سلمى درويش إلى عمان"}'
              barid call EntityTagger/Tag - < request.json
              barid call Admin/ListDeadLetters '{"maximum": 5}'
              barid call Health/Watch '{"service": "barid.index.v1.Index"}' --deadline 3600
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

    @Option(
        help: ArgumentHelp(
            "Metadata to send; the value of a key that ends in -bin is base64. May be given often.",
            valueName: "key=value"))
    var metadata: [String] = []

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func validate() throws {
        guard list != (method != nil) else {
            throw ValidationError("Give SERVICE/METHOD, or --list.")
        }
        guard deadline > 0, deadline <= 86_400 else {
            throw ValidationError("--deadline is above 0 and at most 86400.")
        }
        _ = try sentMetadata()
    }

    func run() async throws {
        guard let method else { return try await printList() }
        let known = try MethodCatalog()
        // What Barid's own services take is known without a broker, so wrong input is said at once.
        if let call = try call(method, in: known, isLast: false), request != "-" {
            _ = try call.encode(request ?? "{}")
        }
        try await broker.connected(as: "barid call") { client in
            var catalog = known
            if catalog.find(method).isEmpty { _ = try await catalog.learn(from: client) }
            guard let call = try call(method, in: catalog, isLast: true) else { return }
            try await call.run(client, requests: try requests(of: call.method)) {
                Console.output.line($0)
            }
        }
    }

    /// The call of a method by its name.
    private func call(
        _ name: String, in catalog: MethodCatalog, isLast: Bool
    ) throws -> JSONCall? {
        let found = catalog.find(name)
        guard let method = found.first else {
            guard isLast else { return nil }
            throw CommandError(
                .badInput, "no method \(name) is known; `barid call --list` shows them all")
        }
        guard found.count == 1 else {
            let names = found.map(\.path).joined(separator: ", ")
            throw CommandError(.badInput, "\(name) may be \(names)")
        }
        let limit = Duration.milliseconds(Int64(deadline * 1000))
        return JSONCall(
            method: method, pool: catalog.pool(of: method), metadata: try sentMetadata(),
            options: method.isIdempotent ? .idempotent(within: limit) : .within(limit))
    }

    private func sentMetadata() throws -> Metadata {
        var sent = Metadata()
        for entry in metadata {
            let parts = entry.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty, parts[0] == parts[0].lowercased() else {
                throw ValidationError("--metadata \(entry): expected key=value, key in lower case")
            }
            if parts[0].hasSuffix("-bin") {
                guard let bytes = Data(base64Encoded: parts[1]) else {
                    throw ValidationError("--metadata \(parts[0]): the value is not base64")
                }
                sent.addBinary(Array(bytes), forKey: parts[0])
            } else {
                sent.addString(parts[1], forKey: parts[0])
            }
        }
        return sent
    }

    // MARK: Requests

    private func requests(of method: DescriptorPool.Method) throws -> AsyncStream<String> {
        guard request == "-", method.clientStreaming else {
            let json = try requestText()
            return AsyncStream { stream in
                stream.yield(json)
                stream.finish()
            }
        }
        // Reading blocks, so it has a thread of its own; a person may type while answers come.
        let (stream, post) = AsyncStream.makeStream(of: String.self)
        Thread.detachNewThread {
            var input = ByteInput(descriptor: FileHandle.standardInput.fileDescriptor)
            while let line = input.line(maximum: 16 << 20) {
                let text = String(decoding: line.content, as: UTF8.self)
                if !text.allSatisfy(\.isWhitespace) { post.yield(text) }
            }
            post.finish()
        }
        return stream
    }

    private func requestText() throws -> String {
        guard let request else { return "{}" }
        guard request == "-" else { return request }
        var input = ByteInput(descriptor: FileHandle.standardInput.fileDescriptor)
        guard let content = input.all(maximum: 16 << 20) else {
            throw CommandError(.badInput, "standard input: a request has at most 16 MiB")
        }
        if let wrong = InputCheck.text(content) {
            throw CommandError(.badInput, "standard input \(wrong)")
        }
        return String(decoding: content, as: UTF8.self)
    }

    // MARK: The list

    private struct Served: Sendable {
        var catalog: MethodCatalog
        var services: [Barid_Admin_V1_ServiceStatus]
        var undescribed: [String]
    }

    private func printList() async throws {
        // What can be called is known without a broker; who serves it is not.
        let known = try MethodCatalog()
        let served = try? await broker.connected(as: "barid call") { client in
            var catalog = known
            let undescribed = try await catalog.learn(from: client)
            let services = try await client.admin.listServices(
                Barid_Admin_V1_ListServicesRequest(), options: .within(.seconds(5))
            ).services
            return Served(catalog: catalog, services: services, undescribed: undescribed)
        }
        var table = Table([
            Table.Column("METHOD"), Table.Column("SERVED BY"), Table.Column("REQUEST"),
            Table.Column("RESPONSE"),
        ])
        for method in (served?.catalog ?? known).methods {
            let service = served?.services.first { $0.service == method.service }
            let workers = (service?.local == true ? ["broker"] : []) + (service?.workers ?? [])
            guard !output.json else {
                var line = JSONText()
                line.add("method", method.path)
                line.add("request", method.input)
                line.add("response", method.output)
                line.add("client_streaming", method.clientStreaming)
                line.add("server_streaming", method.serverStreaming)
                line.add(
                    "served_by", json: "[\(workers.map(JSONText.string).joined(separator: ","))]")
                Console.output.line(line.text)
                continue
            }
            let console = Console.output
            table.add([
                console.words(method.path),
                served == nil
                    ? "(no broker)"
                    : workers.isEmpty ? "nobody" : console.words(workers.joined(separator: " ")),
                (method.clientStreaming ? "stream of " : "") + console.words(method.input),
                (method.serverStreaming ? "stream of " : "") + console.words(method.output),
            ])
        }
        guard !output.json else { return }
        for line in table.lines(on: .output) { Console.output.line(line) }
        for service in served?.undescribed ?? [] {
            Console.output.line(
                "\(Console.output.words(service))/?  its worker gave no descriptors")
        }
    }
}

import Barid
import Foundation
import SwiftProtobuf

/// A worker for tests: the event says what it does.
@main
struct EchoWorker: Plugin {
    /// Another manifest than the embedded one may be given, for what a test or measurement needs.
    static let manifest =
        ProcessInfo.processInfo.environment["ECHO_MANIFEST"]
        .flatMap { FileManager.default.contents(atPath: $0) }.map(Array.init)
        ?? PackageResources.plugin_yaml

    static func work(_ setup: PluginSetup) -> PluginWork {
        PluginWork(handlers: [OrderHandler()])
    }
}

/// An order is a text: `echo`, `sleep MILLISECONDS`, `until FILE` (is there), `refuse`, `fail`,
/// `crash`; `crash` and `fail` are meant for the first attempt only.
struct OrderHandler: EventHandler {
    func handle(
        _ event: Event<Google_Protobuf_StringValue>, in context: HandlerContext
    ) async throws -> [any EventPayload] {
        let words = event.payload.value.split(separator: " ")
        switch words.first {
        case "sleep":
            try await Task.sleep(for: .milliseconds(words.last.flatMap { Int($0) } ?? 0))
        case "until":
            let path = words.dropFirst().first.map(String.init) ?? ""
            while !FileManager.default.fileExists(atPath: path) {
                try await Task.sleep(for: .milliseconds(5))
            }
        case "refuse": throw RejectEvent("as ordered")
        case "fail" where context.attempt == 1: throw CocoaError(.featureUnsupported)
        case "crash" where context.attempt == 1: abort()
        default: break
        }
        let echo = "\(event.payload.value) #\(context.attempt)"
        return [Google_Protobuf_BytesValue.with { $0.value = Data(echo.utf8) }]
    }
}

extension Google_Protobuf_StringValue: EventPayload {
    /// An order.
    public static var eventType: String { "test.barid.order.given.v1" }
}

extension Google_Protobuf_BytesValue: EventPayload {
    /// An answer.
    public static var eventType: String { "test.barid.echo.heard.v1" }
}

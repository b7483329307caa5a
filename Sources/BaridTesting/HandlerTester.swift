public import Barid
public import GRPCCore
internal import Logging

/// Runs a handler against events as a worker would, without a broker.
///
/// ```swift
/// let tester = HandlerTester(ShoutHandler())
/// let result = try await tester.handle(Said.with { $0.text = "hello" })
/// #expect(result.outputs(of: Shouted.self).map(\.text) == ["HELLO"])
/// ```
public struct HandlerTester<Handler: EventHandler>: Sendable {
    /// What came of one event.
    public struct Result: Sendable {
        /// The event that was handled.
        public let event: EventEnvelope
        /// The emitted events, with the attributes a worker gives them; empty after an error.
        public let outputs: [EventEnvelope]
        /// What the handler threw, as the broker would be told; `nil` means acknowledged.
        public let error: RPCError?

        /// What becomes of the event; `nil` means acknowledged.
        public var fate: Fate? { error.map { Fate($0.code) } }

        /// The bodies of the outputs of one type.
        ///
        /// - Parameter payload: The type of the bodies.
        /// - Returns: The bodies, in order; outputs of other types are left out.
        /// - Throws: `RPCError` if a body cannot be read.
        public func outputs<Payload: EventPayload>(of payload: Payload.Type) throws -> [Payload] {
            try outputs.filter { $0.type == Payload.eventType }.map {
                try Event<Payload>($0).payload
            }
        }
    }

    private let handler: Handler
    private let worker: String
    private let stateFolder: String
    private let settings: [String: String]

    /// Makes a tester.
    ///
    /// - Parameters:
    ///   - handler: The handler.
    ///   - worker: Name of the plugin, for derived ids. The default is `test`.
    ///   - stateFolder: Folder the handler may write to. The default is none.
    ///   - settings: Settings of the plugin.
    public init(
        _ handler: Handler, worker: String = "test", stateFolder: String = "",
        settings: [String: String] = [:]
    ) {
        self.handler = handler
        self.worker = worker
        self.stateFolder = stateFolder
        self.settings = settings
    }

    /// Handles one body.
    ///
    /// - Parameters:
    ///   - payload: The body.
    ///   - subject: What the event is about.
    ///   - attempt: Which try it is, from 1.
    ///   - replay: Number of the replay.
    /// - Returns: Outputs or error.
    /// - Throws: `RPCError` if the body cannot be serialised.
    public func handle(
        _ payload: Handler.Input, subject: String? = nil, attempt: Int = 1, replay: UInt32 = 0
    ) async throws -> Result {
        let event = try Event(id: "test", source: "/test", subject: subject, payload: payload)
        return await handle(event.envelope, attempt: attempt, replay: replay)
    }

    /// Handles one event.
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - attempt: Which try it is, from 1.
    ///   - replay: Number of the replay.
    /// - Returns: Outputs or error.
    public func handle(
        _ event: EventEnvelope, attempt: Int = 1, replay: UInt32 = 0
    ) async -> Result {
        let context = HandlerContext(
            event: event, logger: Logger(label: worker) { _ in SwiftLogNoOpLogHandler() },
            worker: worker, attempt: attempt, replay: replay, sequence: 1, stateFolder: stateFolder,
            settings: settings, deadline: HandlerDeadline(.now + .seconds(60)))
        do {
            let payloads = try await handler.handle(Event(event), in: context)
            let outputs = try payloads.enumerated().map { index, payload in
                try event.output(
                    payload, worker: worker, index: index, replay: replay, sequence: 1)
            }
            return Result(event: event, outputs: outputs, error: nil)
        } catch {
            return Result(event: event, outputs: [], error: RPCError(handlerError: error))
        }
    }
}

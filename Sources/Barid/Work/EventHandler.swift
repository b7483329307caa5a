/// The work one plugin does: one event in, the events it gives rise to out.
///
/// The return value is the only way to emit: the ack and the outputs become one atomic record of the
/// log. What a handler throws decides the event's fate by ``Fate``. A handler may see an event twice:
/// make the second time harmless. It runs on threads of its own (``HandlerExecutor``), so that it may
/// compute or block; its task is cancelled when the deadline is over, the worker stops, or the session
/// is lost.
public protocol EventHandler<Input>: Sendable {
    /// The body of the events it takes.
    associatedtype Input: EventPayload

    /// Handles one event.
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - context: What is known about this delivery.
    /// - Returns: The events to emit, in order; their attributes follow from the input.
    /// - Throws: ``RejectEvent`` or an `RPCError`; anything else means: try again.
    func handle(
        _ event: Event<Input>, in context: HandlerContext
    ) async throws -> [any EventPayload]
}

/// A handler that can also make its input from a line of plain text, for `process --as text`.
public protocol TextInput: EventHandler {
    /// Makes an input of a text.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - id: An id for it.
    /// - Returns: The input.
    /// - Throws: ``RejectEvent`` or an `RPCError` if the text is no input.
    func input(text: String, id: String) throws -> Input
}

/// A handler that can also make its input from a whole file, for `process FILE`.
public protocol FileInput: EventHandler {
    /// Makes an input of a file that does not consist of lines.
    ///
    /// - Parameters:
    ///   - bytes: All of the file.
    ///   - name: Its name; empty for standard input.
    /// - Returns: The input.
    /// - Throws: ``RejectEvent`` or an `RPCError` if the file is no input.
    func input(file bytes: [UInt8], name: String) throws -> Input
}

/// A handler with its input type put away: what a worker keeps by event type.
struct HandlerBinding: Sendable {
    let eventType: String
    let handle: @Sendable (EventEnvelope, HandlerContext) async throws -> [any EventPayload]

    init(_ handler: some EventHandler) {
        self.init(opened: handler)
    }

    private init<Handler: EventHandler>(opened handler: Handler) {
        eventType = Handler.Input.eventType
        handle = { envelope, context in
            try await handler.handle(Event<Handler.Input>(envelope), in: context)
        }
    }
}

internal import SwiftProtobuf

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

/// Something that is not an event and that `process` was given.
public enum ProcessInput: Sendable {
    /// One line of a file of JSON lines.
    case line([UInt8])
    /// One line of plain text (`--as text`).
    case text(String)
    /// A whole file that does not consist of lines; the name is empty for standard input.
    case file([UInt8], name: String)
}

/// A handler that can make its input of things that are no events: an optional power for `process`.
public protocol ProcessInputReading: EventHandler {
    /// Makes an input.
    ///
    /// - Parameter source: What `process` was given.
    /// - Returns: The input; `nil` if this handler does not read such a thing. A line is then read as
    ///   the protobuf JSON of the input.
    /// - Throws: ``RejectEvent`` or an `RPCError` if there is no input in it.
    func input(_ source: ProcessInput) throws -> Input?
}

/// A handler with its input type put away: what a worker keeps by event type.
struct HandlerBinding: Sendable {
    let eventType: String
    let handle: @Sendable (EventEnvelope, HandlerContext) async throws -> [any EventPayload]
    /// Makes an event of what `process` was given; `nil` if the handler does not read such a thing.
    let read: @Sendable (ProcessInput, String) throws -> EventEnvelope?

    init(_ handler: some EventHandler) {
        self.init(opened: handler)
    }

    private init<Handler: EventHandler>(opened handler: Handler) {
        eventType = Handler.Input.eventType
        handle = { envelope, context in
            try await handler.handle(Event<Handler.Input>(envelope), in: context)
        }
        read = { source, id in
            guard let input = try Self.input(of: handler, source) else { return nil }
            return try Event(id: id, source: "/barid/process", payload: input).envelope
        }
    }

    private static func input<Handler: EventHandler>(
        of handler: Handler, _ source: ProcessInput
    ) throws -> Handler.Input? {
        if let reader = handler as? any ProcessInputReading,
            let input = try reader.input(source) as? Handler.Input
        {
            return input
        }
        guard case .line(let line) = source else { return nil }
        do {
            return try Handler.Input(jsonUTF8Bytes: line)
        } catch {
            throw RejectEvent("not a \(Handler.Input.protoMessageName): \(error)")
        }
    }
}

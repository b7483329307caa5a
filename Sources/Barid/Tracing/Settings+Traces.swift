internal import BaridTracing
internal import GRPCCore

extension Settings {
    /// Records the spans of this process, if that is asked for; called once, before anything is connected.
    ///
    /// - Parameter service: Name of the process.
    /// - Throws: `RPCError` with code `.notFound` when the file cannot be written to.
    public func beginTraces(as service: String) throws {
        do {
            try Tracer.begin(traces.value, service: service)
        } catch {
            throw RPCError(
                code: .notFound, message: "\(error.description) (\(traces.origin))")
        }
    }
}

public import GRPCCore

extension Connection {
    /// The serving side of a connection, as GRPCCore wants it.
    public final class Server: ServerTransport {
        /// Messages travel as arrays of bytes.
        public typealias Bytes = [UInt8]

        private let connection: Connection

        init(connection: Connection) {
            self.connection = connection
        }

        /// Starts the connection and runs every call the broker opens through `streamHandler`.
        ///
        /// - Parameter streamHandler: Handles one call.
        /// - Throws: `RPCError` with code `.failedPrecondition` when called twice, `.unavailable` if
        ///   the connection cannot start.
        public func listen(
            streamHandler:
                @escaping @Sendable (RPCStream<Inbound, Outbound>, ServerContext) async -> Void
        ) async throws {
            try connection.start()
            try await connection.shared.intake.listen(streamHandler)
        }

        /// Refuses new calls, tells the broker to send none, and lets the open ones finish.
        public func beginGracefulShutdown() {
            connection.shared.intake.shutDown()
            connection.mailbox.post(.stopServing)
        }
    }
}

internal import CZeroMQ
internal import Glibc

/// A thread that runs one closure to its end; what blocks belongs here, not on Swift's pool.
public enum OwnedThread {
    /// Starts a detached thread.
    ///
    /// - Parameters:
    ///   - name: What debuggers and `top -H` show, at most 15 bytes.
    ///   - body: Runs on the thread.
    /// - Throws: ``ZeroMQError`` if the system has no thread left.
    public static func start(
        name: String, _ body: @escaping @Sendable () -> Void
    ) throws(ZeroMQError) {
        let box = Unmanaged.passRetained(Box(name: name, body: body))
        var thread = pthread_t()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let result = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                let box = Unmanaged<Box>.fromOpaque(argument).takeRetainedValue()
                czeromq_name_thread(box.name)
                box.body()
                return nil
            }, box.toOpaque())
        pthread_attr_destroy(&attributes)
        guard result == 0 else {
            box.release()
            throw ZeroMQError(number: result, call: "pthread_create")
        }
    }

    private final class Box: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = String(decoding: name.utf8.prefix(15), as: UTF8.self)
            self.body = body
        }
    }
}

internal import Foundation
internal import Glibc
internal import Synchronization

/// Writes the spans of this process to a file, each a line of OTLP's JSON.
///
/// Several processes may write to one file: each line is one append. A span that cannot be written is
/// counted and left out: the work does not depend on it. Safe from any thread.
public final class Tracer: Sendable {
    private static let current = Mutex<Tracer?>(nil)

    private let descriptor: Int32
    private let resource: String
    private let lost = Atomic<Int>(0)

    /// The tracer of this process; `nil` where no spans are recorded.
    public static var shared: Tracer? { current.withLock { $0 } }

    /// The file cannot be written to; the description says why.
    public struct Failure: Error, CustomStringConvertible {
        /// The path and the system's word.
        public let description: String
    }

    /// Records the spans of this process from now on.
    ///
    /// - Parameters:
    ///   - path: The file, which is made for its owner alone if it is missing; empty for none.
    ///   - service: Name of the process.
    /// - Throws: ``Failure`` when the file cannot be written to.
    public static func begin(_ path: String, service: String) throws(Failure) {
        guard !path.isEmpty else { return }
        let tracer = try Tracer(path, service: service)
        current.withLock { $0 = tracer }
    }

    /// A tracer of its own.
    ///
    /// - Parameters:
    ///   - path: The file, which is made for its owner alone if it is missing.
    ///   - service: Name of the process.
    /// - Throws: ``Failure`` when the file cannot be written to.
    public init(_ path: String, service: String) throws(Failure) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Failure(
                description:
                    "spans cannot be written to \(path): \(String(cString: strerror(errno)))")
        }
        resource = Span.attributes([
            ("service.name", .text(service)), ("process.pid", .number(Int64(getpid()))),
        ])
    }

    deinit { close(descriptor) }

    /// Spans that could not be written.
    public var lostSpans: Int { lost.load(ordering: .relaxed) }

    /// Writes a span, unless its trace is not recorded.
    public func record(_ span: Span) {
        guard span.context.isSampled else { return }
        let bytes = Array((span.json(resource: resource) + "\n").utf8)
        let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count != bytes.count { lost.add(1, ordering: .relaxed) }
    }
}

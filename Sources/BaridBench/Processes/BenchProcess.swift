internal import CProcess
internal import Foundation
internal import Synchronization

/// A child process with a thread of its own, which starts it, reads what it writes, and reaps it.
///
/// The system ends the child when that thread is gone, and with it when this process is.
final class BenchProcess: Sendable {
    /// What the thread tells while the child starts.
    private enum Start: Sendable {
        case failed(Int32)
        case started(Int32)
    }

    let name: String
    let identifier: Int32
    private let input: Int32
    private let lines: AsyncStream<String>
    private let output: Output

    /// The last lines of standard error, for messages.
    private final class Output: Sendable {
        let errors = Mutex<[String]>([])
        let hasEnded = Atomic(false)

        func add(_ line: String) {
            errors.withLock { lines in
                if lines.count == 20 { lines.removeFirst() }
                lines.append(line)
            }
        }
    }

    /// Starts a program of the folder.
    ///
    /// - Throws: ``BenchFailure`` when it cannot be started.
    init(
        _ name: String, program: String, arguments: [String],
        environment: [String: String] = [:]
    ) async throws {
        self.name = name
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw BenchFailure("no pipe for \(program)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let (lines, post) = AsyncStream.makeStream(of: String.self)
        let output = Output()
        let reading = ends[0]
        var variables = ProcessInfo.processInfo.environment
        // Whatever the person has set up for a broker of theirs must not reach ours.
        for name in variables.keys where name.hasPrefix("BARID_") { variables[name] = nil }
        variables.merge(environment) { $1 }
        let start = await withCheckedContinuation { continuation in
            let thread = Thread { [variables] in
                var child = barid_child()
                let failure = Self.start(program, arguments, variables, reading, &child)
                close(reading)
                guard failure == 0 else {
                    return continuation.resume(returning: Start.failed(failure))
                }
                continuation.resume(returning: .started(child.pid))
                Self.attend(to: &child, post, output)
                output.hasEnded.store(true, ordering: .releasing)
                post.finish()
            }
            thread.name = name
            thread.start()
        }
        switch start {
        case .failed(let code):
            close(ends[1])
            throw BenchFailure(
                "\(program) cannot be started: \(String(cString: strerror(code))). "
                    + "Build it first: Scripts/build")
        case .started(let process): identifier = process
        }
        input = ends[1]
        self.lines = lines
        self.output = output
    }

    deinit { close(input) }

    /// What it said on standard error last.
    var lastErrors: String { output.errors.withLock { $0.joined(separator: "\n  ") } }

    /// The next line of its standard output.
    ///
    /// - Throws: ``BenchFailure`` when it ended, `CancellationError`.
    func nextLine() async throws -> String {
        for await line in lines { return line }
        try Task.checkCancellation()
        throw BenchFailure("\(name) ended early:\n  \(lastErrors)")
    }

    /// Writes a line to its standard input.
    func say(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = write(input, bytes, bytes.count)
    }

    /// Ends it: SIGTERM, and SIGKILL when that did not do within the limit.
    func end(within limit: Duration = .seconds(10)) async {
        guard !hasEnded else { return }
        kill(identifier, SIGTERM)
        // Not a child of the caller's task: it has to end also when that was cancelled.
        await Task.detached { [self] in
            let killAt = ContinuousClock.now + limit
            var isKilled = false
            while !hasEnded {
                try? await Task.sleep(for: .milliseconds(5))
                guard !isKilled, ContinuousClock.now >= killAt else { continue }
                kill(identifier, SIGKILL)
                isKilled = true
            }
        }.value
    }

    /// Whether it was reaped: its number may be somebody else's by now.
    private var hasEnded: Bool { output.hasEnded.load(ordering: .acquiring) }

    // MARK: The thread

    private static func start(
        _ program: String, _ arguments: [String], _ environment: [String: String],
        _ input: Int32, _ child: inout barid_child
    ) -> Int32 {
        var words: [UnsafeMutablePointer<CChar>?] =
            ([program] + arguments).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] =
            environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for word in words + variables { free(word) } }
        return barid_child_start(program, &words, &variables, nil, input, 0, &child)
    }

    private static func attend(
        to child: inout barid_child, _ post: AsyncStream<String>.Continuation, _ output: Output
    ) {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var rests: [[UInt8]] = [[], []]
        var open = [child.output, child.error]
        while open.contains(where: { $0 >= 0 }) {
            var watched = open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            _ = poll(&watched, nfds_t(watched.count), -1)
            for index in open.indices where open[index] >= 0 && watched[index].revents != 0 {
                let count = read(open[index], &buffer, buffer.count)
                if count > 0 {
                    rests[index] += buffer.prefix(count)
                    while let end = rests[index].firstIndex(of: UInt8(ascii: "\n")) {
                        let line = String(decoding: rests[index][..<end], as: UTF8.self)
                        rests[index].removeFirst(end + 1)
                        if index == 0 { post.yield(line) } else { output.add(line) }
                    }
                } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
                    close(open[index])
                    open[index] = -1
                }
            }
        }
        if child.end >= 0 {
            var watched = pollfd(fd: child.end, events: Int16(POLLIN), revents: 0)
            _ = poll(&watched, 1, -1)
            close(child.end)
        }
        var exit = barid_exit()
        while barid_child_reap(child.pid, &exit) == 0 { usleep(1_000) }
    }
}

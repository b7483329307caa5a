import CProcess
import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Owns child processes: one thread starts them, drains their pipes, and reaps them.
///
/// On Linux the death signal of a child is tied to the thread that started it; this thread lives
/// as long as the process, so children get it when this process is gone and not before. A guard
/// process ends whole groups then, grandchildren too, and children see the end of their standard
/// input. What left its group is known by a mark in its environment, ``markName``, and killed when
/// the child is gone that it came from.
package final class ChildProcesses: Sendable {
    /// What happened to a child.
    package enum Event: Sendable, Equatable {
        case started(name: String, process: Int32)
        case ended(name: String, ProcessEnd)
    }

    /// What to start.
    package struct Start: Sendable {
        /// By what events and orders name the process; unique among those that live.
        var name: String
        var executable: String
        var arguments: [String]
        var environment: [String: String]
        var folder: String?
        var logFile: String
        /// Most files it may have open; nil for as many as we may.
        var maximumFiles: Int?

        /// A process to start.
        package init(
            name: String, executable: String, arguments: [String], environment: [String: String],
            folder: String? = nil, logFile: String, maximumFiles: Int? = nil
        ) {
            self.name = name
            self.executable = executable
            self.arguments = arguments
            self.environment = environment
            self.folder = folder
            self.logFile = logFile
            self.maximumFiles = maximumFiles
        }
    }

    /// The variable by which whatever a child starts can be told from everything else.
    static let markName = "BARID_PROCESS"

    /// What happened, in order.
    ///
    /// To be read by one task.
    package let events: AsyncStream<Event>

    private enum Order: Sendable {
        case start(Start)
        case signal(Int32, group: Int32)
        case note(String, logFile: String)
        case finish
    }

    private let orders = Mutex<[Order]>([])
    private let wake: (read: Int32, write: Int32)

    /// Starts the thread and the guard.
    ///
    /// - Throws: ``SystemError`` when the system gives no pipe or process.
    package init() throws(SystemError) {
        let marks = "\(String(UInt64.random(in: 1 ... .max), radix: 16))-"
        let guarding = barid_guard_start("\(Self.markName)=\(marks)")
        guard guarding >= 0 else { throw SystemError("start the guard process") }
        let wake = try Self.makePipe(isBlocking: false)
        // Its write end is never written to: children see its end as the end of their input.
        let input = try Self.makePipe(isBlocking: true)
        self.wake = wake
        let (events, post) = AsyncStream.makeStream(of: Event.self)
        self.events = events
        let thread = Thread { [self] in
            var loop = ChildLoop(
                guarding: guarding, input: input.read, marks: marks, post: post)
            run(&loop)
            close(input.write)
            close(input.read)
            close(guarding)
            post.finish()
        }
        thread.name = "children"
        thread.start()
    }

    deinit {
        close(wake.read)
        close(wake.write)
    }

    /// Starts a process; ``Event/started(name:process:)`` or ``Event/ended(name:_:)`` follows.
    package func start(_ start: Start) { post(.start(start)) }

    /// Sends a signal to a process, or to its whole group.
    package func signal(_ number: Int32, to process: Int32, group: Bool) {
        post(.signal(number, group: group ? -process : process))
    }

    /// Writes a line of the supervisor's own into a log file.
    func note(_ text: String, in logFile: String) { post(.note(text, logFile: logFile)) }

    /// Ends the thread; what still runs is ended by the guard.
    package func finish() { post(.finish) }

    private func post(_ order: Order) {
        let wasEmpty = orders.withLock { orders in
            defer { orders.append(order) }
            return orders.isEmpty
        }
        var byte: UInt8 = 1
        if wasEmpty { _ = write(wake.write, &byte, 1) }
    }

    private func run(_ loop: inout ChildLoop) {
        while true {
            loop.wait(for: wake.read)
            let taken = orders.withLock { orders in
                defer { orders = [] }
                return orders
            }
            for order in taken {
                switch order {
                case .start(let start): loop.start(start)
                case .signal(let number, let target): loop.signal(number, to: target)
                case .note(let text, let logFile): loop.note(text, in: logFile)
                case .finish: return
                }
            }
            loop.drain()
        }
    }

    private static func makePipe(
        isBlocking: Bool
    ) throws(SystemError) -> (
        read: Int32, write: Int32
    ) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw SystemError("make a pipe") }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            if !isBlocking { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        }
        return (ends[0], ends[1])
    }
}

/// What the thread of ``ChildProcesses`` owns.
private struct ChildLoop {
    struct Child {
        var name: String
        var log: LogFile
        var mark: String
        var process: barid_child
        var output = OutputLines()
        var error = OutputLines()
        var lastLines: [String] = []
        var lastBytes = 0
    }

    let guarding: Int32
    let input: Int32
    /// What the marks of all children begin with.
    let marks: String
    /// Children started.
    var count: UInt64 = 0
    let post: AsyncStream<ChildProcesses.Event>.Continuation
    var children: [Child] = []
    /// By path: two processes of one plugin, at an upgrade, share a file.
    var logs: [String: LogFile] = [:]
    var buffer = [UInt8](repeating: 0, count: 64 << 10)

    init(
        guarding: Int32, input: Int32, marks: String,
        post: AsyncStream<ChildProcesses.Event>.Continuation
    ) {
        self.marks = marks
        self.guarding = guarding
        self.input = input
        self.post = post
    }

    /// Blocks until an order, output or the end of a child is there.
    mutating func wait(for wake: Int32) {
        var watched = [pollfd(fd: wake, events: Int16(POLLIN), revents: 0)]
        var needsTimer = false
        for child in children {
            for descriptor in [child.process.output, child.process.error, child.process.end]
            where descriptor >= 0 {
                watched.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
            }
            needsTimer = needsTimer || child.process.end < 0
        }
        // Without a descriptor for ends (old kernels, other systems) they are asked for.
        _ = poll(&watched, nfds_t(watched.count), needsTimer ? 100 : -1)
        if watched[0].revents != 0 { while read(wake, &buffer, buffer.count) > 0 {} }
    }

    mutating func start(_ start: ChildProcesses.Start) {
        let log = log(at: start.logFile)
        var process = barid_child()
        count += 1
        let mark = "\(marks)\(count)"
        var environment = start.environment
        environment[ChildProcesses.markName] = mark
        let failure = withCStrings([start.executable] + start.arguments) { arguments in
            withCStrings(environment.map { "\($0.key)=\($0.value)" }) { environment in
                barid_child_start(
                    start.executable, arguments, environment, start.folder, input,
                    UInt(clamping: start.maximumFiles ?? 0), &process)
            }
        }
        guard failure == 0 else {
            let reason = "\(start.executable): \(SystemError.text(failure))"
            log.write("could not be started: \(reason)", process: 0, from: "---")
            post.yield(
                .ended(
                    name: start.name, ProcessEnd(processIdentifier: 0, lastLines: [reason])))
            return
        }
        tell(process.pid)
        log.write("started", process: process.pid, from: "---")
        children.append(Child(name: start.name, log: log, mark: mark, process: process))
        post.yield(.started(name: start.name, process: process.pid))
    }

    func signal(_ number: Int32, to target: Int32) {
        // Only children that are not reaped yet: an id may belong to somebody else after that.
        guard children.contains(where: { $0.process.pid == abs(target) }) else { return }
        kill(target, number)
    }

    mutating func note(_ text: String, in path: String) {
        log(at: path).write(VisibleText.line(text), process: 0, from: "---")
    }

    private mutating func log(at path: String) -> LogFile {
        if let log = logs[path] { return log }
        let log = LogFile(path: path)
        logs[path] = log
        return log
    }

    mutating func drain() {
        var living: [Child] = []
        for var child in children {
            drainPipes(of: &child)
            var exit = barid_exit()
            guard barid_child_reap(child.process.pid, &exit) == 1 else {
                living.append(child)
                continue
            }
            let strays = killStrays(of: child)
            tell(-child.process.pid)
            drainPipes(of: &child)
            if let line = child.output.finish() { keep(line, from: "out", of: &child) }
            if let line = child.error.finish() { keep(line, from: "err", of: &child) }
            for descriptor in [child.process.output, child.process.error, child.process.end]
            where descriptor >= 0 {
                close(descriptor)
            }
            let end = ProcessEnd(
                processIdentifier: child.process.pid, exitCode: exit.signal == 0 ? exit.code : nil,
                signal: exit.signal, lastLines: child.lastLines)
            child.log.write("ended: \(end.summary)", process: child.process.pid, from: "---")
            if strays > 0 {
                let what = strays == 1 ? "a process" : "\(strays) processes"
                child.log.write(
                    "killed \(what) that it left behind", process: child.process.pid, from: "---")
            }
            post.yield(.ended(name: child.name, end))
        }
        children = living
    }

    private func killStrays(of child: Child) -> Int32 {
        let mark = "\(ChildProcesses.markName)=\(child.mark)"
        // With its end: the first child's mark begins those of ten others.
        return barid_strays_kill(mark, mark.utf8.count + 1)
    }

    private mutating func drainPipes(of child: inout Child) {
        drainPipe(\.process.output, \.output, from: "out", of: &child)
        drainPipe(\.process.error, \.error, from: "err", of: &child)
    }

    private mutating func drainPipe(
        _ descriptor: WritableKeyPath<Child, Int32>, _ lines: WritableKeyPath<Child, OutputLines>,
        from stream: String, of child: inout Child
    ) {
        // Bounded, so that one chatty child does not starve the others.
        for _ in 0..<16 where child[keyPath: descriptor] >= 0 {
            let count = read(child[keyPath: descriptor], &buffer, buffer.count)
            if count > 0 {
                for line in child[keyPath: lines].take(buffer.prefix(count)) {
                    keep(line, from: stream, of: &child)
                }
            } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
                close(child[keyPath: descriptor])
                child[keyPath: descriptor] = -1
            } else {
                return
            }
        }
    }

    private func keep(_ line: String, from stream: String, of child: inout Child) {
        child.log.write(line, process: child.process.pid, from: stream)
        guard stream == "err" else { return }
        child.lastLines.append(line)
        child.lastBytes += line.utf8.count
        while child.lastLines.count > 20 || child.lastBytes > 8 << 10 {
            child.lastBytes -= child.lastLines.removeFirst().utf8.count
        }
    }

    /// Tells the guard to watch a group, or, negated, to forget it.
    private func tell(_ group: Int32) {
        var group = group
        _ = write(guarding, &group, MemoryLayout<Int32>.size)
    }
}

/// Hands a null-terminated array of C strings to `body`.
func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("the array has an end") }
        return body(base)
    }
}

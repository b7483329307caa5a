/// Chooses the worker for a forwarded call: the least loaded of those that registered the service.
///
/// A value without I/O. Load is calls and events against the concurrency the worker declared. Only
/// calls can fill a worker: somebody waits for each, and a backlog of events must not keep them out.
struct Dispatcher {
    enum Choice: Equatable {
        case worker(UInt64)
        /// Workers serve the service and all have as many calls as their concurrency.
        case busy
        /// Nobody serves the service.
        case none
    }

    private struct Worker {
        var services: [String]
        var concurrency: Int
        var calls = 0
        var events = 0
        /// When it was chosen last: of equals, the one that waited longest has its turn.
        var turn: UInt64 = 0

        var load: Int { calls + events }
    }

    private var workers: [UInt64: Worker] = [:]
    private var byService: [String: [UInt64]] = [:]
    private var turn: UInt64 = 0

    mutating func add(_ session: UInt64, services: [String], concurrency: Int) {
        guard !services.isEmpty else { return }
        workers[session] = Worker(services: services, concurrency: max(concurrency, 1))
        for service in Set(services) { byService[service, default: []].append(session) }
    }

    /// Takes a worker out, because it drains or is gone.
    ///
    /// - Returns: Its services.
    @discardableResult
    mutating func remove(_ session: UInt64) -> [String] {
        guard let worker = workers.removeValue(forKey: session) else { return [] }
        for service in worker.services {
            byService[service]?.removeAll { $0 == session }
            if byService[service]?.isEmpty == true { byService[service] = nil }
        }
        return worker.services
    }

    func serves(_ service: String) -> Bool { byService[service] != nil }

    /// The services of a worker, empty for any other session.
    func services(of session: UInt64) -> [String] { workers[session]?.services ?? [] }

    func choose(_ service: String) -> Choice {
        guard let sessions = byService[service] else { return .none }
        var best: (session: UInt64, worker: Worker)?
        for session in sessions {
            guard let worker = workers[session], worker.calls < worker.concurrency else { continue }
            guard let current = best else {
                best = (session, worker)
                continue
            }
            // load/concurrency without division: a/b < c/d as a*d < c*b.
            let left = worker.load * current.worker.concurrency
            let right = current.worker.load * worker.concurrency
            if left < right || (left == right && worker.turn < current.worker.turn) {
                best = (session, worker)
            }
        }
        return best.map { .worker($0.session) } ?? .busy
    }

    mutating func began(_ session: UInt64) {
        turn += 1
        workers[session]?.calls += 1
        workers[session]?.turn = turn
    }

    mutating func ended(_ session: UInt64) {
        guard let calls = workers[session]?.calls, calls > 0 else { return }
        workers[session]?.calls = calls - 1
    }

    mutating func setEvents(_ events: Int, session: UInt64) {
        workers[session]?.events = max(events, 0)
    }
}

/// The life of one supervised process: exits and times go in, what to do comes out.
///
/// ```
///            begin             started         ready
///   stopped ───────▶ starting ─────────▶ starting ─────▶ running
///      ▲               ▲  │ exited                          │ exited
///      │ exited        │  ▼                                 ▼
///   stopping ◀──── backoff ◀──── too few exits ─────────────┤
///      ▲   stop        │ too many exits within the window   │
///      └───────────── crashLoop ◀───────────────────────────┘     (restart leaves crashLoop)
/// ```
struct ProcessLifecycle: Sendable, Equatable {
    /// Time since some fixed moment that never goes back.
    typealias Moment = Duration

    enum State: Sendable, Equatable {
        /// Not running and not wanted. May become starting.
        case stopped
        /// Wanted; started or about to be. May become running, backoff, crashLoop, stopping.
        case starting
        /// The broker knows it. May become backoff, crashLoop, stopping.
        case running
        /// Waits to be started again. May become starting, stopped.
        case backoff(until: Moment)
        /// Given up until somebody asks for a restart. May become starting, stopped.
        case crashLoop
        /// Told to stop; killed at the moment. May become stopped, or starting when `again`.
        case stopping(killAt: Moment, again: Bool)
    }

    enum Action: Sendable, Equatable {
        case none
        case start
        /// Ask it to finish and leave (SIGTERM).
        case terminate
        /// End its whole group (SIGKILL).
        case kill
    }

    private(set) var state = State.stopped
    /// Starts after the first.
    private(set) var restarts = 0
    /// When it entered its state.
    private(set) var since = Moment.zero
    let policy: RestartPolicy

    private var isAlive = false
    private var startedAt = Moment.zero
    private var exits: [Moment] = []
    private var delays = 0

    init(policy: RestartPolicy = RestartPolicy()) {
        self.policy = policy
    }

    /// Whether it was told to stop, for good or to be started anew.
    var isStopping: Bool {
        if case .stopping = state { return true }
        return false
    }

    /// How long its process has lived; nil while it has none.
    func age(at now: Moment) -> Duration? { isAlive ? now - startedAt : nil }

    /// When ``tick(at:)`` has something to do.
    var deadline: Moment? {
        switch state {
        case .backoff(let until): until
        case .stopping(let killAt, _): killAt
        case .stopped, .starting, .running, .crashLoop: nil
        }
    }

    mutating func begin(at now: Moment) -> Action {
        switch state {
        case .stopped, .backoff, .crashLoop:
            enter(.starting, at: now)
            return .start
        case .starting, .running, .stopping:
            return .none
        }
    }

    /// The process exists.
    mutating func started(at now: Moment) -> Action {
        isAlive = true
        startedAt = now
        // A stop that came while it was being started is carried out now.
        if case .stopping = state { return .terminate }
        return .none
    }

    /// The broker has a session with it.
    mutating func becameReady(at now: Moment) {
        // Ready news of a process that is being stopped or is gone comes too late.
        if case .starting = state, isAlive { enter(.running, at: now) }
    }

    /// The process ended, or could not be started at all.
    ///
    /// `chance` is 0 to 1, for the jitter; `charged` says that the end is charged to an event it
    /// worked on, not to the process.
    mutating func exited(at now: Moment, chance: Double, charged: Bool = false) -> Action {
        let ranFor = isAlive ? now - startedAt : .zero
        isAlive = false
        switch state {
        case .stopping(_, let again):
            enter(again ? .starting : .stopped, at: now)
            if again { restarts += 1 }
            return again ? .start : .none
        case .starting, .running:
            if ranFor >= policy.healthyAfter { delays = 0 }
            if !charged { exits.append(now) }
            exits.removeAll { now - $0 >= policy.crashLoopWindow }
            guard exits.count <= policy.maximumExits else {
                enter(.crashLoop, at: now)
                return .none
            }
            enter(.backoff(until: now + nextDelay(chance)), at: now)
            return .none
        case .stopped, .backoff, .crashLoop:
            return .none  // The end of a process that is not ours any more.
        }
    }

    mutating func tick(at now: Moment) -> Action {
        switch state {
        case .backoff(let until) where now >= until:
            enter(.starting, at: now)
            restarts += 1
            return .start
        case .stopping(let killAt, let again) where now >= killAt && isAlive:
            // Asked again each second, should the kill not have taken.
            state = .stopping(killAt: now + .seconds(1), again: again)
            return .kill
        case .stopped, .starting, .running, .backoff, .crashLoop, .stopping:
            return .none
        }
    }

    /// Nobody wants it any more.
    mutating func stop(at now: Moment) -> Action {
        leave(again: false, at: now)
    }

    /// Somebody wants it anew: this also ends a crash loop.
    mutating func restart(at now: Moment) -> Action {
        exits = []
        delays = 0
        return leave(again: true, at: now)
    }

    private mutating func leave(again: Bool, at now: Moment) -> Action {
        switch state {
        case .starting, .running:
            enter(.stopping(killAt: now + policy.drainLimit, again: again), at: now)
            return isAlive ? .terminate : .none
        case .stopping(let killAt, _):
            state = .stopping(killAt: killAt, again: again)
            return .none
        case .stopped, .backoff, .crashLoop:
            enter(again ? .starting : .stopped, at: now)
            if again { restarts += 1 }
            return again ? .start : .none
        }
    }

    private mutating func enter(_ next: State, at now: Moment) {
        state = next
        since = now
    }

    private mutating func nextDelay(_ chance: Double) -> Duration {
        var delay = policy.firstDelay
        for _ in 0..<min(delays, 30) where delay < policy.maximumDelay { delay *= 2 }
        delays += 1
        return min(delay, policy.maximumDelay) * (1 + policy.jitter * min(max(chance, 0), 1))
    }
}

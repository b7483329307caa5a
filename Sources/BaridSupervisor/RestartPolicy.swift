/// When a plugin's process is started again, and when that is given up.
public struct RestartPolicy: Sendable, Equatable {
    /// Wait before the first restart.
    ///
    /// The default is 100 ms: a crash is mended before anyone looks.
    public var firstDelay: Duration = .milliseconds(100)

    /// Longest wait; each restart doubles it up to here.
    ///
    /// The default is 30 s.
    public var maximumDelay: Duration = .seconds(30)

    /// Share of the wait that chance may add.
    ///
    /// The default is 0.2, so that several that fell together do not come back together.
    public var jitter = 0.2

    /// After running so long a process counts as healthy and its waits start over.
    ///
    /// The default is 60 s.
    public var healthyAfter: Duration = .seconds(60)

    /// More exits than this within ``crashLoopWindow`` are a crash loop.
    ///
    /// The default is 5.
    public var maximumExits = 5

    /// The default is 60 s.
    public var crashLoopWindow: Duration = .seconds(60)

    /// How long a process may take to finish what it holds when it is stopped.
    ///
    /// The default is 10 s.
    public var drainLimit: Duration = .seconds(10)

    /// The defaults.
    public init() {}
}

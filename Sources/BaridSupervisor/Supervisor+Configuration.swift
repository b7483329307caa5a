public import BaridMetrics

extension Supervisor {
    /// What to run and where.
    public struct Configuration: Sendable {
        /// Executable and arguments of the broker; nil when one runs already and is not ours.
        public var broker: [String]?

        /// Where plugins are found.
        public var plugins: PluginFolders

        /// Environment of every process.
        public var environment: [String: String]

        /// Folder of the log files.
        public var logFolder: String

        /// When to restart.
        public var policy = RestartPolicy()

        /// How long the broker may take to answer at the start.
        ///
        /// The default is 60 s: a long log is read before it answers.
        public var brokerLimit: Duration = .seconds(60)

        /// How long to wait for the plugins at the start, and for a newcomer at an upgrade; a
        /// process that is not ready by then is told of.
        ///
        /// The default is 30 s.
        public var readyLimit: Duration = .seconds(30)

        /// How often to look for new, changed and removed plugins, and at the memory of processes.
        ///
        /// The default is a second; a change counts when two looks saw the same.
        public var lookInterval: Duration = .seconds(1)

        /// How long the newcomer of an upgrade has to stay ready before it takes over.
        ///
        /// The default is 2 s: what fails at its first event fails within that.
        public var trialTime: Duration = .seconds(2)

        /// Where the supervisor's figures are served; Protocols/8-observability §1.
        ///
        /// The default is nowhere.
        public var metrics: MetricsAddress?

        /// The user's own plugins, which upgrades change.
        public var userPlugins: UserPlugins?

        /// Describes what to run.
        public init(
            broker: [String]?, plugins: PluginFolders, environment: [String: String],
            logFolder: String
        ) {
            self.broker = broker
            self.plugins = plugins
            self.environment = environment
            self.logFolder = logFolder
        }
    }
}

extension Supervisor {
    struct Entry {
        /// By what its process is known to ``ChildProcesses``: its name where that is free.
        let key: String
        var status: SupervisedProcess
        var lifecycle: ProcessLifecycle
        var executable = ""
        var arguments: [String] = []
        var groups: [PluginDescription.Group] = []
        var limits = PluginDescription.Limits()
        var lastEnd: ProcessEnd?
        /// The broker's name for the session of the running process; empty before it has one.
        var session = ""
        /// What a person should know of it although it runs.
        var warning = ""
        /// Its process has run for long without being ready, and a person was told.
        var isLate = false
        /// How its processes ended, and how often.
        var ends: [String: Int] = [:]
        /// Why we killed the process; told with its end.
        var killed: String?
        /// It is forgotten once its process has ended.
        var isLeaving = false
    }
}

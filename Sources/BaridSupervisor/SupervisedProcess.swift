import Foundation

/// How one plugin, or the broker, stands under the supervisor.
public struct SupervisedProcess: Sendable, Equatable {
    /// Where it is in its life.
    public enum State: String, Sendable, Equatable {
        /// Its executable is missing.
        case notBuilt = "not built"
        /// Started; the broker does not know it yet.
        case starting
        /// The broker knows it.
        case ready
        /// Waits to be started again.
        case backoff
        /// Exited too often; a restart is up to a person.
        case crashLoop = "crash-loop"
        /// Finishes what it holds.
        case stopping
        /// Ended, and not wanted.
        case stopped
        /// Its manifest cannot be used.
        case invalid
        /// Known to the broker, but started by somebody else.
        case notSupervisedHere = "not supervised here"
    }

    /// The plugin's name, or "broker".
    public var name: String

    /// The plugin's version.
    public var version = ""

    /// One line about the plugin.
    public var summary = ""

    /// The plugin's folder; empty for the broker.
    public var folder = ""

    /// Where it is in its life.
    public var state: State

    /// 0 while it does not run.
    public var processIdentifier: Int32 = 0

    /// Starts after the first.
    public var restarts = 0

    /// When it came into its state.
    public var since = Date.now

    /// What is wrong, when something is.
    public var message = ""

    /// Makes a missing executable.
    public var buildCommand = ""

    /// Where what it writes is kept.
    public var logFile = ""

    /// The group it takes its events from; empty when it takes none.
    public var group = ""

    /// Resident memory of its process in bytes; 0 when it does not run or the system does not say.
    public var residentBytes = 0
}

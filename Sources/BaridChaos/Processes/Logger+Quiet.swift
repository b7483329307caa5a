internal import Logging

extension Logger {
    /// For clients that lose their broker on purpose all the time.
    static var quiet: Logger { Logger(label: "prover") { _ in SwiftLogNoOpLogHandler() } }
}

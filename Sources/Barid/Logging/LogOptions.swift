package import ArgumentParser
internal import Foundation
package import Logging

/// How a process logs: flags, else variables of the environment, else the settings file.
package struct LogOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How log lines on standard error look: text or json.",
            discussion: "Else BARID_LOG_FORMAT, the settings file. The default is text on a "
                + "terminal, else json."))
    package var logFormat: Form?

    @Option(
        help: ArgumentHelp(
            "Write log lines of this level and above: trace to critical.",
            discussion: "Else BARID_LOG_LEVEL, the settings file. The default is info."))
    package var logLevel: LogLevel?

    /// A form of lines as the command line names it.
    package enum Form: String, ExpressibleByArgument, CaseIterable, Sendable {
        case text, json
    }

    /// A level as the command line names it.
    package enum LogLevel: String, ExpressibleByArgument, CaseIterable, Sendable {
        case trace, debug, info, notice, warning, error, critical
    }

    package init() {}

    /// Sets up logging of this process; called once.
    ///
    /// - Parameters:
    ///   - settings: What environment and settings file say.
    ///   - standard: The least level where nobody says one. The default is info.
    package func bootstrap(_ settings: Settings, standard: Logger.Level = .info) {
        let format =
            logFormat.flatMap { LogFormat(rawValue: $0.rawValue) } ?? settings.logFormat.value
        let level =
            logLevel.flatMap { Logger.Level(rawValue: $0.rawValue) } ?? settings.logLevel.value
            ?? standard
        LoggingSystem.bootstrap {
            StandardErrorLogHandler(label: $0, level: level, format: format)
        }
    }
}

public import Barid
internal import Foundation
internal import GRPCCore

/// Holds a plugin in any language to Protocols/4-plugin.md, from outside.
///
/// Its executable is started against a broker of the kit's own, which follows a script: it can refuse,
/// restart, fall silent, and hand out what no real broker would. Nothing of a running Barid is touched.
public struct ConformanceKit: Sendable {
    /// What to check.
    public struct Configuration: Sendable {
        /// The plugin's manifest.
        public var manifest: PluginManifest
        /// Its executable, as an absolute path.
        public var executable: String
        /// Arguments that come before `serve`, `process` and `describe`.
        public var arguments: [String]
        /// The folder it runs in.
        public var folder: String
        /// Events it can handle, beside those the kit knows; at most one of a type is used.
        public var samples: [EventEnvelope]
        /// A command that starts the program that further arguments name as a supervisor does, and
        /// waits.
        ///
        /// The default is none: what needs it is skipped.
        public var parent: [String] = []
        /// Names of the checks to do; empty means all.
        public var only: Set<String> = []

        /// Says what to check.
        ///
        /// - Parameters:
        ///   - manifest: The plugin's manifest.
        ///   - executable: Its executable, as an absolute path.
        ///   - arguments: Arguments that come before the subcommand.
        ///   - folder: The folder it runs in.
        ///   - samples: Events it can handle.
        public init(
            manifest: PluginManifest, executable: String, arguments: [String] = [],
            folder: String, samples: [EventEnvelope] = []
        ) {
            self.manifest = manifest
            self.executable = executable
            self.arguments = arguments
            self.folder = folder
            self.samples = samples
        }
    }

    private let configuration: Configuration

    /// Makes a kit.
    ///
    /// - Parameter configuration: What to check.
    public init(_ configuration: Configuration) { self.configuration = configuration }

    /// Names and titles of all checks, in order.
    public static var checks: [(name: String, title: String)] {
        Check.all.map { ($0.name, $0.title) }
    }

    /// Does the checks one after the other; a minute or so.
    ///
    /// - Parameter progress: Told of each result as it comes.
    /// - Returns: All results.
    /// - Throws: An error when the kit itself cannot work, as without a temporary folder.
    public func run(
        progress: @Sendable (ConformanceReport.Result) -> Void = { _ in }
    ) async throws -> ConformanceReport {
        var report = ConformanceReport(plugin: configuration.manifest.name)
        for check in Check.all
        where configuration.only.isEmpty || configuration.only.contains(check.name) {
            let subject = try Subject(configuration)
            let begin = ContinuousClock.now
            let outcome = await outcome(of: check, on: subject)
            await subject.close()
            let result = ConformanceReport.Result(
                name: check.name, title: check.title, clause: check.clause, fix: check.fix,
                outcome: outcome, duration: ContinuousClock.now - begin)
            report.results.append(result)
            progress(result)
        }
        return report
    }

    private func outcome(of check: Check, on subject: Subject) async -> ConformanceReport.Outcome {
        if let reason = check.skip(subject) { return .skipped(reason) }
        do {
            try await check.run(subject)
            return .passed
        } catch let skipped as CheckSkipped {
            return .skipped(skipped.reason)
        } catch let failure as CheckFailure {
            return .failed(failure.message + subject.lastWords)
        } catch let error as RPCError {
            return .failed(error.message + subject.lastWords)
        } catch {
            return .failed("\(error)" + subject.lastWords)
        }
    }
}

import ArgumentParser
import Barid
import BaridChaos
import BaridTransport
import Foundation

/// `barid prove`.
struct Prove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prove on this disk, with these settings, that nothing acknowledged is lost.",
        discussion: """
            Starts a broker, publishers and workers of its own in a folder beside your data folder (your \
            data is not touched), kills, stops and restarts them at random moments, lets the disk's floor \
            be reached, writes down what each of them did and saw, and checks it: nothing acknowledged \
            lost, nothing settled twice, order kept, nothing stuck. It stops by itself; Ctrl-C stops it \
            before its time and checks what there is.

            With a key (--key, BARID_KEY_FILE) publishers and workers come over TCP with it, to a broker \
            that has a copy of your broker's keys: what is proven then is your secured configuration. The \
            key needs the rights publish=barid.prove.> and subscribe=barid.prove.>.

            Examples:
              barid prove                        a minute of faults
              barid prove --minutes 60           before you rely on a new machine or version
              barid prove --seed 7 --minutes 1   the same plan of faults again
              barid prove --json | jq .verdict
              barid prove --key wire.key         over TCP, with a key of your broker's

            Exit codes: 0 proven, 70 a promise was broken, 130 stopped before its time.
            """)

    @Option(help: ArgumentHelp("How long faults go on; 0.1 is enough to try it.", valueName: "n"))
    var minutes = 1.0

    @Option(
        help: ArgumentHelp(
            "Decides about faults and events; the default is a new one.", valueName: "number"))
    var seed: UInt64?

    @Option(
        help: ArgumentHelp(
            "Beside which folder to work; the default is your data folder.", valueName: "folder"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "Key file of a client of your broker: prove it secured.", valueName: "file"))
    var key: String?

    @Option(
        help: ArgumentHelp(
            "Events a second of each of the two publishers.", valueName: "number"))
    var rate = 300

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard minutes > 0, minutes <= 10_080 else {
            throw ValidationError("--minutes is more than 0 and at most 10080, a week")
        }
        guard (1...100_000).contains(rate) else {
            throw ValidationError("--rate is 1 to 100000 events a second")
        }
    }

    func run() async throws {
        let settings = try Settings(data: data, key: key)
        let seed = seed ?? UInt64.random(in: 1...999_999_999)
        let folder = try Self.makeFolder(beside: settings.dataFolder.value, seed: seed)
        var proof = ProofConfiguration(seed: seed, duration: .seconds(minutes * 60))
        proof.rate = rate
        proof.recipe.weights[.diskFloor] = 1
        let executables = URL(fileURLWithPath: Executable.path).deletingLastPathComponent().path
        var arena = Arena.Configuration(folder: folder, executables: executables)
        if let file = try keyFile(settings) {
            arena.access = ArenaAccess(
                listen: .tcp(host: "127.0.0.1", port: try FreePort.next()), usesKeys: true,
                keyFile: file)
            try PrivateFolder.make(arena.dataFolder)
            try FileManager.default.copyItem(
                atPath: "\(settings.dataFolder.value)/keys", toPath: "\(arena.dataFolder)/keys")
        }
        let report = ProofReport(output: output.json ? .error : .output, minutes: minutes)
        if !output.json { report.begin(proof, folder: folder) }

        let stop = StopFlag()
        let signals = StopSignals()
        let listening = Task {
            for await _ in signals.signals {
                report.note("Stopping; what there is will be checked. Ctrl-C again ends at once.")
                stop.set()
            }
        }
        defer { listening.cancel() }
        let verdict = try await Arena.with(arena) { [proof] arena in
            try await ProofRun(proof, in: arena, stop: stop, report: report.show).run()
        }
        report.clear()
        // The histories stay in any case; the data only where it is evidence.
        if verdict.isProven { try? FileManager.default.removeItem(atPath: arena.dataFolder) }
        if output.json {
            Console.output.line(report.json(verdict))
        } else {
            report.end(verdict)
        }
        guard verdict.isProven else { throw CommandError(.software, "") }
        if verdict.wasInterrupted { throw ExitCode.interrupted }
    }

    /// Path of the key to prove with; nil without one, or with one that is for another broker.
    private func keyFile(_ settings: Settings) throws -> String? {
        guard let found = settings.key.value, let path = settings.keyPath else { return nil }
        let folder = KeyFolder(path: "\(settings.dataFolder.value)/keys")
        let hasKeys = FileManager.default.fileExists(atPath: "\(folder.path)/server.key")
        guard hasKeys, try folder.serverKey().pair.publicKey == found.key.serverKey else {
            guard key == nil else {
                throw CommandError(
                    .badInput,
                    "\(path) is a key for another broker than that of \(folder.path)")
            }
            return nil
        }
        return URL(fileURLWithPath: path).standardizedFileURL.path
    }

    /// `DATA-prove/SEED`, or with a number behind it where there is one already.
    private static func makeFolder(beside data: String, seed: UInt64) throws -> String {
        let parent = "\(data)-prove"
        try PrivateFolder.make(parent)
        var folder = "\(parent)/\(seed)"
        var number = 1
        while FileManager.default.fileExists(atPath: folder) {
            number += 1
            folder = "\(parent)/\(seed).\(number)"
        }
        try PrivateFolder.make(folder)
        return folder
    }
}

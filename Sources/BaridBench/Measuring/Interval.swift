internal import Foundation

/// One measured interval: who used how much of the machine, and how much of it was not ours.
struct Interval {
    /// What one of our processes used.
    struct Usage {
        var name: String
        var cpuSeconds: Double
        var residentBytes: Int
        var greatestResidentBytes: Int
    }

    private let processes: [BenchProcess]
    private let start: UInt64
    private let busy: Double?
    private let before: [Double]

    /// Begins to measure; the processes must live until ``end()``.
    init(_ processes: [BenchProcess]) {
        self.processes = processes
        before = Self.all(processes).map { $0?.cpuSeconds ?? 0 }
        busy = MachineTime.busySeconds
        start = MonotonicTime.now
    }

    /// Ends the interval.
    func end() -> (usages: [Usage], otherLoad: Double?) {
        let seconds = MonotonicTime.seconds(start, MonotonicTime.now)
        let busyNow = MachineTime.busySeconds
        let after = Self.all(processes)
        let used = zip(after, before).map { ($0?.cpuSeconds ?? $1) - $1 }
        var other: Double?
        if let busy, let busyNow, seconds > 0 {
            other = max(0, (busyNow - busy - used.reduce(0, +)) / seconds)
        }
        let usages = zip(processes, zip(after, used)).map { process, figures in
            Usage(
                name: process.name, cpuSeconds: figures.1,
                residentBytes: figures.0?.residentBytes ?? 0,
                greatestResidentBytes: figures.0?.greatestResidentBytes ?? 0)
        }
        return (usages, other)
    }

    /// The processes' figures, and ours last.
    private static func all(_ processes: [BenchProcess]) -> [ProcessFigures?] {
        processes.map { ProcessFigures(of: $0.identifier) } + [ProcessFigures(of: getpid())]
    }
}

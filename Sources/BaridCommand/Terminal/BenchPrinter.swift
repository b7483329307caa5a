import BaridBench
import Foundation

/// Shows a benchmark as it goes: what runs on standard error, the figures on standard output.
struct BenchPrinter: Sendable {
    /// The figures go to standard output as JSON, so nothing else does.
    let isQuiet: Bool

    /// Shows what runs now, in place of what ran before.
    func progress(_ text: String) {
        let console = Console.error
        console.write(console.isTerminal ? "\r\(text) ...\u{1B}[K" : "\(text)\n")
    }

    /// Takes the line of progress away.
    func clear() {
        if Console.error.isTerminal { Console.error.write("\r\u{1B}[K") }
    }

    /// Shows the figures of a scenario.
    func result(_ lines: [BenchReport.Line]) {
        clear()
        guard !isQuiet, let first = lines.first else { return }
        let console = Console.output
        let load = first.otherLoad.map { String(format: ", other load %.2f core", $0) } ?? ""
        console.line()
        console.line(
            console.styled(first.scenario, .bold)
                + "  (\(first.payloadBytes) B, \(first.transport)\(load)\(first.isDisturbed ? " !" : ""))"
        )
        var table = Table([
            Table.Column("  FIGURE"), Table.Column("MEDIAN", isNumber: true), Table.Column("UNIT"),
            Table.Column("SPREAD"), Table.Column("TARGET"), Table.Column(""),
        ])
        for line in lines {
            table.add([
                "  \(line.figure)", Self.number(line.spread.median), line.unit,
                "[\(Self.number(line.spread.least))..\(Self.number(line.spread.greatest))]",
                line.target.map(Self.text) ?? "", verdict(line, on: console),
            ])
        }
        for line in table.lines(on: console) { console.line(line) }
    }

    /// Shows what all of it was measured on.
    func end(_ report: BenchReport) {
        clear()
        guard !isQuiet else { return }
        let machine = report.machine
        Console.output.line(
            """

            \(machine.cores) cores (\(machine.processor)), \(Formats.bytes(machine.memoryBytes)), \
            \(machine.system), \(machine.fileSystem). Medians of \(report.runs) runs; a receipt means \
            \(report.durability).
            """)
    }

    private func verdict(_ line: BenchReport.Line, on console: Console) -> String {
        let mark = line.isDisturbed ? " !" : ""
        switch line.meetsTarget {
        case true?: return console.styled("met", .green) + mark
        case false?: return console.styled("missed", .red) + mark
        case nil: return mark
        }
    }

    private static func text(_ target: Target) -> String {
        switch target {
        case .atLeast(let value): "≥ \(number(value))"
        case .atMost(let value): "≤ \(number(value))"
        }
    }

    /// Three digits say enough.
    private static func number(_ value: Double) -> String {
        value >= 100 ? Formats.number(Int(value.rounded())) : String(format: "%.2f", value)
    }
}

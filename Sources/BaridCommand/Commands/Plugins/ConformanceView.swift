import BaridConformance

/// Results of `barid plugin conform`, for people and for machines.
struct ConformanceView {
    let console: Console

    /// A result as it comes.
    func lines(_ result: ConformanceReport.Result) -> [String] {
        let name = result.name.padding(toLength: 20)
        switch result.outcome {
        case .passed: return ["\(console.styled("✓", .green))  \(name) \(result.title)"]
        case .skipped(let reason): return ["-  \(name) skipped: \(reason)"]
        case .failed(let reason):
            return ["\(console.styled("✗", .red))  \(name) \(result.title)"]
                + reason.split(separator: "\n").map { "   \(console.words(String($0)))" }
                + ["   fix: \(result.fix)  (Protocols/\(result.clause))"]
        }
    }

    /// The last line.
    func score(_ report: ConformanceReport) -> String {
        let skipped = report.skipped == 0 ? "" : ", \(report.skipped) skipped"
        return
            "\(console.words(report.plugin)): \(report.passed) of \(report.passed + report.failed) checks passed\(skipped)"
    }

    /// One JSON object.
    static func json(_ report: ConformanceReport) -> String {
        var text = JSONText()
        text.add("plugin", report.plugin)
        text.add("passed", report.passed)
        text.add("failed", report.failed)
        text.add("skipped", report.skipped)
        let results = report.results.map { result in
            var one = JSONText()
            one.add("check", result.name)
            one.add("title", result.title)
            one.add("clause", result.clause)
            let (outcome, reason) = told(result.outcome)
            one.add("outcome", outcome)
            if let reason { one.add("reason", reason) }
            if outcome == "failed" { one.add("fix", result.fix) }
            one.add(
                "ms",
                result.duration.components.seconds * 1_000
                    + result.duration.components.attoseconds / 1_000_000_000_000_000)
            return one.text
        }
        text.add("checks", json: "[\(results.joined(separator: ","))]")
        return text.text
    }

    /// JUnit's XML, as continuous integration reads it.
    static func junit(_ report: ConformanceReport) -> String {
        var lines = [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<testsuite name=\"\(escaped(report.plugin))\" tests=\"\(report.results.count)\" failures=\"\(report.failed)\" skipped=\"\(report.skipped)\">",
        ]
        for result in report.results {
            let (seconds, rest) = result.duration.components
            let time = Double(seconds) + Double(rest) * 1e-18
            lines.append(
                "  <testcase classname=\"\(escaped(report.plugin))\" name=\"\(escaped(result.name))\" time=\"\(time)\">"
            )
            switch told(result.outcome) {
            case ("failed", let reason):
                lines.append(
                    "    <failure message=\"\(escaped(result.title))\">\(escaped((reason ?? "") + "\nfix: " + result.fix))</failure>"
                )
            case ("skipped", let reason):
                lines.append("    <skipped message=\"\(escaped(reason ?? ""))\"/>")
            default: break
            }
            lines.append("  </testcase>")
        }
        lines.append("</testsuite>")
        return lines.joined(separator: "\n") + "\n"
    }

    private static func told(_ outcome: ConformanceReport.Outcome) -> (String, String?) {
        switch outcome {
        case .passed: ("passed", nil)
        case .failed(let reason): ("failed", reason)
        case .skipped(let reason): ("skipped", reason)
        }
    }

    /// Text that XML 1.0 can hold.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || (0xFFFE...0xFFFF).contains(scalar.value):
                result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

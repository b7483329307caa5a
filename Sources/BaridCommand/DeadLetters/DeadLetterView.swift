import Barid
import BaridSchema
import BaridSupervisor
import Foundation
import GRPCCore
import SwiftProtobuf

/// A dead letter for people: what was tried, by whom, and how it ended.
struct DeadLetterView {
    let letter: Barid_Admin_V1_DeadLetter
    let console: Console

    /// Everything.
    func lines() -> [String] {
        let title = console.styled("dead letter \(letter.number)", .bold)
        let place = "group \(console.words(letter.group)), topic \(console.words(letter.topic))"
        var lines = ["\(title) of \(place)"]
        lines += row("since", Formats.time(letter.time))
        lines += row("why", Self.error(letter.error, on: console))
        let event = try? Barid_Bus_V1_Event(serializedBytes: letter.event)
        lines += row("event", "sequence \(letter.sequence), \(console.words(letter.type))")
        lines += row("id", console.words(letter.eventID))
        if let event { lines += attributes(event) }
        lines += ["", console.styled("Attempts", .bold)]
        for attempt in letter.attempts { lines += Self.lines(of: attempt, on: console) }
        if letter.attempts.isEmpty { lines.append("  none failed") }
        for before in letter.earlier {
            let end = Self.error(before.error, on: console)
            let title = "Before it was retried, until \(Formats.time(before.time))"
            lines += ["", console.styled(title, .bold), "  \(end)"]
            for attempt in before.attempts { lines += Self.lines(of: attempt, on: console) }
        }
        if let event {
            lines += ["", console.styled("Payload", .bold)]
            lines += payload(event).map { "  \($0)" }
        }
        return lines
    }

    /// "INVALID_ARTICLE (INVALID_ARGUMENT): no text in it".
    static func error(_ error: Barid_Bus_V1_BusError, on console: Console) -> String {
        let code =
            GRPCCore.Status.Code(rawValue: Int(error.code)).map { "\($0)" } ?? "code \(error.code)"
        let head = error.reason.isEmpty ? code : "\(console.words(error.reason)) (\(code))"
        return error.message.isEmpty
            ? head : "\(head): \(console.isolated(VisibleText.joined(error.message)))"
    }

    /// One attempt: when, by whom, how it failed, and how its worker process ended.
    static func lines(of attempt: Barid_Admin_V1_Attempt, on console: Console) -> [String] {
        let started = attempt.started.nanoseconds
        let lasted = max(0, attempt.ended.nanoseconds - started) / 1_000_000
        let worker = attempt.worker.isEmpty ? "nobody" : console.words(attempt.worker)
        let time = Formats.instant(nanoseconds: UInt64(max(0, started)))
        let end = error(attempt.error, on: console)
        var lines = ["  \(attempt.attempt)  \(time)  \(worker), \(lasted) ms: \(end)"]
        guard attempt.hasWorkerExit else {
            if attempt.error.reason == "WORKER_LOST" {
                lines.append(
                    "     nobody supervised this worker: how its process ended is not known")
            }
            return lines
        }
        let exit = attempt.workerExit
        lines.append(
            exit.signal > 0
                ? "     process \(exit.processID) was ended by signal \(exit.signal)"
                : "     process \(exit.processID) ended with exit code \(exit.exitCode)")
        lines += exit.lastLines.suffix(10).map { "     | \(console.words($0))" }
        return lines
    }

    /// "article.parsed" of "news.barid.article.parsed.v1".
    static func shortType(_ type: String) -> String {
        let own = "news.barid."
        guard type.hasPrefix(own) else { return type }
        let parts = type.dropFirst(own.count).split(separator: ".")
        return parts.dropLast().joined(separator: ".")
    }

    private func row(_ name: String, _ text: String) -> [String] {
        ["  \(name.padding(toLength: 9, withPad: " ", startingAt: 0)) \(text)"]
    }

    private func attributes(_ event: Barid_Bus_V1_Event) -> [String] {
        var lines = row("source", console.words(event.source))
        if !event.subject.isEmpty { lines += row("about", console.words(event.subject)) }
        if event.hasTime { lines += row("time", Formats.time(event.time)) }
        if !event.traceparent.isEmpty { lines += row("trace", console.words(event.traceparent)) }
        if !event.causationID.isEmpty {
            lines += row("caused by", console.words(event.causationID))
        }
        for (name, value) in event.extensions.sorted(by: { $0.key < $1.key }) {
            lines += row(console.words(name), console.words(text(of: value)))
        }
        return lines
    }

    private func text(of value: Barid_Bus_V1_Attribute) -> String {
        switch value.value {
        case .boolean(let flag): "\(flag)"
        case .integer(let number): "\(number)"
        case .string(let text), .uri(let text), .uriReference(let text): text
        case .bytes(let bytes): Formats.bytes(UInt64(bytes.count))
        case .timestamp(let time): Formats.time(time)
        case nil: ""
        }
    }

    /// The body as far as people can read it; `export` has it whole.
    private func payload(_ event: Barid_Bus_V1_Event) -> [String] {
        let maximum = 2_000
        let (kind, text): (String, String)
        switch event.data {
        case .textData(let body):
            (kind, text) = ("text", body)
        case .binaryData(let body):
            let readable = String(validating: body.prefix(maximum), as: UTF8.self)
            (kind, text) = (Formats.bytes(UInt64(body.count)), readable ?? "")
        case .protoData(let body):
            let json = try? EventEnvelope(event).json()
            (kind, text) = (
                "\(body.typeURL), \(Formats.bytes(UInt64(body.value.count)))",
                json.map { String(decoding: $0, as: UTF8.self) } ?? ""
            )
        case nil:
            return ["none"]
        }
        let shown = String(String.UnicodeScalarView(text.unicodeScalars.prefix(maximum)))
        let isCut = shown.utf8.count < text.utf8.count
        let more = isCut ? " (the beginning; `export` has it whole)" : ""
        let type = event.dataContentType.isEmpty ? "" : "\(console.words(event.dataContentType)), "
        return ["\(type)\(console.words(kind))\(more)"]
            + shown.split(separator: "\n", omittingEmptySubsequences: false).map {
                console.words(String($0))
            }
    }
}

extension Google_Protobuf_Timestamp {
    /// Nanoseconds since 1970, clamped.
    var nanoseconds: Int64 {
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? (seconds < 0 ? .min : .max) : scaled &+ Int64(nanos)
    }
}

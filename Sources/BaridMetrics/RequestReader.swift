/// One HTTP/1.1 request for figures, as its bytes come; nothing of a body is read.
///
///     reading ── end of the header ──▶ asked, refused
///        └────── too many bytes ─────▶ refused
struct RequestReader {
    /// What the bytes so far amount to.
    enum Outcome: Equatable {
        /// The header is not complete.
        case incomplete
        /// The figures are wanted, or only the header of the answer.
        case asked(headerOnly: Bool)
        /// It gets this status code.
        case refused(Int)
    }

    /// The longest header; what asks for figures needs a few hundred bytes.
    static let maximumBytes = 8 << 10

    private var bytes: [UInt8] = []

    /// Takes the next bytes.
    mutating func take(_ more: some Sequence<UInt8>) -> Outcome {
        for byte in more {
            bytes.append(byte)
            if isComplete { return read() }
            guard bytes.count < Self.maximumBytes else { return .refused(431) }
        }
        return .incomplete
    }

    /// An empty line ends the header; a lone line feed ends a line too (RFC 9112 §2.2).
    private var isComplete: Bool {
        guard bytes.last == 0x0a else { return false }
        let rest = bytes.dropLast()
        return rest.last == 0x0a || (rest.last == 0x0d && rest.dropLast().last == 0x0a)
    }

    private func read() -> Outcome {
        let line = bytes.prefix { $0 != 0x0a && $0 != 0x0d }
        let words = line.split(separator: 0x20, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard words.count == 3, words[2].hasPrefix("HTTP/1."),
            line.allSatisfy({ (0x20...0x7e).contains($0) })
        else { return .refused(400) }
        guard words[0] == "GET" || words[0] == "HEAD" else { return .refused(405) }
        guard words[1].prefix(while: { $0 != "?" }) == "/metrics" else { return .refused(404) }
        return .asked(headerOnly: words[0] == "HEAD")
    }
}

/// The answers to such requests.
enum Response {
    /// The figures, or only the header of that answer.
    static func figures(_ text: String, headerOnly: Bool) -> [UInt8] {
        let body = Array(text.utf8)
        return header(200, "OK", type: MetricsText.mediaType, length: body.count)
            + (headerOnly ? [] : body)
    }

    /// A refusal with its status code.
    static func refusal(_ code: Int) -> [UInt8] {
        let words =
            switch code {
            case 404: "Not Found"
            case 405: "Method Not Allowed"
            case 431: "Request Header Fields Too Large"
            case 503: "Service Unavailable"
            default: "Bad Request"
            }
        let body = Array("\(words); figures are at GET /metrics\n".utf8)
        return header(code, words, type: "text/plain; charset=utf-8", length: body.count) + body
    }

    private static func header(
        _ code: Int, _ words: String, type: String, length: Int
    ) -> [UInt8] {
        Array(
            """
            HTTP/1.1 \(code) \(words)\r
            Content-Type: \(type)\r
            Content-Length: \(length)\r
            \(code == 405 ? "Allow: GET, HEAD\r\n" : "")Cache-Control: no-store\r
            X-Content-Type-Options: nosniff\r
            Connection: close\r
            \r

            """.utf8)
    }
}

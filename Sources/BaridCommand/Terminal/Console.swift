import BaridSupervisor
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Standard output or standard error: what is written, and how much of it a terminal would understand.
struct Console: Sendable {
    /// Results.
    static let output = Console(descriptor: STDOUT_FILENO)

    /// Progress, warnings and errors, so that output can be piped.
    static let error = Console(descriptor: STDERR_FILENO)

    /// A reader that is a program: nothing is isolated or coloured for it, and nothing is written.
    static let program = Console(descriptor: -1, isTerminal: false, hasColours: false)

    let descriptor: Int32
    /// Whether a person is looking.
    let isTerminal: Bool
    /// Colours are for terminals, and not for people who set NO_COLOR (no-color.org).
    let hasColours: Bool

    init(
        descriptor: Int32, environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        self.descriptor = descriptor
        isTerminal = isatty(descriptor) == 1
        hasColours =
            isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    init(descriptor: Int32, isTerminal: Bool, hasColours: Bool) {
        self.descriptor = descriptor
        self.isTerminal = isTerminal
        self.hasColours = hasColours
    }

    /// Columns of the terminal; 80 when it does not say.
    var width: Int {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Writes a line.
    func line(_ text: String = "") { write(text + "\n") }

    /// Writes text as it is, whole.
    func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes {
                #if canImport(Glibc)
                    Glibc.write(descriptor, $0.baseAddress, $0.count)
                #else
                    Darwin.write(descriptor, $0.baseAddress, $0.count)
                #endif
            }
            if count > 0 {
                bytes = bytes.dropFirst(count)
            } else if count < 0, errno == EINTR {
                continue
            } else if count < 0, errno == EAGAIN {
                // Somebody else made the terminal or pipe non-blocking.
                var wish = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&wish, 1, -1)
            } else {
                return
            }
        }
    }

    /// The text in a style, where there are colours.
    func styled(_ text: String, _ style: Style) -> String {
        hasColours && !text.isEmpty ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// Somebody else's words: nothing in them acts on the terminal, and on a terminal they are
    /// isolated, so that right-to-left words do not reorder what stands beside them.
    func words(_ text: String) -> String { isolated(VisibleText.line(text)) }

    /// Like ``words(_:)``, for text that may have several lines: a blank for each line break.
    func prose(_ text: String) -> String {
        words(text.split(whereSeparator: \.isNewline).joined(separator: " "))
    }

    /// Visible text that keeps its direction to itself; ASCII has none to keep, and is copied more
    /// easily without.
    func isolated(_ text: String) -> String {
        isTerminal && !text.utf8.allSatisfy { $0 < 0x80 } ? "\u{2068}\(text)\u{2069}" : text
    }

    /// An id as people copy it: of a hash the beginning, which is enough for every command.
    ///
    /// - Parameters:
    ///   - id: The whole id.
    ///   - columns: How many another one may take.
    /// - Returns: Visible text.
    func id(_ id: String, within columns: Int = .max) -> String {
        let isHash =
            id.utf8.count == 64
            && id.utf8.allSatisfy {
                UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
                    || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0
            }
        return words(isHash ? String(id.prefix(12)) : DisplayWidth.cut(id, to: columns))
    }

    /// Like ``words(_:)``, with ranges of scalar indices highlighted: in colour, else in `[...]`.
    ///
    /// The rest is in a style of its own, which a highlight does not end.
    func words(
        _ text: String, marked ranges: [Range<Int>], in style: Style? = nil
    ) -> String {
        let base = hasColours ? style.map { "\u{1B}[\($0.rawValue)m" } ?? "" : ""
        var result = base
        var inMark = false
        for (index, scalar) in text.unicodeScalars.enumerated() {
            let isMarked = ranges.contains { $0.contains(index) }
            if isMarked != inMark { result += mark(opening: isMarked) + (isMarked ? "" : base) }
            inMark = isMarked
            result += scalar == "\n" ? " " : VisibleText.line(String(scalar))
        }
        if inMark { result += mark(opening: false) } else if !base.isEmpty { result += "\u{1B}[0m" }
        return isolated(result)
    }

    private func mark(opening: Bool) -> String {
        guard hasColours else { return opening ? "[" : "]" }
        return opening ? "\u{1B}[\(Style.highlight.rawValue)m" : "\u{1B}[0m"
    }
}

/// How text may look on a terminal: the parameters of "select graphic rendition".
enum Style: String, Sendable {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case cyan = "36"
    case highlight = "1;33"
}

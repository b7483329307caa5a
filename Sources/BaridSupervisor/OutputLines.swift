/// Cuts what a process writes into lines, whatever it writes: a line over the limit is cut and
/// the rest of it counted.
struct OutputLines: Sendable {
    /// Longest line kept, in bytes.
    let maximumLength: Int

    private var line: [UInt8] = []
    private var dropped = 0

    init(maximumLength: Int = 4096) {
        self.maximumLength = maximumLength
    }

    /// Takes bytes and returns the lines that are now complete.
    mutating func take(_ bytes: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                lines.append(finishLine())
            } else if line.count < maximumLength {
                line.append(byte)
            } else {
                dropped += 1
            }
        }
        return lines
    }

    /// The last line, when it did not end with a newline.
    mutating func finish() -> String? {
        line.isEmpty && dropped == 0 ? nil : finishLine()
    }

    private mutating func finishLine() -> String {
        if line.last == UInt8(ascii: "\r"), dropped == 0 { line.removeLast() }
        var text = VisibleText.line(String(decoding: line, as: UTF8.self))
        if dropped > 0 { text += " [and \(dropped) bytes more]" }
        line.removeAll(keepingCapacity: true)
        dropped = 0
        return text
    }
}

import Testing

@testable import BaridSupervisor

@Suite struct OutputLinesTests {
    @Test func cutsLinesWhereverTheBytesWereSplit() {
        let bytes = Array("واحد\r\ntwo\n\nrest".utf8)
        for cut in 0...bytes.count {
            var lines = OutputLines()
            let complete = lines.take(bytes[..<cut]) + lines.take(bytes[cut...])
            #expect(complete == ["واحد", "two", ""])
            #expect(lines.finish() == "rest")
            #expect(lines.finish() == nil)
        }
    }

    @Test(arguments: [4, 5, 9])
    func aLineOverTheLimitIsCutAndCounted(length: Int) {
        var lines = OutputLines(maximumLength: 5)
        let line = lines.take(Array(String(repeating: "x", count: length).utf8) + [10])
        #expect(
            line == [
                length <= 5 ? String(repeating: "x", count: length) : "xxxxx [and 4 bytes more]"
            ])
    }

    @Test func whatCouldActOnATerminalIsWrittenOut() {
        #expect(VisibleText.line("a\u{1B}[2Jb\u{202E}c\u{7}") == "aU+001B[2JbU+202EcU+0007")
        #expect(VisibleText.line("می\u{200C}خواهم بَريد") == "می\u{200C}خواهم بَريد")
        var lines = OutputLines()
        #expect(lines.take([0xFF, 0x41, 10]) == ["\u{FFFD}A"])
    }
}

import BaridSchema
import Testing

@testable import BaridCommand

@Suite struct TerminalTests {
    private let plain = Console(descriptor: -1, isTerminal: false, hasColours: false)
    private let terminal = Console(descriptor: -1, isTerminal: true, hasColours: true)

    @Test func columnsAreThoseOfATerminal() {
        #expect(DisplayWidth.columns(of: "abc") == 3)
        #expect(DisplayWidth.columns(of: "بَرِيد") == 4, "vowel signs take no column")
        #expect(DisplayWidth.columns(of: "日本") == 4)
        #expect(DisplayWidth.columns(of: "\u{2068}x\u{2069}") == 1)
        #expect(DisplayWidth.columns(of: terminal.styled("ready", .green)) == 5)
        #expect(DisplayWidth.cut("abcdef", to: 4) == "abc…")
        #expect(DisplayWidth.cut("日本語", to: 5) == "日本…")
        #expect(DisplayWidth.cut("abcd", to: 4) == "abcd")
    }

    @Test func wordsOfOthersDoNotActOnTheTerminal() {
        let hostile = "a\u{1B}[31m\u{202E}b\nc"
        #expect(plain.words(hostile) == "aU+001B[31mU+202EbU+000Ac")
        #expect(terminal.words("عنوان") == "\u{2068}عنوان\u{2069}")
        #expect(plain.words("عنوان") == "عنوان")
        #expect(plain.prose("سطر\r\nآخر\u{1B}") == "سطر آخرU+001B")
        #expect(plain.words("a\nb", marked: [2..<3]) == "a [b]")
    }

    /// What `--json` says of a dead letter holds no marks of direction.
    @Test func programsGetTheWordsAlone() {
        let letter = Barid_Admin_V1_DeadLetter.with {
            $0.group = "parser"
            $0.error.message = "لا نص فيه"
        }
        #expect(ArticleFollower.text(letter, on: .program) == "parser gave up: لا نص فيه")
        #expect(ArticleFollower.text(letter, on: terminal).contains("\u{2068}"))
    }

    @Test func marksStandOnTheOriginalLetters() {
        #expect(plain.words("قال للافروف أمس", marked: [4..<11]) == "قال [للافروف] أمس")
        #expect(plain.words("abc", marked: [1..<9]) == "a[bc]")
        #expect(plain.words("abc", marked: [0..<1, 1..<2]) == "[ab]c")
        #expect(plain.words("abc", marked: []) == "abc")
        #expect(
            terminal.words("بر", marked: [0..<1])
                == "\u{2068}\u{1B}[1;33mب\u{1B}[0mر\u{2069}")
        #expect(
            terminal.words("abc", marked: [1..<2], in: .bold)
                == "\u{1B}[1ma\u{1B}[1;33mb\u{1B}[0m\u{1B}[1mc\u{1B}[0m")
        #expect(plain.words("abc", marked: [1..<2], in: .bold) == "a[b]c")
        #expect(terminal.words("f03dd78f9e8c") == "f03dd78f9e8c", "an id is copied as it is")
    }

    @Test func tablesLineUp() {
        var table = Table([
            Table.Column("NAME"), Table.Column("LAG", isNumber: true), Table.Column("X"),
        ])
        table.add(["بَريد", "5", ""])
        table.add(["parser", "1,000"])
        #expect(table.lines(on: plain) == ["NAME      LAG  X", "بَريد        5", "parser  1,000"])
    }

    @Test func theBarTellsHowFar() {
        let text = ProgressBar.text(
            "indexed", done: 50, total: 200, elapsed: .seconds(5), width: 60)
        #expect(text == "indexed ███████░░░░░░░░░░░░░░░░░░░░░░░ 50/200  10/s")
        #expect(
            ProgressBar.text("read", done: 7, total: nil, elapsed: .zero, width: 80) == "read 7")
        #expect(ProgressBar.text("read", done: 9, total: 0, elapsed: .zero, width: 80) == "read 9")
        #expect(
            ProgressBar.text("read", done: 300, total: 200, elapsed: .zero, width: 12)
                == "read 300/200")
    }

    @Test func whatIsBehindAddsUpWhateverABrokerSays() {
        let (few, many) = (Backlog(atLeast: 2, atMost: 5), Backlog(atLeast: .max, atMost: .max))
        #expect((few + few).text == "at least 4 events (6 more were not looked at in time)")
        #expect(few + many == many)
    }

    @Test func numbersForPeople() {
        #expect(Formats.number(1_048_576) == "1,048,576")
        #expect(Formats.number(-1000) == "-1,000")
        #expect(Formats.number(999) == "999")
        #expect(Formats.count(1, "article") == "1 article")
        #expect(Formats.duration(0) == "0 s")
        #expect(Formats.duration(3_725) == "1 h 2 min")
        #expect(Formats.duration(86_400 + 5) == "1 d", "what is next to nothing is left out")
        #expect(Formats.duration(7_952 * 86_400 + 3 * 3_600) == "7,952 d")
        #expect(Formats.bytes(1_536) == "1.5 KiB")
    }

    @Test func jsonIsJSON() {
        #expect(JSONText.string("a\"\\\n\u{1}ب") == "\"a\\\"\\\\\\n\\u0001ب\"")
        var text = JSONText()
        text.add("a", "x")
        text.add("n", 5)
        text.add("b", false)
        #expect(text.text == "{\"a\":\"x\",\"n\":5,\"b\":false}")
    }
}

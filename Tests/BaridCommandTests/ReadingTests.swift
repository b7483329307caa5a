import BaridArticles
import Foundation
import TestSupport
import Testing

@testable import BaridCommand

/// What becomes of files: articles, or problems that name file and line.
@Suite struct ReadingTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func read(
        _ paths: [String], form: InputForm = .auto
    ) async
        -> (articles: [ArticleInput], problems: [InputProblem])
    {
        var articles: [ArticleInput] = []
        var problems: [InputProblem] = []
        for await item in ArticleReader(paths: paths, form: form, samples: false) {
            switch item {
            case .success(let article): articles.append(article)
            case .failure(let problem): problems.append(problem)
            }
        }
        return (articles, problems)
    }

    @Test func aTextFileIsOneArticleByteForByte() async throws {
        let text = "عنوان\r\n\r\nفقرة أولى.\n"
        let path = try folder.write(text, to: "a.txt")
        let (articles, problems) = await read([path])
        #expect(problems.isEmpty)
        #expect(
            articles == [
                ArticleInput(
                    name: path, content: Data(text.utf8), mediaType: "text/plain; charset=utf-8")
            ])
    }

    @Test func aBadLineIsNamedAndTheOthersAreArticles() async throws {
        let path = try folder.write(
            "{\"id\": \"1\"}\n\nnot json\n[1]\r\n{\"id\": \"2\"}", to: "dump.jsonl")
        let (articles, problems) = await read([path])
        #expect(articles.map(\.name) == ["\(path):1", "\(path):5"])
        #expect(
            articles.map { String(decoding: $0.content, as: UTF8.self) } == [
                "{\"id\": \"1\"}", "{\"id\": \"2\"}",
            ])
        #expect(problems.map(\.name) == ["\(path):3", "\(path):4"])
        #expect(problems.allSatisfy { $0.code == .badInput })
        #expect(
            ArticleReader.count(paths: [path], form: .auto, samples: true) == 4 + Samples.all.count)
    }

    @Test(arguments: [
        ("", "is empty"), (" \n\u{FEFF}\n", "nothing but white space"),
        ("a\0b", "zero byte at offset 1"),
        ("<!DOCTYPE html><p>x", "HTML"), ("\u{FEFF}<html>", "HTML"),
        ("<?xml version='1.0'?>", "XML"),
        (" <rss>", "XML"), ("%PDF-1.4\n", "a PDF document"), ("GIF89a", "a GIF image"),
    ])
    func whatIsNoTextIsRefused(content: String, reason: String) async throws {
        let (articles, problems) = await read([try folder.write(content, to: "x.txt")])
        #expect(articles.isEmpty)
        #expect(problems.first?.message.contains(reason) == true, "\(problems)")
        #expect(problems.first?.code == .badInput)
    }

    @Test func otherEncodingsAreTakenFromWhoeverNamesThem() async throws {
        let path = folder.file("1256.txt")
        try Data([0xC8, 0xD1, 0xED, 0xCF]).write(to: URL(fileURLWithPath: path))
        #expect(await read([path]).problems.first?.message.contains("--charset") == true)
        var found: [ArticleReader.Element] = []
        for await item in ArticleReader(
            paths: [path], form: .auto, samples: false, charset: "windows-1256")
        {
            found.append(item)
        }
        #expect(try found.first?.get().mediaType == "text/plain; charset=windows-1256")
    }

    /// The parser would not read it either: it is told before anything is stored.
    @Test(arguments: [InputForm.auto, .text, .json, .jsonl])
    func htmlIsRefusedInEveryForm(form: InputForm) async throws {
        let path = try folder.write("<html>", to: "x.html")
        #expect(await read([path], form: form).problems.first?.message.contains("HTML") == true)
    }

    /// An encoding makes no text of an image.
    @Test func anImageIsRefusedInEveryEncoding() async throws {
        let path = folder.file("x.png")
        try Data([0x89, 0x50, 0x4E, 0x47, 0x0D]).write(to: URL(fileURLWithPath: path))
        let reader = ArticleReader(
            paths: [path], form: .auto, samples: false, charset: "windows-1256")
        var messages: [String] = []
        for await case .failure(let problem) in reader { messages.append(problem.message) }
        #expect(messages == ["is not text: it looks like a PNG image"])
    }

    @Test func pathsThatCannotBeReadAreNoInput() async throws {
        let (articles, problems) = await read(["/nonexistent/a.txt", folder.path])
        #expect(articles.isEmpty && problems.count == 2)
        #expect(problems.allSatisfy { $0.code == .noInput })
    }

    /// The limit itself, and one above it.
    @Test(arguments: [0, 1])
    func theLimitIsTheEvents(above: Int) async throws {
        let size = InputCheck.maximumBytes + above
        let path = try folder.write(String(repeating: "a", count: size), to: "long.txt")
        let line = try folder.write(
            "{\"text\":\"" + String(repeating: "a", count: size - 11) + "\"}\n{\"text\":\"b\"}\n",
            to: "long.jsonl")
        let (articles, problems) = await read([path, line])
        #expect(articles.count == (above == 0 ? 3 : 1))
        #expect(problems.allSatisfy { $0.message.contains("1,048,577 bytes") })
        #expect(problems.count == above * 2)
    }

    @Test(arguments: [
        ([0x61, 0xD8], 1), ([0xC0, 0xAF], 0), ([0xED, 0xA0, 0x80], 0),
        ([0xF5, 0x80, 0x80, 0x80], 0),
        ([0xD8, 0xA7, 0x80], 2), ([0xF4, 0x90, 0x80, 0x80], 0),
    ])
    func invalidUTF8IsFoundAtItsOffset(bytes: [UInt8], offset: Int) {
        #expect(InputCheck.invalidUTF8(Data(bytes)) == offset)
        // A slice does not begin at zero.
        #expect(InputCheck.invalidUTF8(Data([0x61] + bytes).dropFirst()) == offset)
    }

    @Test func validUTF8IsTaken() {
        #expect(InputCheck.invalidUTF8(Data("aé€😀بريد\u{10FFFF}\u{D7FF}\u{E000}".utf8)) == nil)
    }

    @Test func standardInputIsTakenForWhatItLooksLike() {
        func form(_ text: String) -> InputForm {
            ArticleReader.form(of: "-", beginning: Data(text.utf8))
        }
        #expect(form("عنوان") == .text)
        #expect(form("{\"a\": 1}\n{\"a\": 2}\n") == .jsonl)
        #expect(form("{\n  \"a\": 1\n}\n") == .json)
        #expect(ArticleReader.form(of: "x.ndjson", beginning: Data()) == .jsonl)
        #expect(ArticleReader.form(of: "x.json", beginning: Data()) == .json)
    }

    /// The samples are what the issue asks of them: text, three Arabic, one with comments.
    @Test func theSamplesAreArticles() {
        #expect(Samples.all.count >= 4)
        for sample in Samples.all {
            #expect(InputCheck.text(sample.content) == nil, "\(sample.name)")
        }
        let texts = Samples.all.map { String(decoding: $0.content, as: UTF8.self) }
        #expect(texts.filter { $0.contains("وأضاف") || $0.contains("وقالت") }.count >= 3)
        #expect(texts.contains { $0.contains("3 تعليقات") && !$0.contains("  3. ") })
        #expect(texts.contains { $0.contains("observatory") })
        let ids = Samples.all.map { ContentHash.hex(of: $0.content) }
        #expect(Set(ids).count == ids.count)
    }
}

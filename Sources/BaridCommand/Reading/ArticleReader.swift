import ArgumentParser
import Barid
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Splits files into articles, on a thread of its own, a few ahead of whoever takes them.
///
/// Containers are streamed, whatever their size; a bad one, or a bad line, is a problem and the rest
/// goes on.
struct ArticleReader: AsyncSequence, Sendable {
    /// An article or what stands in its place.
    typealias Element = Result<ArticleInput, InputProblem>

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var base: AsyncStream<ArticleReader.Element>.Iterator
        fileprivate let room: DispatchSemaphore

        mutating func next() async -> ArticleReader.Element? {
            let item = await base.next()
            if item != nil { room.signal() }
            return item
        }
    }

    private let stream: AsyncStream<Element>
    /// Most articles read ahead: a few megabytes, and at the very worst 64 MiB.
    private let room = DispatchSemaphore(value: 0)

    /// Begins to read.
    ///
    /// - Parameters:
    ///   - paths: Files, and "-" for standard input.
    ///   - form: How they are read.
    ///   - samples: Whether the samples come first.
    ///   - charset: Encoding of text files; nil is UTF-8, which is checked.
    init(paths: [String], form: InputForm, samples: Bool, charset: String? = nil) {
        let (stream, post) = AsyncStream.makeStream(of: Element.self)
        self.stream = stream
        let room = room
        // Counted up and not made with 64: one that ends below what it was made with is a trap.
        for _ in 0..<64 { room.signal() }
        let thread = Thread {
            let put: (Element) -> Void = { item in
                room.wait()
                post.yield(item)
            }
            if samples {
                for sample in Samples.all {
                    put(
                        .success(
                            ArticleInput(
                                name: sample.name, content: sample.content,
                                mediaType: "text/plain; charset=utf-8")))
                }
            }
            for path in paths { Self.read(path, as: form, charset, put) }
            post.finish()
        }
        thread.name = "reader"
        thread.start()
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: stream.makeAsyncIterator(), room: room)
    }

    private static func read(
        _ path: String, as given: InputForm, _ charset: String?, _ put: (Element) -> Void
    ) {
        let name = path == "-" ? "standard input" : path
        func problem(_ code: ExitCode, _ message: String) {
            put(.failure(InputProblem(name: name, code: code, message: message)))
        }
        var descriptor = STDIN_FILENO
        var size = 0
        if path != "-" {
            descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            guard descriptor >= 0 else {
                let reason = String(cString: strerror(errno))
                problem(.noInput, errno == ENOENT ? "there is no such file" : reason)
                return
            }
            var status = stat()
            guard fstat(descriptor, &status) == 0 else {
                close(descriptor)
                return problem(.noInput, "cannot be read")
            }
            guard status.st_mode & S_IFMT != S_IFDIR else {
                close(descriptor)
                return problem(.noInput, "is a folder: name its files, as in \(path)/*.txt")
            }
            _ = fcntl(descriptor, F_SETFL, 0)
            size = Int(status.st_size)
        }
        defer { if path != "-" { close(descriptor) } }
        var input = ByteInput(descriptor: descriptor)
        let form = given == .auto ? Self.form(of: path, beginning: input.peek()) : given
        switch form {
        case .jsonl: lines(&input, name, put)
        case .text, .json, .auto:
            // A file too long is refused by its size, unread.
            guard size <= InputCheck.maximumBytes,
                let content = input.all(maximum: InputCheck.maximumBytes)
            else {
                problem(
                    .badInput,
                    size > 0
                        ? InputCheck.tooLong(size)
                        : "has more than \(Formats.number(InputCheck.maximumBytes)) bytes, the broker's limit for an event (1 MiB)"
                )
                return
            }
            if let failure = input.failure { return problem(.noInput, failure) }
            let isJSON = form == .json
            if charset == nil || isJSON {
                if let wrong = InputCheck.text(content) { return problem(.badInput, wrong) }
            } else if content.isEmpty {
                return problem(.badInput, "is empty")
            } else if let wrong = InputCheck.format(content) {
                return problem(.badInput, wrong)
            }
            if isJSON, let wrong = InputCheck.json(content) { return problem(.badInput, wrong) }
            put(
                .success(
                    ArticleInput(
                        name: name, content: content,
                        mediaType: isJSON
                            ? "application/json" : "text/plain; charset=\(charset ?? "utf-8")")))
        }
    }

    private static func lines(_ input: inout ByteInput, _ name: String, _ put: (Element) -> Void) {
        var number = 0
        var count = 0
        while let line = input.line(maximum: InputCheck.maximumBytes) {
            number += 1
            let content = line.content
            if line.length <= InputCheck.maximumBytes, content.allSatisfy({ $0 <= 0x20 }) {
                continue
            }
            count += 1
            let place = "\(name):\(number)"
            let wrong =
                line.length > InputCheck.maximumBytes
                ? InputCheck.tooLong(line.length)
                : InputCheck.text(content) ?? InputCheck.json(content)
            if let wrong {
                put(.failure(InputProblem(name: place, code: .badInput, message: wrong)))
            } else {
                put(
                    .success(
                        ArticleInput(
                            name: place, content: content, mediaType: "application/json")))
            }
        }
        if let failure = input.failure {
            put(.failure(InputProblem(name: name, code: .noInput, message: failure)))
        } else if count == 0 {
            put(.failure(InputProblem(name: name, code: .badInput, message: "is empty")))
        }
    }

    /// The form of a file nobody named one for.
    static func form(of path: String, beginning: Data) -> InputForm {
        switch (path as NSString).pathExtension.lowercased() {
        case "jsonl", "ndjson": return .jsonl
        case "json": return .json
        default: break
        }
        guard path == "-", beginning.first(where: { $0 > 0x20 }) == UInt8(ascii: "{") else {
            return .text
        }
        // A first line that is an object of its own: JSON lines, be it only one.
        let first = beginning.drop { $0 <= 0x20 }.prefix { $0 != UInt8(ascii: "\n") }
        return InputCheck.json(first) == nil || first.endIndex == beginning.endIndex
            ? .jsonl : .json
    }

    /// How many articles there will be; nil when that is not known beforehand.
    static func count(paths: [String], form: InputForm, samples: Bool) -> Int? {
        var total = samples ? Samples.all.count : 0
        for path in paths {
            guard path != "-" else { return nil }
            let isLines =
                form == .jsonl || form == .auto && Self.form(of: path, beginning: Data()) == .jsonl
            guard isLines else {
                total += 1
                continue
            }
            let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size]) as? Int
            guard let size, size <= 1 << 30, let handle = FileHandle(forReadingAtPath: path) else {
                return nil
            }
            while let part = try? handle.read(upToCount: 1 << 20), !part.isEmpty {
                total += part.withUnsafeBytes { bytes in
                    bytes.reduce(into: 0) { if $1 == UInt8(ascii: "\n") { $0 += 1 } }
                }
            }
        }
        return total
    }
}

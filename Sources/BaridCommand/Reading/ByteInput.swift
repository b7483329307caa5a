import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Buffered bytes of a descriptor.
struct ByteInput {
    struct Line {
        /// The bytes, up to the maximum.
        var content: Data
        /// How many there are.
        var length: Int
    }

    let descriptor: Int32
    /// What the system said when reading failed.
    private(set) var failure: String?
    private var buffer = Data()
    private var isAtEnd = false

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// What comes first, without taking it.
    mutating func peek() -> Data {
        if buffer.isEmpty { fill() }
        return Data(buffer)
    }

    /// Everything; nil when it is more than the maximum.
    mutating func all(maximum: Int) -> Data? {
        while !isAtEnd, buffer.count <= maximum { fill() }
        return buffer.count <= maximum ? Data(buffer) : nil
    }

    /// The next line without its line break; nil at the end.
    mutating func line(maximum: Int) -> Line? {
        var content = Data()
        var length = 0
        while true {
            if buffer.isEmpty {
                fill()
                if buffer.isEmpty {
                    return length > 0 ? Line(content: content, length: length) : nil
                }
            }
            let end = buffer.firstIndex(of: UInt8(ascii: "\n"))
            let part = buffer[..<(end ?? buffer.endIndex)]
            content += part.prefix(max(0, maximum - content.count))
            length += part.count
            buffer = end.map { buffer[($0 + 1)...] } ?? Data()
            if end != nil {
                if content.last == UInt8(ascii: "\r"), length <= maximum { content.removeLast() }
                return Line(content: content, length: length)
            }
        }
    }

    private mutating func fill() {
        guard !isAtEnd else { return }
        var bytes = [UInt8](repeating: 0, count: 256 << 10)
        var count = read(descriptor, &bytes, bytes.count)
        while count < 0, errno == EINTR { count = read(descriptor, &bytes, bytes.count) }
        if count > 0 {
            buffer.append(contentsOf: bytes.prefix(count))
        } else {
            if count < 0 { failure = "cannot be read: \(String(cString: strerror(errno)))" }
            isAtEnd = true
        }
    }
}

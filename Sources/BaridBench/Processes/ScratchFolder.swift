internal import Foundation

/// A folder for one broker, ours alone, which is removed with all that is in it.
struct ScratchFolder {
    let path: String

    /// - Throws: ``BenchFailure`` when it cannot be made, or would make a socket's path too long.
    init(in parent: String) throws {
        var template = Array("\(parent)/barid-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw BenchFailure(
                "no folder can be made in \(parent): \(String(cString: strerror(errno)))")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }

    /// Bytes that the files of a folder take on the disk, and how many of them are segments that a log
    /// has prepared and not begun.
    static func diskBytes(_ path: String) -> (all: Int, spare: Int) {
        let files = FileManager.default.enumerator(atPath: path)?.allObjects as? [String] ?? []
        return files.reduce((0, 0)) { sum, file in
            var status = stat()
            guard stat("\(path)/\(file)", &status) == 0 else { return sum }
            let bytes = Int(status.st_blocks) * 512
            let isSpare = file.split(separator: "/").last?.hasPrefix("spare-") ?? false
            return (sum.all + bytes, sum.spare + (isSpare ? bytes : 0))
        }
    }
}

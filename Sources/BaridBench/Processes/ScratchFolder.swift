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

    /// Bytes that the files of a folder take on the disk.
    static func diskBytes(_ path: String) -> Int {
        let files = FileManager.default.enumerator(atPath: path)?.allObjects as? [String] ?? []
        return files.reduce(0) { sum, file in
            var status = stat()
            guard stat("\(path)/\(file)", &status) == 0 else { return sum }
            return sum + Int(status.st_blocks) * 512
        }
    }
}

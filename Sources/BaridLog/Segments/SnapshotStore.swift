/// Snapshots as files beside the segments: `POSITION.snapshot`, the latest two.
///
///      0   8  "BARIDSNP"
///      8   4  version, 1
///     12   4  0
///     16   8  position
///     24   8  bytes of the state
///     32   4  CRC32C of the above
///     36   4  CRC32C of the state
///     40      the state
struct SnapshotStore {
    private static let version: UInt32 = 1
    private static let suffix = ".snapshot"
    private static let unfinishedName = "snapshot.tmp"
    private static let kept = 2

    private let files: any LogFileSystem
    private let folder: String
    /// Positions of the files there are, the oldest first, with their sizes.
    private(set) var known: [(position: UInt64, bytes: Int)] = []

    init(files: any LogFileSystem, folder: String, names: [String]) throws(FileError) {
        self.files = files
        self.folder = folder
        for name in names {
            guard let position = Self.position(ofName: name) else { continue }
            let size = try files.open(path(position), creating: false).size()
            known.append((position, size))
        }
        known.sort { $0.position < $1.position }
    }

    /// Bytes of all snapshots.
    var usedBytes: Int { known.reduce(0) { $0 + $1.bytes } }

    /// Writes a file under another name, syncs, renames, syncs the folder.
    ///
    /// It changes nothing but the folder, so that another thread than the log's may do it.
    static func writeFile(
        _ bytes: [UInt8], at position: UInt64, files: any LogFileSystem, folder: String
    ) throws(FileError) -> Int {
        let header = header(of: bytes, at: position)
        let unfinished = "\(folder)/\(Self.unfinishedName)"
        do throws(FileError) {
            let file = try files.open(unfinished, creating: true)
            try file.write(header, at: 0)
            try file.write(bytes, at: header.count)
            try file.sync()
            try files.rename(unfinished, to: "\(folder)/\(position)\(suffix)")
            try files.syncFolder(folder)
        } catch {
            // What cannot be removed either is removed at the next start.
            try? files.remove(unfinished)
            throw error
        }
        return header.count + bytes.count
    }

    /// What stands before a state in its file.
    static func header(of bytes: [UInt8], at position: UInt64) -> [UInt8] {
        var header = LittleEndianWriter()
        header.bytes += Array("BARIDSNP".utf8)
        header.add(Self.version)
        header.add(UInt32(0))
        header.add(position)
        header.add(UInt64(bytes.count))
        header.add(header.checksum(after: []))
        header.add(bytes[...].checksum(after: []))
        return header.bytes
    }

    /// Takes note of a snapshot that was written, and lets go of the oldest.
    mutating func adopt(position: UInt64, fileBytes: Int) throws(FileError) {
        known.removeAll { $0.position == position }
        known.append((position, fileBytes))
        known.sort { $0.position < $1.position }
        while known.count > Self.kept {
            try files.remove(path(known[0].position))
            known.removeFirst()
        }
    }

    /// The latest snapshot that is whole.
    func latest() throws(FileError) -> LogSnapshot? {
        for candidate in known.reversed() {
            if let snapshot = try read(candidate.position) { return snapshot }
        }
        return nil
    }

    /// One snapshot; `nil` when it is not whole.
    func read(_ position: UInt64) throws(FileError) -> LogSnapshot? {
        let file = try files.open(path(position), creating: false)
        let bytes = try file.read(try file.size(), at: 0)
        guard let snapshot = Self.decode(bytes), snapshot.position == position else { return nil }
        return snapshot
    }

    private static func decode(_ bytes: [UInt8]) -> LogSnapshot? {
        var reader = LittleEndianReader(bytes[...])
        guard reader.rest.starts(with: "BARIDSNP".utf8), let covered = reader.prefix(32) else {
            return nil
        }
        reader.skip(8)
        guard
            reader.next(UInt32.self) == version, reader.next(UInt32.self) != nil,
            let position = reader.next(UInt64.self), let count = reader.next(UInt64.self),
            reader.next(UInt32.self) == covered.checksum(after: []),
            let checksum = reader.next(UInt32.self), UInt64(reader.rest.count) == count,
            reader.rest.checksum(after: []) == checksum
        else { return nil }
        return LogSnapshot(position: position, bytes: Array(reader.rest))
    }

    /// The path of a snapshot.
    func path(_ position: UInt64) -> String {
        "\(folder)/\(position)\(Self.suffix)"
    }

    private static func position(ofName name: String) -> UInt64? {
        name.hasSuffix(suffix) ? UInt64(name.dropLast(suffix.count)) : nil
    }
}

/// Names the newest segment, so that the loss of its file is noticed.
///
/// The segments before it prove nothing of it, and without it a log only looks shorter. The mark is
/// an empty file, `newest-POSITION`, renamed after the segment's own name is durable. What it claims
/// is therefore true whatever the power does; a mark that is older, or not there, claims less.
struct NewestMark {
    private static let prefix = "newest-"

    /// The position the mark names.
    private(set) var position: UInt64?
    private let folder: String
    private let files: any LogFileSystem

    /// Finds the mark among the names of the log's folder.
    init(names: [String], folder: String, files: any LogFileSystem) {
        self.folder = folder
        self.files = files
        position =
            names.compactMap { name in
                name.hasPrefix(Self.prefix)
                    ? Segment.firstPosition(ofName: "\(name.dropFirst(Self.prefix.count)).log")
                    : nil
            }.filter { $0 < .max }.max()
    }

    /// Where the segment's file ought to be, if it is none of these.
    ///
    /// - Parameter newest: The first position of the newest segment that is there.
    /// - Returns: The damage, or `nil` when nothing is known to be missing.
    func missing(after newest: UInt64?) -> LogDamage? {
        guard let position, position > newest ?? 0 else { return nil }
        return LogDamage(
            file: "\(folder)/\(Segment.name(firstPosition: position))", offset: 0,
            positions: position...position, reason: "the file is missing")
    }

    /// Moves the mark to a segment whose name is durable.
    ///
    /// It is not synced: a mark that does not survive claims less.
    mutating func move(to newPosition: UInt64) {
        guard position != newPosition else { return }
        let moved: Void? = position.flatMap { try? files.rename(path($0), to: path(newPosition)) }
        if moved == nil { _ = try? files.open(path(newPosition), creating: true) }
        position = newPosition
    }

    /// Takes the mark away, when what it names is given up.
    ///
    /// - Throws: ``FileError`` when it cannot be removed.
    mutating func remove() throws(FileError) {
        if let position { try files.remove(path(position)) }
        position = nil
    }

    private func path(_ position: UInt64) -> String {
        "\(folder)/\(Self.prefix)\(Segment.name(firstPosition: position).dropLast(4))"
    }
}

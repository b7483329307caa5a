/// How a segmented log uses its folder and memory.
public struct SegmentedLogSettings: Sendable, Equatable {
    /// Size of a segment.
    ///
    /// The default is 64 MiB: a start walks one segment at most, and a trim frees one at a time.
    public var segmentBytes = 64 << 20
    /// Size of the first segment of a new log.
    ///
    /// The default is 4 MiB, so that little is taken before anything is stored.
    public var smallSegmentBytes = 4 << 20
    /// Segments kept prepared in the background.
    ///
    /// The default is 1. With 0 nothing happens in the background.
    public var spares = 1
    /// Whether each commit is synced; else ``SegmentedLog/sync()`` does it, when it is called.
    ///
    /// The default is true. Without it, commits since the last sync are lost with the power.
    public var syncsCommits = true
    /// The most bytes written and synced at once.
    ///
    /// The default is 1 MiB: beyond that, a sync takes longer than it saves.
    public var commitBytes = 1 << 20
    /// The most payload bytes of one record.
    ///
    /// The default is 18 MiB: the largest event, and what surrounds it.
    public var maximumPayloadBytes = 18 << 20
    /// Bytes read at once by one who reads on; others get a quarter.
    ///
    /// The default is 256 KiB.
    public var readBytes = 256 << 10
    /// Memory for what was read, kept in case it is wanted again.
    ///
    /// The default is 4 MiB.
    public var cacheBytes = 4 << 20
    /// Distance between entries of the index.
    ///
    /// The default is 64 KiB: a kilobyte of index for 4 MiB of log.
    public var indexBytes = 64 << 10

    /// The defaults.
    public init() {}

    /// Reports everything that makes no sense, at once.
    ///
    /// - Throws: ``LogError/setting(_:)``.
    public func validate() throws(LogError) {
        var complaints: [String] = []
        let largest = Int(Int32.max)
        func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) {
            guard !range.contains(value) else { return }
            complaints.append(
                "\(name) is \(value), and must be between \(range.lowerBound) "
                    + "and \(range.upperBound)")
        }
        check("segmentBytes", segmentBytes, 8192...largest)
        check("smallSegmentBytes", smallSegmentBytes, 8192...largest)
        check("spares", spares, 0...16)
        check("commitBytes", commitBytes, 1...(64 << 20))
        check("maximumPayloadBytes", maximumPayloadBytes, 1...(largest - 65_536))
        check("readBytes", readBytes, 4096...(64 << 20))
        check("cacheBytes", cacheBytes, 0...largest)
        check("indexBytes", indexBytes, 1...largest)
        guard complaints.isEmpty else { throw .setting(complaints.joined(separator: "; ")) }
    }
}

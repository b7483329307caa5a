// The format of a segment, version 1 (Protocols/6-log §3). Numbers are little-endian.
//
//     0                 512                4096
//     ┌─────────────────┬──────────────────┬────────┬───────┬───────┬────────┬───────┬─ ─ ─ ─ ─
//     │ segment header  │ summary, once    │ commit │ entry │ entry │ commit │ entry │ zeros or
//     │                 │ nothing follows  │ header │       │       │ header │       │ older bytes
//     └─────────────────┴──────────────────┴────────┴───────┴───────┴────────┴───────┴─ ─ ─ ─ ─
//
// A file is named by the position of its first entry, in 20 digits, and `.log`. It is filled with
// zeros before it gets that name, because overwriting syncs faster than appending, and it may
// have held another segment before.
//
// Segment header, at 0, again at 2048          Summary, at 512
//      0   8  "BARIDLOG"                            0   8  "BARIDSUM"
//      8   4  version, 1                            8   8  last position
//     12   4  0                                    16   8  last wall time
//     16   8  nonce: random, drawn for this life   24   8  number of the last commit
//     24   8  position of the first entry          32   8  end: where the last commit ends
//     32   8  number of the last commit before     40   4  entries of the index, which is at `end`:
//     40   8  size in bytes                                pairs of position and offset, 8 + 8
//     48   4  CRC32C of the above                  44   4  CRC32C of nonce and index
//                                                  48   4  CRC32C of nonce and the above
//
// Commit header, at a multiple of 8            Entry, at a multiple of 8
//      0   4  CRC32C of nonce, offset, rest         0   4  CRC32C of nonce, offset, rest of header
//      4   4  "CMIT", or "CMIU" (below)             4   4  "ENTR"
//      8   8  position of the first entry           8   8  position
//     16   8  number: one more than the last       16   8  wall time, nanoseconds since 1970
//     24   8  wall time of the last entry          24   4  bytes of payload
//     32   4  bytes of all its entries             28   4  CRC32C of nonce, position and payload
//     36   4  entries; 0 is a seal                 32   1  kind
//                                                  33   1  0
//                                                  34   2  flags
//                                                  36   4  0
//                                                  40      payload, zeros up to a multiple of 8
//
// A "CMIT" says that everything before it is durable; a "CMIU" says nothing of it.
//
// Why it is so, and what is damage and what a crash: Protocols/6-log, whose tables these are.

/// The first bytes of a segment: what it is and where it begins.
struct SegmentHeader: Equatable {
    static let size = 52
    static let version: UInt32 = 1
    /// Where the first commit is; header and summary are before.
    static let firstCommit = 4096
    /// Where the header stands once more, in case a sector rots.
    static let copyOffset = 2048

    var nonce: UInt64
    var firstPosition: UInt64
    var lastCommit: UInt64
    var bytes: UInt64

    /// Why a header is refused.
    enum Refusal: Error {
        case version(UInt32)
        case invalid
    }

    /// What the first bytes of a file hold.
    enum Search {
        case found(SegmentHeader, isCopy: Bool)
        case newer(UInt32)
        case none
    }

    /// Reads the header, or its copy when that is all there is.
    ///
    /// - Parameter bytes: The file up to the first commit.
    /// - Returns: What was found.
    static func find(in bytes: [UInt8]) -> Search {
        do throws(Refusal) {
            return .found(try decode(bytes[...]), isCopy: false)
        } catch let first {
            do throws(Refusal) {
                return .found(try decode(bytes.dropFirst(copyOffset)), isCopy: true)
            } catch {
                // Only a version that both name is one; else a bit of it rotted.
                if case .version(let version) = first, case .version(version) = error {
                    return .newer(version)
                }
                if case .version(let version) = first, bytes.isZero(from: copyOffset, count: 52) {
                    return .newer(version)
                }
                return .none
            }
        }
    }

    func encode() -> [UInt8] {
        var writer = LittleEndianWriter()
        writer.bytes += Array("BARIDLOG".utf8)
        writer.add(Self.version)
        writer.add(UInt32(0))
        writer.add(nonce)
        writer.add(firstPosition)
        writer.add(lastCommit)
        writer.add(bytes)
        writer.add(writer.checksum(after: []))
        return writer.bytes
    }

    static func decode(_ bytes: ArraySlice<UInt8>) throws(Refusal) -> SegmentHeader {
        var reader = LittleEndianReader(bytes)
        guard reader.rest.starts(with: "BARIDLOG".utf8), let covered = reader.prefix(48) else {
            throw .invalid
        }
        reader.skip(8)
        guard let version = reader.next(UInt32.self) else { throw .invalid }
        guard version == Self.version else { throw .version(version) }
        guard
            reader.next(UInt32.self) != nil, let nonce = reader.next(UInt64.self),
            let first = reader.next(UInt64.self), let commit = reader.next(UInt64.self),
            let size = reader.next(UInt64.self), let checksum = reader.next(UInt32.self),
            checksum == covered.checksum(after: []), first > 0, size <= UInt64(Int32.max)
        else { throw .invalid }
        return SegmentHeader(
            nonce: nonce, firstPosition: first, lastCommit: commit, bytes: size)
    }
}

/// What a complete segment holds, so that opening need not walk it.
struct SegmentSummary: Equatable {
    static let size = 52
    static let offset = 512

    var lastPosition: UInt64
    var lastWallTime: Int64
    var lastCommit: UInt64
    var end: UInt64
    var indexCount: UInt32
    var indexChecksum: UInt32

    func encode(nonce: UInt64) -> [UInt8] {
        var writer = LittleEndianWriter()
        writer.bytes += Array("BARIDSUM".utf8)
        writer.add(lastPosition)
        writer.add(UInt64(bitPattern: lastWallTime))
        writer.add(lastCommit)
        writer.add(end)
        writer.add(indexCount)
        writer.add(indexChecksum)
        writer.add(writer.checksum(after: [nonce]))
        return writer.bytes
    }

    static func decode(_ bytes: ArraySlice<UInt8>, nonce: UInt64) -> SegmentSummary? {
        var reader = LittleEndianReader(bytes)
        guard reader.rest.starts(with: "BARIDSUM".utf8), let covered = reader.prefix(48) else {
            return nil
        }
        reader.skip(8)
        guard
            let last = reader.next(UInt64.self), let time = reader.next(UInt64.self),
            let commit = reader.next(UInt64.self), let end = reader.next(UInt64.self),
            let count = reader.next(UInt32.self), let index = reader.next(UInt32.self),
            let checksum = reader.next(UInt32.self), checksum == covered.checksum(after: [nonce]),
            end <= UInt64(Int32.max)
        else { return nil }
        return SegmentSummary(
            lastPosition: last, lastWallTime: Int64(bitPattern: time), lastCommit: commit,
            end: end, indexCount: count, indexChecksum: index)
    }
}

/// Begins a commit; everything before it is durable.
struct CommitHeader: Equatable {
    static let size = 40
    /// Everything before this commit is durable.
    static let magic: UInt32 = 0x5449_4D43
    /// What came before may not be.
    static let unsyncedMagic: UInt32 = 0x5549_4D43

    var firstPosition: UInt64
    var number: UInt64
    var wallTime: Int64
    var entriesBytes: UInt32
    var count: UInt32
    /// Whether it was written after everything before it was synced.
    var provesDurable = true

    func encode(nonce: UInt64, offset: Int) -> [UInt8] {
        var writer = LittleEndianWriter()
        writer.add(provesDurable ? Self.magic : Self.unsyncedMagic)
        writer.add(firstPosition)
        writer.add(number)
        writer.add(UInt64(bitPattern: wallTime))
        writer.add(entriesBytes)
        writer.add(count)
        return writer.behindChecksum(after: [nonce, UInt64(offset)])
    }

    static func decode(
        _ bytes: ArraySlice<UInt8>, nonce: UInt64, offset: Int
    ) -> CommitHeader? {
        var reader = LittleEndianReader(bytes)
        guard
            let checksum = reader.next(UInt32.self), let covered = reader.prefix(size - 4),
            let found = reader.next(UInt32.self), found == magic || found == unsyncedMagic,
            checksum == covered.checksum(after: [nonce, UInt64(offset)]),
            let first = reader.next(UInt64.self), let number = reader.next(UInt64.self),
            let time = reader.next(UInt64.self), let length = reader.next(UInt32.self),
            let count = reader.next(UInt32.self)
        else { return nil }
        return CommitHeader(
            firstPosition: first, number: number, wallTime: Int64(bitPattern: time),
            entriesBytes: length, count: count, provesDurable: found == magic)
    }
}

/// Stands before a payload.
struct EntryHeader: Equatable {
    static let size = 40
    static let magic: UInt32 = 0x5254_4E45

    var position: UInt64
    var wallTime: Int64
    var payloadBytes: UInt32
    var payloadChecksum: UInt32
    var kind: UInt8
    var flags: UInt16

    /// The body was blanked, or is about to be: whatever it holds is what it should.
    ///
    /// An erasure first writes the header anew with this kind, then blanks the body.
    var isErased: Bool { kind == LogEntry.erased }

    /// Header, payload and the zeros behind it.
    static func frameBytes(payload: Int) -> Int {
        size + (payload + 7) / 8 * 8
    }

    /// A checksum to which the payload is added.
    static func payloadChecksum(nonce: UInt64, position: UInt64) -> Checksum {
        var checksum = Checksum()
        checksum.add(nonce)
        checksum.add(position)
        return checksum
    }

    func encode(nonce: UInt64, offset: Int) -> [UInt8] {
        var writer = LittleEndianWriter()
        writer.add(Self.magic)
        writer.add(position)
        writer.add(UInt64(bitPattern: wallTime))
        writer.add(payloadBytes)
        writer.add(payloadChecksum)
        writer.bytes += [kind, 0]
        writer.add(flags)
        writer.add(UInt32(0))
        return writer.behindChecksum(after: [nonce, UInt64(offset)])
    }

    static func decode(
        _ bytes: ArraySlice<UInt8>, nonce: UInt64, offset: Int
    ) -> EntryHeader? {
        var reader = LittleEndianReader(bytes)
        guard
            let checksum = reader.next(UInt32.self), let covered = reader.prefix(size - 4),
            reader.next(UInt32.self) == magic,
            checksum == covered.checksum(after: [nonce, UInt64(offset)]),
            let position = reader.next(UInt64.self), let time = reader.next(UInt64.self),
            let length = reader.next(UInt32.self), let payload = reader.next(UInt32.self),
            let kind = reader.next(UInt16.self), let flags = reader.next(UInt16.self)
        else { return nil }
        return EntryHeader(
            position: position, wallTime: Int64(bitPattern: time), payloadBytes: length,
            payloadChecksum: payload, kind: UInt8(truncatingIfNeeded: kind), flags: flags)
    }
}

extension [UInt8] {
    /// Whether so many bytes from an offset on are zeros.
    fileprivate func isZero(from offset: Int, count: Int) -> Bool {
        dropFirst(offset).prefix(count).allSatisfy { $0 == 0 }
    }
}

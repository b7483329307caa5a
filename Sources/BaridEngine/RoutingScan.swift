/// What the broker reads of an event: its routing attributes, found in the serialised bytes.
///
/// The scan walks the top-level fields once, allocates nothing and checks the framing to the
/// end, so a stored event can always be taken apart again. Ranges count from the start of the
/// slice that was scanned. Specified in Protocols/2-bus, "Publishing".
public struct RoutingScan: Sendable {
    /// Why bytes are refused as an event.
    public enum Failure: Error, Sendable, Equatable {
        /// The bytes are no protobuf message.
        case malformed(WireScan.Failure)
        /// A routing attribute has the wrong wire type.
        case wireType(Attribute)
        /// A required attribute is missing or empty.
        case missing(Attribute)
        /// An attribute is longer than its limit in bytes.
        case tooLong(Attribute, limit: Int)
        /// An attribute is not UTF-8.
        case notUTF8(Attribute)
    }

    /// The attributes the broker routes by.
    public enum Attribute: String, Sendable {
        /// Identity within the source.
        case id
        /// Who stated the fact.
        case source
        /// The event type, matched by groups' filters.
        case type
        /// What the fact is about.
        case subject
        /// The ordering key.
        case partitionKey = "partition_key"
        /// When the event stops being delivered.
        case expiryTime = "expiry_time"

        /// The most bytes the attribute may have: 255 for the type, else 2,048.
        public var limit: Int { self == .type ? 255 : 2_048 }
    }

    /// Where the id lies.
    public private(set) var id = 0..<0
    /// Where the source lies.
    public private(set) var source = 0..<0
    /// Where the type lies.
    public private(set) var type = 0..<0
    /// Where the subject lies; empty when absent.
    public private(set) var subject = 0..<0
    /// Where the partition key lies; empty when absent.
    public private(set) var partitionKey = 0..<0
    /// Where the data lies, whatever its form; empty when absent.
    public private(set) var data = 0..<0
    /// The field number of the data, 0 when absent.
    public private(set) var dataField = 0
    /// Whether there are extensions; they are looked into only for groups that filter on them.
    public private(set) var hasExtensions = false
    /// When the event expires, in nanoseconds since 1970; `Int64.max` when never.
    public private(set) var expiry = Int64.max

    /// The ordering key: the partition key, else the subject; empty when there is none.
    public var key: Range<Int> { partitionKey.isEmpty ? subject : partitionKey }

    /// Scans one serialised `barid.bus.v1.Event`.
    ///
    /// - Throws: ``Failure`` when the bytes cannot be accepted as an event.
    public init(_ event: ArraySlice<UInt8>) throws(Failure) {
        // A closure with typed throws keeps the bytes in place; nothing escapes.
        let result: Result<RoutingScan, Failure> = event.withUnsafeBytes { bytes in
            do throws(Failure) {
                return .success(try RoutingScan(bytes))
            } catch {
                return .failure(error)
            }
        }
        self = try result.get()
    }

    /// Scans one serialised `barid.bus.v1.Event` in memory.
    ///
    /// - Throws: ``Failure`` when the bytes cannot be accepted as an event.
    @inline(__always)
    public init(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        var scan = WireScan(bytes)
        while let field = try Self.advance(&scan) {
            switch field.number {
            case 1: id = try Self.text(field, .id, bytes)
            case 2: source = try Self.text(field, .source, bytes)
            case 3: type = try Self.text(field, .type, bytes)
            case 4: subject = try Self.text(field, .subject, bytes)
            case 5: partitionKey = try Self.text(field, .partitionKey, bytes)
            case 6: expiry = try Self.timestamp(field, bytes)
            case 14: hasExtensions = true
            case 15, 16, 17:
                data = field.range ?? 0..<0
                dataField = field.number
            default: break
            }
        }
        guard !id.isEmpty else { throw .missing(.id) }
        guard !source.isEmpty else { throw .missing(.source) }
        guard !type.isEmpty else { throw .missing(.type) }
    }

    @inline(__always)
    private static func advance(_ scan: inout WireScan) throws(Failure) -> WireScan.Field? {
        do throws(WireScan.Failure) {
            return try scan.next()
        } catch {
            throw .malformed(error)
        }
    }

    @inline(__always)
    private static func text(
        _ field: WireScan.Field, _ attribute: Attribute, _ bytes: UnsafeRawBufferPointer
    ) throws(Failure) -> Range<Int> {
        guard let range = field.range else { throw .wireType(attribute) }
        guard range.count <= attribute.limit else {
            throw .tooLong(attribute, limit: attribute.limit)
        }
        guard UTF8Check.isValid(UnsafeRawBufferPointer(rebasing: bytes[range])) else {
            throw .notUTF8(attribute)
        }
        return range
    }

    private static func timestamp(
        _ field: WireScan.Field, _ bytes: UnsafeRawBufferPointer
    ) throws(Failure) -> Int64 {
        guard let range = field.range else { throw .wireType(.expiryTime) }
        var scan = WireScan(bytes, in: range)
        var seconds: Int64 = 0
        var nanoseconds: Int64 = 0
        while let part = try advance(&scan) {
            switch part.number {
            case 1: seconds = Int64(bitPattern: part.value)
            case 2: nanoseconds = Int64(Int32(truncatingIfNeeded: part.value))
            default: break
            }
        }
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflowed) = scaled.addingReportingOverflow(nanoseconds)
        // Further away than the clock can count: long past, or never.
        guard !overflow, !overflowed else { return seconds < 0 ? .min : .max }
        return sum
    }
}

extension RoutingScan.Failure: CustomStringConvertible {
    /// What is wrong, for a person.
    public var description: String {
        switch self {
        case .malformed(.truncated): "the event's bytes end inside a field"
        case .malformed(.varint): "the event's bytes hold an overlong varint"
        case .malformed(.tag): "the event's bytes hold an invalid field tag"
        case .wireType(let attribute):
            "attribute '\(attribute.rawValue)' has the wrong wire type"
        case .missing(let attribute): "attribute '\(attribute.rawValue)' is missing or empty"
        case .tooLong(let attribute, let limit):
            "attribute '\(attribute.rawValue)' is longer than \(limit) bytes"
        case .notUTF8(let attribute): "attribute '\(attribute.rawValue)' is not UTF-8"
        }
    }
}

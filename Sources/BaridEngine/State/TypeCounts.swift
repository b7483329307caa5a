/// How many events of which type a topic was given, so that events that no group takes are counted
/// without a look at the log.
///
/// Types are few; beyond ``maximum`` of them events are only counted together.
public struct TypeCounts: Sendable, Equatable {
    /// One type.
    public struct Element: Sendable, Equatable {
        /// The type as it stands in the events.
        public let type: [UInt8]
        /// How many events.
        public internal(set) var count: UInt64
    }

    /// The most types counted each for itself.
    public static let maximum = 256

    /// Types in the order in which they came.
    public private(set) var elements: [Element] = []
    /// Events of types beyond the maximum.
    public private(set) var others: UInt64 = 0
    /// Where the type of the latest event stands: the next one mostly is of the same.
    private var latest = 0

    init() {}

    /// Restores what a snapshot held.
    init(elements: [Element], others: UInt64) {
        self.elements = elements
        self.others = others
    }

    /// Counts a stored event.
    mutating func add(_ event: ArraySlice<UInt8>) {
        event.withUnsafeBytes { bytes in
            guard let type = Self.type(of: bytes) else {
                others += 1
                return
            }
            if latest < elements.count, ByteComparison.isEqual(type, elements[latest].type) {
                elements[latest].count += 1
                return
            }
            if let index = elements.firstIndex(where: { ByteComparison.isEqual(type, $0.type) }) {
                latest = index
                elements[index].count += 1
            } else if elements.count < Self.maximum {
                latest = elements.count
                elements.append(Element(type: Array(type), count: 1))
            } else {
                others += 1
            }
        }
    }

    /// The type, which comes third in a well-written event.
    private static func type(of event: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        var scan = WireScan(event)
        while let field = try? scan.next() {
            guard field.number == 3 else { continue }
            return field.range.map { UnsafeRawBufferPointer(rebasing: event[$0]) }
        }
        return nil
    }

    /// Equal counts; which type came last does not matter.
    public static func == (left: TypeCounts, right: TypeCounts) -> Bool {
        left.elements == right.elements && left.others == right.others
    }
}

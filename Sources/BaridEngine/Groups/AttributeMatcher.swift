/// An attribute filter made ready for the serialised bytes of events; it allocates nothing but for
/// numbers.
struct AttributeMatcher: Sendable {
    /// Where the attribute is in an event.
    private enum Place {
        case source
        case subject
        case partitionKey
        /// A text field of the event.
        case field(Int)
        /// An entry of the extensions.
        case extensions(name: [UInt8])
    }

    private let place: Place
    private let values: [[UInt8]]

    init(_ filter: AttributeFilter) {
        switch filter.name {
        case "source": place = .source
        case "subject": place = .subject
        case "partitionkey": place = .partitionKey
        case "datacontenttype": place = .field(8)
        case "dataschema": place = .field(9)
        case "causationid": place = .field(12)
        case "correlationid": place = .field(13)
        default: place = .extensions(name: Array(filter.name.utf8))
        }
        values = filter.values.map { Array($0.utf8) }
    }

    /// Whether an event has one of the values.
    func matches(_ event: UnsafeRawBufferPointer, _ scan: RoutingScan) -> Bool {
        switch place {
        case .source: return accepts(event, scan.source)
        case .subject: return accepts(event, scan.subject)
        case .partitionKey: return accepts(event, scan.partitionKey)
        case .field(let number):
            var found = 0..<0
            var fields = WireScan(event)
            while let field = try? fields.next() {
                if field.number == number, let range = field.range { found = range }
            }
            return accepts(event, found)
        case .extensions(let name):
            guard scan.hasExtensions else { return false }
            // Of a name that comes twice, the last one counts, as in any map of protobuf.
            var found = false
            var fields = WireScan(event)
            while let field = try? fields.next() {
                guard field.number == 14, let range = field.range,
                    let value = Self.value(event, of: name, entry: range)
                else { continue }
                found = accepts(event, value: value)
            }
            return found
        }
    }

    /// Where the value of an entry of the extensions lies, if that is the entry's name.
    private static func value(
        _ event: UnsafeRawBufferPointer, of name: [UInt8], entry: Range<Int>
    ) -> Range<Int>? {
        var key = 0..<0
        var value = 0..<0
        var fields = WireScan(event, in: entry)
        while let field = try? fields.next() {
            switch (field.number, field.range) {
            case (1, let range?): key = range
            case (2, let range?): value = range
            default: break
            }
        }
        return event[key].elementsEqual(name) ? value : nil
    }

    /// Whether an attribute's value, a `barid.bus.v1.Attribute`, is one of those wanted.
    ///
    /// Texts and URIs are compared as they are, booleans and integers as CloudEvents write them; bytes
    /// and times never match.
    private func accepts(_ event: UnsafeRawBufferPointer, value: Range<Int>) -> Bool {
        var accepted = false
        var fields = WireScan(event, in: value)
        while let field = try? fields.next() {
            switch (field.number, field.range) {
            case (3, let range?), (5, let range?), (6, let range?):
                accepted = accepts(event, range)
            case (1, nil): accepted = accepts(field.value == 0 ? "false" : "true")
            case (2, nil): accepted = accepts(String(Int32(truncatingIfNeeded: field.value)))
            case (4, _), (7, _): accepted = false
            default: break
            }
        }
        return accepted
    }

    private func accepts(_ event: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        !range.isEmpty && values.contains { event[range].elementsEqual($0) }
    }

    private func accepts(_ text: String) -> Bool {
        values.contains { text.utf8.elementsEqual($0) }
    }
}

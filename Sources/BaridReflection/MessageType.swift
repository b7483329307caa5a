import SwiftProtobuf

/// A message as far as its JSON and its bytes need it.
struct MessageType: Sendable {
    /// One field.
    struct Field: Sendable {
        typealias Kind = Google_Protobuf_FieldDescriptorProto.TypeEnum

        var name: String
        var jsonName: String
        var number: Int
        var kind: Kind
        /// Full name of its message or enumeration.
        var typeName: String
        var isRepeated: Bool
        var isPacked: Bool
        /// The oneof it belongs to, by number.
        var oneof: Int?
    }

    let name: String
    let fields: [Field]
    /// An entry of a map: key is field 1, value field 2.
    let isMapEntry: Bool
    private let byNumber: [Int: Int]
    private let byName: [String: Int]

    init(name: String, _ descriptor: Google_Protobuf_DescriptorProto) {
        self.name = name
        isMapEntry = descriptor.options.mapEntry
        fields = descriptor.field.map { field in
            let isRepeated = field.label == .repeated
            let canPack: Bool =
                switch field.type {
                case .string, .bytes, .message, .group: false
                default: true
                }
            return Field(
                name: field.name,
                jsonName: field.hasJsonName ? field.jsonName : Self.camelCase(field.name),
                number: Int(field.number), kind: field.type,
                typeName: DescriptorPool.plain(field.typeName), isRepeated: isRepeated,
                isPacked: isRepeated && canPack
                    && (!field.options.hasPacked || field.options.packed),
                oneof: field.hasOneofIndex && !field.proto3Optional
                    ? Int(field.oneofIndex) : nil)
        }
        byNumber = Dictionary(
            fields.enumerated().map { ($1.number, $0) }, uniquingKeysWith: { first, _ in first })
        byName = Dictionary(
            fields.enumerated().flatMap { [($1.name, $0), ($1.jsonName, $0)] },
            uniquingKeysWith: { first, _ in first })
    }

    func field(number: Int) -> Field? { byNumber[number].map { fields[$0] } }

    /// By the name in the `.proto` file, or that of its JSON.
    func field(named name: String) -> Field? { byName[name].map { fields[$0] } }

    private static func camelCase(_ name: String) -> String {
        let parts = name.split(separator: "_", omittingEmptySubsequences: false)
        return (parts.first.map(String.init) ?? "")
            + parts.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
}

/// The names of an enumeration's numbers.
struct EnumerationType: Sendable {
    let names: [Int32: String]
    let numbers: [String: Int32]

    init(_ descriptor: Google_Protobuf_EnumDescriptorProto) {
        // Of several names of one number the first is shown; all are read.
        names = Dictionary(
            descriptor.value.map { ($0.number, $0.name) }, uniquingKeysWith: { first, _ in first })
        numbers = Dictionary(
            descriptor.value.map { ($0.name, $0.number) }, uniquingKeysWith: { first, _ in first })
    }
}

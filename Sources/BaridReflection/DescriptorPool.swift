public import SwiftProtobuf

/// The messages, enumerations and services of some `.proto` files, by their full names.
///
/// Made from a `FileDescriptorSet`, as `protoc --include_imports --descriptor_set_out` writes it
/// and as gRPC's reflection hands it out. Immutable, so safe from anywhere.
public struct DescriptorPool: Sendable {
    /// A method of a service.
    public struct Method: Sendable, Equatable {
        /// The service's full name, such as `barid.index.v1.Index`.
        public var service: String
        /// The method's own name, such as `Search`.
        public var name: String
        /// Full name of the request's message.
        public var input: String
        /// Full name of the response's message.
        public var output: String
        /// Whether several requests may be sent.
        public var clientStreaming: Bool
        /// Whether several responses may come.
        public var serverStreaming: Bool
        /// Whether it may be called twice without harm, as its `idempotency_level` says.
        public var isIdempotent = false

        /// As calls name it: `barid.index.v1.Index/Search`.
        public var path: String { "\(service)/\(name)" }
    }

    /// The files, in the order in which they were given.
    public private(set) var files: [Google_Protobuf_FileDescriptorProto] = []
    /// Every method, by service and in the order of the files.
    public private(set) var methods: [Method] = []
    private(set) var messages: [String: MessageType] = [:]
    private(set) var enumerations: [String: EnumerationType] = [:]
    /// The file that defines a symbol, by the symbol's full name.
    private var fileOfSymbol: [String: Int] = [:]

    /// A pool without files.
    public init() {}

    /// Reads a serialised `FileDescriptorSet`.
    ///
    /// - Parameter bytes: The set.
    /// - Throws: ``ReflectionError`` when it cannot be read.
    public init(_ bytes: [UInt8]) throws(ReflectionError) {
        let set: Google_Protobuf_FileDescriptorSet
        do {
            set = try Google_Protobuf_FileDescriptorSet(serializedBytes: bytes)
        } catch {
            throw ReflectionError("these bytes are no set of descriptors: \(error)")
        }
        for file in set.file { add(file) }
    }

    /// Adds a file; one of a name that is there already is left out.
    public mutating func add(_ file: Google_Protobuf_FileDescriptorProto) {
        guard !files.contains(where: { $0.name == file.name }) else { return }
        files.append(file)
        let scope = file.package
        for message in file.messageType { add(message, in: scope) }
        for enumeration in file.enumType { add(enumeration, in: scope) }
        for service in file.service {
            let name = Self.join(scope, service.name)
            define(name)
            for method in service.method {
                define("\(name).\(method.name)")
                var found = Method(
                    service: name, name: method.name, input: Self.plain(method.inputType),
                    output: Self.plain(method.outputType),
                    clientStreaming: method.clientStreaming,
                    serverStreaming: method.serverStreaming)
                switch method.options.idempotencyLevel {
                case .noSideEffects, .idempotent: found.isIdempotent = true
                case .idempotencyUnknown: break
                }
                methods.append(found)
            }
        }
    }

    /// The file of a name, such as `barid/bus/v1/bus.proto`.
    public func file(named name: String) -> Google_Protobuf_FileDescriptorProto? {
        files.first { $0.name == name }
    }

    /// The file that defines a message, enumeration, service or method.
    public func file(defining symbol: String) -> Google_Protobuf_FileDescriptorProto? {
        fileOfSymbol[symbol].map { files[$0] }
    }

    /// A file and every file it imports, as far as they are here, imports first.
    public func closure(
        of file: Google_Protobuf_FileDescriptorProto
    ) -> [Google_Protobuf_FileDescriptorProto] {
        var result: [Google_Protobuf_FileDescriptorProto] = []
        var seen: Set<String> = []
        var waiting = [file]
        while let next = waiting.popLast() {
            guard seen.insert(next.name).inserted else { continue }
            result.append(next)
            waiting += next.dependency.compactMap { self.file(named: $0) }
        }
        return result.reversed()
    }

    private mutating func define(_ symbol: String) {
        fileOfSymbol[symbol] = files.count - 1
    }

    private mutating func add(_ message: Google_Protobuf_DescriptorProto, in scope: String) {
        let name = Self.join(scope, message.name)
        define(name)
        messages[name] = MessageType(name: name, message)
        for nested in message.nestedType { add(nested, in: name) }
        for enumeration in message.enumType { add(enumeration, in: name) }
    }

    private mutating func add(
        _ enumeration: Google_Protobuf_EnumDescriptorProto, in scope: String
    ) {
        let name = Self.join(scope, enumeration.name)
        define(name)
        enumerations[name] = EnumerationType(enumeration)
    }

    private static func join(_ scope: String, _ name: String) -> String {
        scope.isEmpty ? name : "\(scope).\(name)"
    }

    /// Descriptors name types with a leading dot.
    static func plain(_ name: String) -> String {
        name.hasPrefix(".") ? String(name.dropFirst()) : name
    }
}

import GRPCCore

/// Messages of the tests are bytes as they are.
struct BytesSerializer: MessageSerializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes {
        Bytes(message)
    }
}

/// Messages of the tests are bytes as they are.
struct BytesDeserializer: MessageDeserializer {
    func deserialize<Bytes: GRPCContiguousBytes>(_ serialized: Bytes) throws -> [UInt8] {
        serialized.withUnsafeBytes { [UInt8]($0) }
    }
}

extension MethodDescriptor {
    static func echo(_ method: String) -> MethodDescriptor {
        MethodDescriptor(fullyQualifiedService: EchoService.name, method: method)
    }
}

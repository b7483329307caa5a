internal import CSodium

/// SHA-256, by libsodium.
struct SHA256 {
    private var state = crypto_hash_sha256_state()

    init() {
        _ = crypto_hash_sha256_init(&state)
    }

    mutating func update(_ bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        _ = crypto_hash_sha256_update(&state, bytes, UInt64(bytes.count))
    }

    mutating func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
        _ = crypto_hash_sha256_final(&state, &digest)
        return digest
    }
}

extension Sequence<UInt8> {
    /// The bytes in lower-case hexadecimal.
    var hexadecimal: String {
        var text = ""
        for byte in self {
            if byte < 16 { text += "0" }
            text += String(byte, radix: 16)
        }
        return text
    }
}

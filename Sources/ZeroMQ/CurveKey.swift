internal import CZeroMQ

/// A CURVE key, public or secret: 32 bytes, written as 40 characters of Z85.
///
/// It says nothing of itself when printed, so that a secret does not get into a log by accident.
public struct CurveKey: Sendable, Hashable, CustomStringConvertible {
    /// Bytes of a key: 32.
    public static let byteCount = 32

    /// Characters of a key as text: 40.
    public static let textLength = 40

    /// The key itself.
    public let bytes: [UInt8]

    /// Takes the bytes of a key; nil if these are not 32.
    ///
    /// - Parameter bytes: The key.
    public init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    /// Reads a key; nil if the text is none.
    ///
    /// - Parameter text: 40 characters of Z85 (ZeroMQ RFC 32).
    public init?(text: String) {
        // libzmq's decoder looks characters up in a table without asking whether they lie in it.
        guard text.utf8.count == Self.textLength,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && !Self.notInZ85.contains($0) })
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: Self.byteCount)
        guard zmq_z85_decode(&bytes, text) != nil else { return nil }
        self.bytes = bytes
        // Some texts stand for more than four bytes can hold.
        guard self.text == text else { return nil }
    }

    /// The key as 40 characters of Z85.
    public var text: String {
        var text = [CChar](repeating: 0, count: Self.textLength + 1)
        guard zmq_z85_encode(&text, bytes, bytes.count) != nil else { return "" }
        return String(
            decoding: text.prefix(Self.textLength).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// A placeholder: a key is printed only on purpose, by ``text``.
    public var description: String { "(key)" }

    /// Makes a new pair of keys.
    ///
    /// - Returns: The public and the secret key.
    /// - Throws: ``ZeroMQError`` if libzmq was built without CURVE.
    public static func newPair() throws(ZeroMQError) -> (public: CurveKey, secret: CurveKey) {
        var publicText = [CChar](repeating: 0, count: textLength + 1)
        var secretText = [CChar](repeating: 0, count: textLength + 1)
        guard zmq_curve_keypair(&publicText, &secretText) == 0 else {
            throw .last("zmq_curve_keypair")
        }
        let key = { (text: [CChar]) in
            CurveKey(
                text: String(
                    decoding: text.prefix(textLength).map(UInt8.init(bitPattern:)), as: UTF8.self))
        }
        guard let publicKey = key(publicText), let secretKey = key(secretText) else {
            throw ZeroMQError(number: EINVAL, call: "zmq_curve_keypair")
        }
        return (publicKey, secretKey)
    }

    /// Printable ASCII that Z85 leaves out: `"`, `'`, `,`, `;`, `\`, `_`, `` ` ``, `|`, `~`.
    private static let notInZ85 = Set("\"',;\\_`|~".utf8)
}

/// Descriptors, JSON or bytes that do not fit together; the text says where and what.
public struct ReflectionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, with the path to it.
    public let description: String

    init(_ description: String) { self.description = description }

    /// The same, one level further up.
    func inside(_ field: String) -> ReflectionError {
        // A path ends where the sentence begins.
        ReflectionError(
            description.hasPrefix(".") || description.hasPrefix("[")
                ? "\(field)\(description)" : "\(field): \(description)")
    }
}

import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The operating system refused something.
public struct SystemError: Error, CustomStringConvertible {
    /// What was tried and what the system said.
    public let description: String

    init(_ attempt: String) {
        description = "could not \(attempt): \(Self.text(errno))"
    }

    static func text(_ number: Int32) -> String {
        String(cString: strerror(number))
    }
}

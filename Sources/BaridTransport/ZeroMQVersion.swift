internal import ZeroMQ

/// The version of the libzmq underneath.
public struct ZeroMQVersion: Sendable, Comparable, CustomStringConvertible {
    /// First number.
    public var major: Int
    /// Second number.
    public var minor: Int
    /// Third number.
    public var patch: Int

    /// Creates a version.
    public init(_ major: Int, _ minor: Int, _ patch: Int) {
        self.major = major
        self.minor = minor
        self.patch = patch
    }

    /// The one that is linked.
    public static var linked: ZeroMQVersion {
        let version = Context.libraryVersion
        return ZeroMQVersion(version.major, version.minor, version.patch)
    }

    /// The oldest without known holes: earlier ones can be crashed by strangers (CVE-2021-20235).
    public static let oldestSafe = ZeroMQVersion(4, 3, 4)

    /// By number.
    public static func < (left: ZeroMQVersion, right: ZeroMQVersion) -> Bool {
        (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }

    /// As people write it.
    public var description: String { "\(major).\(minor).\(patch)" }
}

import Foundation
import GRPCCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// How many descriptors the broker may have open.
///
/// Each peer takes one, and libzmq ends the process when it cannot accept a connection for want of
/// them: so the broker takes as many as it is allowed, and does not start with too few.
enum DescriptorLimit {
    /// What log, sockets and a few dozen peers need.
    static let minimum: UInt64 = 256
    /// More than any broker has peers.
    static let wanted: UInt64 = 65_536

    /// Raises the limit as far as the system allows.
    ///
    /// - Returns: How many there may be.
    /// - Throws: `RPCError` with code `.unavailable`, naming both numbers, when that is too little.
    static func raise() throws -> Int {
        var limit = rlimit()
        #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return Int(minimum) }
        let allowed = min(UInt64(limit.rlim_max), wanted)
        if UInt64(limit.rlim_cur) < allowed {
            limit.rlim_cur = rlim_t(allowed)
            _ = setrlimit(resource, &limit)
            _ = getrlimit(resource, &limit)
        }
        guard UInt64(limit.rlim_cur) >= minimum else {
            throw RPCError(
                code: .unavailable,
                message: """
                    the system allows this process \(limit.rlim_cur) open descriptors; the broker \
                    needs at least \(minimum): raise the limit with `ulimit -Hn`, or LimitNOFILE \
                    of its service
                    """)
        }
        return Int(clamping: limit.rlim_cur)
    }
}

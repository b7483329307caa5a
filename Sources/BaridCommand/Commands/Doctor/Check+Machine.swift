import Barid
import BaridLog
import BaridSchema
import BaridSupervisor
import BaridTransport
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

// What the machine offers.
extension Check {
    static func libraries() -> Check {
        let version = ZeroMQVersion.linked
        guard version >= ZeroMQVersion.oldestSafe else {
            return Check(
                "libzmq", .fail, "version \(version), older than \(ZeroMQVersion.oldestSafe)",
                remedy: "upgrade libzmq: earlier versions can be crashed by strangers")
        }
        return Check("libzmq", .ok, "version \(version); barid \(BaridTool.configuration.version)")
    }

    /// Room, and how long it lasts.
    static func disk(_ folder: String, _ status: Barid_Admin_V1_GetStatusResponse?) -> Check {
        let free = PosixFileSystem().freeBytes(existing(folder))
        var finding = "\(Formats.bytes(UInt64(free))) free"
        if let status, status.hasDiskLasts {
            finding += ", lasts \(Formats.duration(status.diskLasts.seconds)) at today's rate"
        }
        let remedy = "free some space, move the data folder, or start the broker with --retain"
        // The broker's floors: outputs are refused below 24 MiB, publishes below 64 MiB.
        if free < 64 << 20 { return Check("disk", .fail, finding, remedy: remedy) }
        let isShort = status.map { $0.hasDiskLasts && $0.diskLasts.seconds < 3 * 86_400 } ?? false
        if free < 1 << 30 || isShort {
            return Check("disk", .warn, finding, remedy: remedy)
        }
        return Check("disk", .ok, finding)
    }

    /// What a receipt costs at least.
    static func syncLatency(_ folder: String) -> Check {
        let path = "\(existing(folder))/.barid-doctor-\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: path) }
        do {
            let file = try PosixFileSystem().open(path, creating: true)
            let block = [UInt8](repeating: 0x5A, count: 4_096)
            try file.write([UInt8](repeating: 0, count: 64 * 4_096), at: 0)
            try file.sync()
            var times: [Duration] = []
            for index in 0..<64 {
                let began = ContinuousClock.now
                try file.write(block, at: index * 4_096)
                try file.sync()
                times.append(ContinuousClock.now - began)
            }
            times.sort()
            let (half, most) = (times[32] / .milliseconds(1), times[63] / .milliseconds(1))
            let finding = String(
                format: "p50 %.2f ms, most %.1f ms, of 64 syncs of 4 KiB", half, most)
            guard half < 20 else {
                return Check(
                    "fsync", .warn, finding,
                    remedy: "receipts wait for this disk: use a faster one, or publish in batches")
            }
            // A disk that answers sooner than any medium can has not written.
            guard half > 0.005 else {
                return Check(
                    "fsync", .warn, finding,
                    remedy: "no disk is so fast: on this file system a sync may mean nothing")
            }
            return Check("fsync", .ok, finding)
        } catch {
            return Check(
                "fsync", .fail, "\(error)", remedy: "make \(existing(folder)) writable for you")
        }
    }

    static func openFiles() -> Check {
        var limit = rlimit()
        #if canImport(Glibc)
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #else
            getrlimit(RLIMIT_NOFILE, &limit)
        #endif
        let count = limit.rlim_cur
        let finding = "\(Formats.number(count)) open files allowed here"
        let remedy = "ulimit -n 65536 before the broker starts, or LimitNOFILE= of its unit"
        if count < 256 { return Check("open files", .fail, finding, remedy: remedy) }
        if count < 1_024 { return Check("open files", .warn, finding, remedy: remedy) }
        return Check("open files", .ok, finding)
    }

    static func clock(_ status: Barid_Admin_V1_GetStatusResponse?) -> Check {
        let now = Date()
        let text = Formats.instant(nanoseconds: UInt64(max(0, now.timeIntervalSince1970) * 1e9))
        // 2025-01-01: this program is younger than that.
        guard now.timeIntervalSince1970 > 1_735_689_600 else {
            return Check(
                "clock", .fail, "\(text) is in the past", remedy: "set the clock, or start NTP")
        }
        if let status, status.started.date > now.addingTimeInterval(60) {
            return Check(
                "clock", .warn, "\(text); the broker began after that",
                remedy: "the clock was set back: times of events stand still until it has caught up"
            )
        }
        return Check("clock", .ok, text)
    }

    /// The folder, or the nearest one above it that exists.
    private static func existing(_ folder: String) -> String {
        var path = folder
        while path.count > 1, !FileManager.default.fileExists(atPath: path) {
            path = (path as NSString).deletingLastPathComponent
        }
        return path.isEmpty ? "/" : path
    }
}

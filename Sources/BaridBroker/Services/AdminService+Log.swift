internal import BaridEngine
internal import BaridLog
internal import BaridSchema
internal import Dispatch
internal import Foundation
internal import GRPCCore
internal import SwiftProtobuf

extension Core {
    /// What the log holds, why its oldest segment stays, and how long the disk lasts.
    func describeLog(_ status: inout Barid_Admin_V1_GetStatusResponse) {
        status.retention = configuration.retention.description
        status.firstPosition = log.firstPosition
        status.lastPosition = log.durablePosition
        do {
            let pin = try oldestPin()
            status.pinnedBy = pin.description
            status.pinRemedy = pin.remedy
        } catch {
            status.pinnedBy = "the log cannot be read: \(error)"
            status.pinRemedy = "barid log verify"
        }
        guard let rate = growth.bytesPerDay(appendedBytes, at: clock().monotonic) else { return }
        status.logBytesPerDay = rate
        let space = log.space
        let (sum, overflow) = space.ready.addingReportingOverflow(space.free)
        let left = (overflow ? Int.max : sum) - configuration.softFreeBytes
        guard rate > 0, left < Int.max / 2 else { return }
        let seconds = Double(max(0, left)) / Double(rate) * 86_400
        status.diskLasts = Google_Protobuf_Duration(
            seconds: Int64(min(seconds, 3_000_000_000)), nanos: 0)
    }

    /// Takes a cut of log and state once everything appended so far is durable.
    func cut(answer: @escaping @Sendable (Result<LogCut, RPCError>) -> Void) {
        guard let source = log as? any BackupSource else {
            answer(
                .failure(
                    RPCError(code: .unimplemented, message: "this broker keeps its log in memory")))
            return
        }
        afterCommit { [self] in
            let durable = engine.durable
            answer(
                Result { try source.holdFiles { durable.snapshot() } }.mapError {
                    RPCError(code: .unavailable, message: "\($0)")
                })
        }
    }

    /// Ends a cut: its files may be let go of.
    func release(_ cut: LogCut) {
        (log as? any BackupSource)?.releaseFiles()
    }
}

extension AdminService {
    /// How much of a file goes into one message.
    private static let chunkBytes = 256 << 10
    /// Files are read beside the pool of tasks, which must not wait for a disk.
    private static let reading = DispatchQueue(label: "barid.backup", qos: .utility)

    func backup(
        request: Barid_Admin_V1_BackupRequest,
        response: RPCWriter<Barid_Admin_V1_BackupChunk>, context: ServerContext
    ) async throws {
        let cut = try await core.ask { core, answer in core.cut(answer: answer) }
        defer { core.mailbox.post(.perform { $0.release(cut) }) }
        let snapshot = try await Self.reading { cut.snapshotFile() }
        let format = Array("\(DataFolder.format)\n".utf8)
        let bytes = cut.files.reduce(snapshot.bytes.count + format.count) { $0 + $1.bytes }
        try await response.write(
            .with {
                $0.cut = .with {
                    $0.position = cut.position
                    $0.stateHash = snapshot.stateHash
                    $0.files = UInt32(clamping: cut.files.count + 2)
                    $0.bytes = UInt64(clamping: bytes)
                    $0.time = Google_Protobuf_Timestamp(date: Date())
                    $0.version = facts.version
                    $0.format = UInt32(DataFolder.format)
                }
            })
        for file in cut.files {
            var offset = 0
            while offset < file.bytes {
                let (start, count) = (offset, min(Self.chunkBytes, file.bytes - offset))
                let data = try await Self.reading { try file.read(count, at: start) }
                guard data.count == count else {
                    throw RPCError(code: .dataLoss, message: "\(file.name) is shorter than it was")
                }
                try await response.write(
                    .with {
                        if start == 0 { $0.file = "log/\(file.name)" }
                        $0.data = Data(data)
                    })
                offset += count
            }
        }
        try await Self.write(snapshot.bytes, as: "log/\(cut.position).snapshot", to: response)
        // The format comes last: what was cut short is no data folder.
        try await Self.write(format, as: "FORMAT", to: response)
    }

    private static func write(
        _ bytes: [UInt8], as name: String, to response: RPCWriter<Barid_Admin_V1_BackupChunk>
    ) async throws {
        for start in stride(from: 0, to: bytes.count, by: chunkBytes) {
            try await response.write(
                .with {
                    if start == 0 { $0.file = name }
                    $0.data = Data(bytes[start..<min(start + chunkBytes, bytes.count)])
                })
        }
    }

    private static func reading<Answer: Sendable>(
        _ body: @escaping @Sendable () throws -> Answer
    ) async throws -> Answer {
        try await withCheckedThrowingContinuation { continuation in
            reading.async { continuation.resume(with: Result { try body() }) }
        }
    }
}

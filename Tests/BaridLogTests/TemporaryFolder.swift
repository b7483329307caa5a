import Foundation

/// A folder of its own that is gone afterwards.
func withTemporaryFolder(_ body: (String) throws -> Void) throws {
    let path =
        FileManager.default.temporaryDirectory.path
        + "/barid-log-\(UInt64.random(in: .min ... .max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
}

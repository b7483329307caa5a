import Foundation

/// Where the checkout and the built executables are.
public enum Repository {
    /// The checkout's root.
    public static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// The folder of the executables built together with the running tests.
    public static let products = URL(
        fileURLWithPath: (try? FileManager.default.destinationOfSymbolicLink(
            atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    ).deletingLastPathComponent().path

    /// The folder of other people's texts for tests, when there is one.
    public static let testData = ProcessInfo.processInfo.environment["BARID_TEST_DATA"]

    /// Text of a file of the checkout.
    public static func text(of path: String) throws -> String {
        try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
    }

    /// Paths, relative to the root, of all files that git tracks or would track.
    public static func files() throws -> [String] {
        let git = try Finished(
            "/usr/bin/git", ["-C", root, "ls-files", "-co", "--exclude-standard"])
        return git.output.split(separator: "\n").map(String.init)
    }
}

/// Why a benchmark could not be run.
package struct BenchFailure: Error, CustomStringConvertible {
    /// What went wrong, where, and what to try.
    package let description: String

    init(_ description: String) { self.description = description }
}

import ArgumentParser

/// Ends the command with an exit code and a message that says what, where and what to try.
struct CommandError: Error, CustomStringConvertible {
    var code: ExitCode
    var description: String

    init(_ code: ExitCode, _ description: String) {
        self.code = code
        self.description = description
    }
}

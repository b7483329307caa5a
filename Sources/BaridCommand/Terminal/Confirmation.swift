import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Asks a person before something is gone for good.
enum Confirmation {
    /// Asks on standard error and reads one line from standard input.
    ///
    /// - Parameter question: What is about to happen, as a question.
    /// - Throws: `CommandError` with code 77 when the answer is not yes, or when nobody can be
    ///   asked because standard input is no terminal.
    static func ask(_ question: String) throws {
        guard isatty(STDIN_FILENO) == 1 else {
            throw CommandError(
                .refused, "\(question) Nobody can be asked here: say --yes if that is meant.")
        }
        Console.error.write("\(question) [y/N] ")
        let answer = readLine()?.lowercased() ?? ""
        guard answer == "y" || answer == "yes" else {
            throw CommandError(.refused, "nothing was changed")
        }
    }
}

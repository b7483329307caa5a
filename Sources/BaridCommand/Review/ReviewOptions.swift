import ArgumentParser
import Foundation

/// What is decided about, by whom and why.
struct ReviewOptions: ParsableArguments {
    @Argument(help: "The article's id, or the beginning of it.")
    var article: String

    @Option(
        help: ArgumentHelp(
            "Why; kept with the decision, and shown with it.", valueName: "text"))
    var note = ""

    @Option(
        help: ArgumentHelp(
            "Who decides; else the name this user logs in with.", valueName: "name"))
    var by: String?

    /// Who decides.
    var reviewer: String { by ?? NSUserName() }

    func validate() throws {
        guard note.utf8.count <= 4_096 else {
            throw ValidationError("a note has at most 4,096 bytes")
        }
        guard (1...256).contains(reviewer.utf8.count) else {
            throw ValidationError("who decides has a name of 1 to 256 bytes: give --by")
        }
    }
}

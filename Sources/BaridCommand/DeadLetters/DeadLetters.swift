import ArgumentParser

/// `barid dead-letters`.
struct DeadLetters: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters",
        abstract: "Look at events that groups gave up on, and decide what becomes of them.",
        discussion: """
            A dead letter is kept, with its event and every attempt, until you purge it.

            Examples:
              barid dead-letters list --group parser
              barid dead-letters show 1234
              barid dead-letters export --output letters.jsonl
              barid dead-letters retry --group parser
              barid dead-letters purge --reason INVALID_ARTICLE
            """,
        subcommands: [
            ListDeadLetters.self, ShowDeadLetters.self, ExportDeadLetters.self,
            RetryDeadLetters.self, PurgeDeadLetters.self,
        ])
}

import ArgumentParser

/// `barid review`.
struct ReviewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "review",
        abstract: "Decide about articles and comments that the moderator held.",
        discussion: """
            A decision is an event like any other: it stays, with who made it and why, and stands over the \
            moderator's verdict whatever comes later. It is about the revision that is searchable now; a \
            later one wants a decision of its own. Made twice, it is one.

            Examples:
              barid review list
              barid review approve 3f9c --comment 2
              barid review block 3f9c --note 'names a minor'
              barid review retract 3f9c --note 'the source took it back'
            """,
        subcommands: [
            ListHeldItems.self, ApproveReview.self, BlockReview.self, RetractArticle.self,
        ])
}

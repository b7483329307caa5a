import ArgumentParser

/// `barid review approve`.
struct ApproveReview: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "Let an article, or one of its comments, be found and shown.",
        discussion: """
            Examples:
              barid review approve 3f9c
              barid review approve 3f9c --comment 2 --note 'quotes the minister'
            """)

    @OptionGroup var what: ReviewOptions

    @Option(help: ArgumentHelp("This comment, and not the article.", valueName: "number"))
    var comment: UInt32?

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func run() async throws {
        try await ReviewDesk(what: what, output: output, broker: broker).decide(.pass, comment)
    }
}

/// `barid review block`.
struct BlockReview: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "block",
        abstract: "Keep an article, or one of its comments, from being found.",
        discussion: """
            `barid search --all` still finds it, and marks it.

            Examples:
              barid review block 3f9c --note 'names a minor'
              barid review block 3f9c --comment 2
            """)

    @OptionGroup var what: ReviewOptions

    @Option(help: ArgumentHelp("This comment, and not the article.", valueName: "number"))
    var comment: UInt32?

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func run() async throws {
        try await ReviewDesk(what: what, output: output, broker: broker).decide(.block, comment)
    }
}

/// `barid review retract`.
struct RetractArticle: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retract",
        abstract: "Take an article back, in every revision, for good.",
        discussion: """
            No search finds it any more; `barid article` still shows it, marked.

            Examples:
              barid review retract 3f9c --note 'the source took it back'
            """)

    @OptionGroup var what: ReviewOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func run() async throws {
        try await ReviewDesk(what: what, output: output, broker: broker).retract()
    }
}

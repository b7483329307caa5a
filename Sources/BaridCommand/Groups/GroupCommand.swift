import ArgumentParser

/// `barid group`.
struct GroupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "group",
        abstract: "Look after groups: the durable cursors that workers share.",
        discussion: """
            Examples:
              barid group list
              barid group pause parser
              barid group replay entity-tagger --article ar-2024-17
              barid group reset indexer --to first
            """,
        subcommands: [
            GroupList.self, GroupShow.self, GroupCreate.self, GroupPause.self, GroupResume.self,
            GroupReset.self, GroupReplay.self, GroupDelete.self,
        ])
}

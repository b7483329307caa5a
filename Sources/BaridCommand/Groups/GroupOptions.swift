import ArgumentParser
import Barid
import BaridSchema
import GRPCCore

/// Which group a command is about.
struct GroupOptions: ParsableArguments {
    @Argument(help: "The group, as `barid group list` shows it.")
    var group: String

    @Option(help: ArgumentHelp("The topic it is of.", valueName: "topic"))
    var topic = PluginManifest.defaultTopic

    /// How the group stands.
    func status(_ client: BaridClient) async throws -> Barid_Admin_V1_GroupStatus {
        let answer = try await client.admin.listGroups(
            .with {
                $0.topic = topic
                $0.group = group
            }, options: .within(.seconds(10)))
        guard let status = answer.groups.first else {
            throw CommandError(.noInput, "there is no group '\(group)': see `barid group list`")
        }
        return status
    }
}

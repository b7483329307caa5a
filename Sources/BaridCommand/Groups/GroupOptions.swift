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

    /// Changes the group and asks how it stands then.
    func status(
        on broker: BrokerOptions,
        after change: @escaping @Sendable (BaridClient) async throws -> Void
    ) async throws -> Barid_Admin_V1_GroupStatus {
        let which = self
        return try await broker.connected(as: "barid group") { client in
            try await change(client)
            return try await which.status(client)
        }
    }

    /// How the group stands.
    func status(_ client: BaridClient) async throws -> Barid_Admin_V1_GroupStatus {
        let answer = try await client.admin.listGroups(
            .with {
                $0.topic = topic
                $0.group = group
            }, options: .within(.seconds(10)))
        guard let status = answer.groups.first else {
            throw CommandError(
                .noInput,
                "there is no group '\(group)' of topic '\(topic)': see `barid group list`"
            )
        }
        return status
    }
}

internal import BaridEngine
internal import BaridLog
internal import Foundation

/// What the core's thread hands out for the metrics: copies of numbers, nothing written out.
struct CoreSnapshot: Sendable {
    struct Topic: Sendable {
        var name: String
        var figures: TopicFigures
        var stored: UInt64
        var noSubscriber: UInt64
    }

    struct Group: Sendable {
        var topic: String
        var name: String
        var status: GroupStatus
        var figures: GroupFigures
        var deadLetters: Int
        var expired: UInt64
        var trimmed: UInt64
        /// Since when the oldest event waits that is not done, in seconds; 0 when there is none.
        var oldestAge: Double
    }

    var topics: [Topic]
    var groups: [Group]
    var refused: [String: UInt64]
    var figures: CoreFigures
    var space: LogSpace
    var isAccepting: Bool
    var epoch: UInt64
}

extension Core {
    /// The numbers of this moment.
    var snapshot: CoreSnapshot {
        let durable = engine.durable
        let wall = clock().wall
        return CoreSnapshot(
            topics: durable.topics.enumerated().map { index, topic in
                let id = TopicID(UInt32(index))
                return CoreSnapshot.Topic(
                    name: topic.name, figures: engine.figures(of: id), stored: topic.next - 1,
                    noSubscriber: engine.noSubscriber(of: id))
            },
            groups: durable.groups.indices.compactMap { index in
                let id = GroupID(UInt32(index))
                guard let status = engine.status(of: id), let figures = engine.figures(of: id)
                else { return nil }
                let state = durable.groups[index]
                let oldest = oldestStored(ofGroup: index, status)
                return CoreSnapshot.Group(
                    topic: durable.topics[Int(state.definition.topic.number)].name,
                    name: state.definition.name, status: status, figures: figures,
                    deadLetters: state.deadLetters.count, expired: state.expired,
                    trimmed: state.trimmed,
                    oldestAge: oldest.map { Double(max(0, wall &- $0)) / 1e9 } ?? 0)
            },
            refused: engine.refused, figures: figures, space: log.space,
            isAccepting: engine.isAccepting, epoch: durable.epoch)
    }
}

internal import BaridEngine

/// Which life each group is in, by the records of a log from its beginning on.
struct Lives {
    private var groups: [(topic: TopicID, name: String)] = []
    private var lives: [String: UInt64] = [:]

    mutating func apply(_ record: Record) {
        switch record {
        case .groupCreated(let definition): groups.append((definition.topic, definition.name))
        case .groupReset(let group, _), .groupDeleted(let group):
            lives[name(of: group), default: 0] += 1
        default: break
        }
    }

    func name(of group: GroupID) -> String { groups[Int(group.number)].name }

    func topic(of group: GroupID) -> TopicID { groups[Int(group.number)].topic }

    func life(of group: GroupID) -> UInt64 { lives[name(of: group)] ?? 0 }
}

import BaridChaos
import Foundation

/// Rows about two versions that meet.
extension Rows {
    static let versions: [Row] = [
        Row(number: 33, name: "old worker, new broker and back", run: versionSkew)
    ]

    /// Old actors with a new broker, new ones with an old broker, and both orders of an update under load.
    private static func versionSkew(_ workshop: Workshop) async throws -> Outcome {
        guard let earlier = workshop.earlier else {
            throw Skipped(reason: "needs --earlier FOLDER, the executables of an earlier version")
        }
        let old = (broker: "\(earlier)/barid-broker", barid: "\(earlier)/barid")
        let new = (
            broker: "\(workshop.executables)/barid-broker", barid: "\(workshop.executables)/barid"
        )
        for path in [old.broker, old.barid] where access(path, X_OK) != 0 {
            throw Broken(description: "there is no program \(path)")
        }
        guard !FileManager.default.contentsEqual(atPath: old.broker, andPath: new.broker) else {
            throw Broken(description: "\(old.broker) is the broker of this version")
        }
        let time = Duration.seconds(workshop.count(short: 2, full: 60))
        let pause = Duration.milliseconds(workshop.isFull ? 2_000 : 200)
        var outcome = Outcome()
        for (broker, barid) in [(new.broker, old.barid), (old.broker, new.barid)] {
            outcome.add(
                try await workshop.prove(
                    "row-33", ProofConfiguration(seed: workshop.seed, duration: nil),
                    programs: (broker, barid)
                ) { stage in
                    for fault in [Fault.killBroker, .restartWorker(1), .killWorker(2)]
                    where !stage.isStopped {
                        try await stage.pass(time)
                        try await stage.inflict(fault)
                    }
                })
        }
        for brokerFirst in [true, false] {
            outcome.add(
                try await workshop.prove(
                    "row-33", ProofConfiguration(seed: workshop.seed, duration: nil),
                    programs: old
                ) { stage in
                    try await stage.pass(time)
                    for isBroker in [brokerFirst, !brokerFirst] where !stage.isStopped {
                        if isBroker {
                            stage.arena.use(broker: new.broker)
                            try await stage.inflict(.restartBroker)
                        } else {
                            stage.arena.use(barid: new.barid)
                            try await stage.roll(pause: pause)
                        }
                        try await stage.pass(time)
                    }
                })
        }
        outcome.note = "two mixed, two updates under load"
        return outcome
    }
}

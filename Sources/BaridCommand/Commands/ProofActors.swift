import ArgumentParser
import Barid
import BaridChaos
import BaridTransport
import Foundation
import GRPCCore

/// The publisher of `barid prove`, a process of its own so that it can be killed.
struct ProvePublisher: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove-publisher", abstract: "The publisher of a proof.",
        shouldDisplay: false)

    @Option var name: String
    @Option var history: String
    @Option var seed: UInt64
    @Option var first: UInt64
    @Option var rate: Int
    @Option var bytes: Int
    @Option var keys: Int
    @Option var workMs: UInt64
    @Option var poisonEvery: UInt64
    @Option var after: String?

    func run() async throws {
        let stop = StopFlag.setBySignals()
        var traffic = Traffic(seed: seed)
        traffic.bytes = bytes
        traffic.keys = keys
        traffic.workMilliseconds = workMs
        traffic.poisonEvery = poisonEvery
        let settings = try Settings()
        var publisher = ProvenPublisher(
            endpoint: settings.endpoint.value, name: name, first: first, rate: rate,
            traffic: traffic, history: history)
        publisher.key = settings.key.value?.key
        publisher.predecessor = after
        try await publisher.run(until: stop)
    }
}

/// The worker of `barid prove`.
struct ProveWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove-worker", abstract: "The worker of a proof.", shouldDisplay: false)

    @Option var name: String
    @Option var history: String
    @Option var group: String
    @Option var credit: UInt32
    @Option var leaseMs: Int
    @Option var maximumDeliveries: UInt32
    @Option var effects: String?
    @Flag var acksTooEarly = false

    func run() async throws {
        let stop = StopFlag.setBySignals()
        let settings = try Settings()
        var worker = ProvenWorker(
            endpoint: settings.endpoint.value, name: name, group: group, credit: credit,
            lease: .milliseconds(leaseMs), history: history)
        worker.key = settings.key.value?.key
        worker.maximumDeliveries = maximumDeliveries
        worker.effects = effects
        worker.acksTooEarly = acksTooEarly
        try await worker.run(until: stop)
    }
}

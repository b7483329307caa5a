internal import Barid
internal import BaridSchema
internal import Foundation
internal import GRPCCore

extension Check {
    /// What it does when a broker goes, refuses or drains.
    static let lossChecks: [Check] = [
        Check(
            name: "broker-restart",
            title: "After a restart of the broker it subscribes again, and old leases are dead",
            clause: "4-plugin §2.5, 2-bus §6.2",
            fix: "Forget what an old stream delivered: settle it on no other stream.",
            skip: { needsSample($0) },
            run: { subject in
                let (worker, first) = try await subject.subscribed()
                first.confirms(false)
                for number in 1...min(subject.room, 4) {
                    first.deliver(subject.samples.bytes(number), sequence: UInt64(number))
                }
                await subject.broker.stop()
                try await Task.sleep(for: .milliseconds(300))
                try await subject.broker.start(epoch: 2)
                let second = try await subject.wait(
                    for: "a second subscription", within: .seconds(30)
                ) {
                    subject.broker.streams.last { $0 !== first && $0.subscription != nil }
                }
                second.start()
                second.deliver(subject.samples.bytes(9), sequence: 9)
                try await subject.wait(
                    for: "a settlement of the new delivery", within: .seconds(60)
                ) {
                    second.end(of: 9)
                }
                try expect(
                    second.problems.isEmpty, second.problems.joined(separator: "; "))
                try expect(worker.isRunning, "the worker ended")
            }),
        Check(
            name: "stream-lost",
            title: "A subscription that fails for now is tried again, with a pause",
            clause: "4-plugin §2.1", fix: "Subscribe again after UNAVAILABLE, with back-off.",
            skip: { needsSubscription($0) },
            run: { subject in
                let (worker, first) = try await subject.subscribed()
                first.finish(Status(code: .unavailable, message: "for the check"))
                try await subject.wait(for: "a second subscription", within: .seconds(20)) {
                    subject.broker.streams.contains { $0 !== first && $0.subscription != nil }
                        ? () : nil
                }
                try expect(worker.isRunning, "the worker ended")
                try expect(
                    subject.broker.streams.count < 20, "it tried again without a pause")
            }),
        Check(
            name: "refused", title: "A subscription refused for good ends it with an error",
            clause: "4-plugin §2.1",
            fix: "On FAILED_PRECONDITION or PERMISSION_DENIED print the message and exit, not 0.",
            skip: { needsSubscription($0) },
            run: { subject in
                subject.broker.refuse(
                    RPCError(
                        code: .failedPrecondition,
                        message: "the group has another filter, says the check"))
                try await subject.broker.start()
                let worker = try subject.start(["serve"])
                let code = try await worker.ended(within: .seconds(20))
                try expect(code != 0, "it ended with code 0")
                try expect(
                    worker.error.contains("another filter"),
                    "its error does not say what the broker said")
            }),
        Check(
            name: "broker-drains",
            title: "A broker that drains is finished with, and the worker stays",
            clause: "2-bus §5.6, 1-transport §8",
            fix: "On goaway draining settle what is held, then connect again.",
            skip: { needsSample($0) },
            run: { subject in
                let (worker, first) = try await subject.subscribed()
                first.deliver(subject.samples.bytes(1), sequence: 1)
                try await subject.wait(for: "a settlement", within: .seconds(60)) {
                    first.end(of: 1)
                }
                first.drain()
                first.finish(Status(code: .ok, message: ""))
                await subject.broker.drain(within: .seconds(2))
                let known = subject.broker.streams.count
                try await subject.broker.start(epoch: 2)
                try await subject.wait(
                    for: "a subscription with the next broker", within: .seconds(30)
                ) {
                    subject.broker.streams.dropFirst(known).contains { $0.subscription != nil }
                        ? () : nil
                }
                try expect(worker.isRunning, "the worker ended")
            }),
    ]
}

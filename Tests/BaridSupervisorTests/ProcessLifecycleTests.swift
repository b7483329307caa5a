import Testing

@testable import BaridSupervisor

/// DESIGN 6: "restarts with backoff and jitter, shows a crash-loop state, drains on stop".
@Suite struct ProcessLifecycleTests {
    private func running(at moment: Duration = .zero) -> ProcessLifecycle {
        var process = ProcessLifecycle()
        #expect(process.begin(at: moment) == .start)
        #expect(process.started(at: moment) == .none)
        process.becameReady(at: moment)
        #expect(process.state == .running)
        return process
    }

    @Test func waitsDoubleUpToTheMaximum() {
        var process = ProcessLifecycle()
        var now = Duration.zero
        var waits: [Duration] = []
        _ = process.begin(at: now)
        for _ in 0..<12 {
            _ = process.started(at: now)
            now += .seconds(30)
            _ = process.exited(at: now, chance: 0)
            guard let due = process.deadline else {
                Issue.record("it should wait")
                return
            }
            waits.append(due - now)
            now = due
            #expect(process.tick(at: now) == .start)
        }
        #expect(
            waits.prefix(4) == [
                .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800),
            ])
        #expect(waits.last == .seconds(30))
        #expect(process.restarts == 12)
    }

    @Test func chanceAddsAtMostTheJitter() {
        var process = running()
        _ = process.exited(at: .seconds(1), chance: 1)
        #expect(process.deadline == .seconds(1) + .milliseconds(120))
        #expect(process.tick(at: .seconds(1)) == .none, "not before it is due")
    }

    @Test func aHealthyMinuteStartsTheWaitsOver() {
        var process = running()
        for second in 1...3 {
            _ = process.exited(at: .seconds(second), chance: 0)
            _ = process.tick(at: process.deadline ?? .zero)
            _ = process.started(at: .seconds(second))
        }
        _ = process.exited(at: .seconds(63), chance: 0)
        #expect(process.deadline == .seconds(63) + .milliseconds(100))
    }

    /// What `supervisor.proto` says of CRASH_LOOP: more than five exits within a minute.
    @Test(arguments: [5, 6])
    func moreThanFiveExitsWithinAMinuteAreACrashLoop(exits: Int) {
        var process = running()
        for exit in 1...exits {
            _ = process.exited(at: .seconds(exit), chance: 0)
            if exit < exits {
                #expect(process.tick(at: .seconds(exit) + .milliseconds(900)) == .start || exit > 4)
                _ = process.tick(at: .seconds(exit + 30))
                _ = process.started(at: .seconds(exit))
            }
        }
        #expect((process.state == .crashLoop) == (exits > 5))
        #expect((process.deadline == nil) == (exits > 5))
    }

    @Test func exitsFarApartAreNoCrashLoop() {
        var process = running()
        for exit in 1...20 {
            let now = Duration.seconds(exit * 13)
            _ = process.exited(at: now, chance: 0)
            #expect(process.state != .crashLoop)
            _ = process.tick(at: now + .seconds(60))
            _ = process.started(at: now)
        }
    }

    /// DESIGN 6: "an exit while holding a lease is charged to the event, not to the loop".
    @Test func exitsChargedToAnEventAreNoCrashLoop() {
        var process = running()
        for second in 1...20 {
            _ = process.exited(at: .seconds(second), chance: 0, charged: true)
            #expect(process.state != .crashLoop)
            _ = process.tick(at: .seconds(second + 60))
            _ = process.started(at: .seconds(second))
        }
    }

    @Test func aRestartEndsACrashLoop() {
        var process = running()
        for second in 1...6 {
            _ = process.exited(at: .seconds(second), chance: 0)
            _ = process.tick(at: .seconds(second + 60))
            if process.state != .crashLoop { _ = process.started(at: .seconds(second)) }
        }
        #expect(process.state == .crashLoop)
        #expect(process.begin(at: .seconds(7)) == .start)
        _ = process.started(at: .seconds(7))
        var again = process
        #expect(again.restart(at: .seconds(8)) == .terminate)
        #expect(again.exited(at: .seconds(9), chance: 0) == .start)
        _ = again.started(at: .seconds(9))
        _ = again.exited(at: .seconds(10), chance: 0)
        #expect(again.state == .backoff(until: .seconds(10) + .milliseconds(100)), "all forgiven")
    }

    @Test func aStopDrainsAndThenKills() {
        var process = running()
        #expect(process.stop(at: .seconds(5)) == .terminate)
        #expect(process.deadline == .seconds(15))
        #expect(process.tick(at: .seconds(14)) == .none)
        #expect(process.tick(at: .seconds(15)) == .kill)
        #expect(process.tick(at: .seconds(15)) == .none, "once a second is enough")
        #expect(process.exited(at: .seconds(16), chance: 0) == .none)
        #expect(process.state == .stopped)
    }

    @Test func aStopBeforeTheProcessExistsIsCarriedOutWhenItDoes() {
        var process = ProcessLifecycle()
        _ = process.begin(at: .zero)
        #expect(process.stop(at: .zero) == .none)
        #expect(process.started(at: .zero) == .terminate)
        #expect(process.exited(at: .seconds(1), chance: 0) == .none)
        #expect(process.state == .stopped)
    }

    @Test func aStopWhileWaitingStartsNothing() {
        var process = running()
        _ = process.exited(at: .seconds(1), chance: 0)
        #expect(process.stop(at: .seconds(1)) == .none)
        #expect(process.state == .stopped && process.deadline == nil)
        #expect(process.tick(at: .seconds(100)) == .none)
    }
}

import Testing

@testable import BaridTransport

/// Who does what a socket's thread was asked for: the thread, or whoever asks while it sleeps.
struct MailboxTests {
    /// A mailbox of which the test's thread is the socket's.
    private final class Bench {
        let mailbox: Mailbox<Int>
        /// What was done while the thread slept, by turn.
        private(set) var done: [[Int]] = []
        /// Whether the thread has to look for itself after a turn.
        var hasMore = false

        init() throws {
            mailbox = try Mailbox()
            mailbox.turn.begin { [unowned self] in
                done.append(taken())
                return hasMore
            }
        }

        func taken() -> [Int] {
            var orders: [Int] = []
            mailbox.take(into: &orders)
            return orders
        }

        /// Runs `body` as another thread would run it, while this one sleeps.
        func whileAsleep(_ body: (Mailbox<Int>) -> Void) {
            _ = mailbox.turn.sleep {
                body(mailbox)
                return 0
            }
        }
    }

    @Test func aSmallOrderIsDoneWhileTheThreadSleeps() throws {
        let bench = try Bench()
        bench.whileAsleep {
            // An order itself weighs 2 KiB.
            $0.post(1, weight: 14 << 10)
            $0.post(2, weight: (14 << 10) + 1)
            // The thread was woken for the one before it.
            $0.post(3, weight: 1)
        }
        #expect(bench.done == [[1]])
        #expect(bench.taken() == [2, 3])
        bench.hasMore = true
        bench.whileAsleep {
            $0.post(4, weight: 1)
            $0.post(5, weight: 1)
        }
        #expect(bench.done == [[1], [4]], "the thread was woken after the turn")
        bench.mailbox.turn.end()
    }

    @Test func whatIsPostedTogetherIsDoneTogether() throws {
        let bench = try Bench()
        bench.whileAsleep { mailbox in
            mailbox.together {
                for number in 1...3 { mailbox.post(number, weight: 3 << 10) }
                #expect(bench.done == [])
            }
            mailbox.together {}
        }
        #expect(bench.done == [[1, 2, 3]])
        bench.whileAsleep { mailbox in
            mailbox.together {
                for number in 4...7 { mailbox.post(number, weight: 3 << 10) }
            }
            mailbox.post(8, weight: 1)
            mailbox.together { mailbox.post(9) }
        }
        #expect(bench.done.count == 1, "it is too much, so the thread was woken")
        #expect(bench.taken() == [4, 5, 6, 7, 8, 9])
        bench.mailbox.turn.end()
    }

    @Test func whoHasTheTurnLooksAfterItself() throws {
        let bench = try Bench()
        #expect(bench.mailbox.turn.isMine)
        bench.mailbox.post(1, weight: 1)
        #expect(bench.done == [] && bench.mailbox.hasOwn)
        #expect(bench.taken() == [1] && !bench.mailbox.hasOwn)
        bench.whileAsleep { _ in #expect(!bench.mailbox.turn.isMine) }

        bench.mailbox.turn.end()
        bench.mailbox.post(2, weight: 1)
        #expect(bench.done == [], "there is no thread any more")
        #expect(bench.mailbox.close() == [2])
        #expect(!bench.mailbox.post(3, weight: 1))
    }
}

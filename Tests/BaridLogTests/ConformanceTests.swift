import Testing

@testable import BaridLog

/// What every ``EventLog`` promises, held against each of them.
@Suite struct ConformanceTests {
    @Test(arguments: LogKind.allCases)
    func beginsEmpty(kind: LogKind) throws {
        try kind.withLog { log in
            #expect(log.firstPosition == 1)
            #expect(log.lastPosition == 0)
            #expect(log.durablePosition == 0)
            #expect(log.lastWallTime == 0)
            let entries = try log.read(from: 1, maximumBytes: 100, maximumCount: 10)
            #expect(entries.isEmpty)
            #expect(try log.latestSnapshot() == nil)
        }
    }

    @Test(arguments: LogKind.allCases)
    func readsBackWhatWasCommitted(kind: LogKind) throws {
        try kind.withLog { log in
            let last = try log.append(
                [
                    NewLogEntry(kind: 1, flags: 7, wallTime: 10, payload: [[1, 2], [], [3]]),
                    NewLogEntry(kind: 255, wallTime: 11, payload: []),
                ], expecting: 0)
            #expect(last == 2)
            #expect(log.pendingBytes > 0)
            try log.commit()
            #expect(log.pendingBytes == 0)
            let entries = try log.read(from: 1, maximumBytes: 100, maximumCount: 10)
            #expect(
                entries == [
                    LogEntry(position: 1, kind: 1, flags: 7, wallTime: 10, payload: [1, 2, 3]),
                    LogEntry(position: 2, kind: 255, wallTime: 11, payload: []),
                ])
            #expect(log.lastWallTime == 11)
        }
    }

    @Test(arguments: LogKind.allCases)
    func readsNothingThatIsNotDurable(kind: LogKind) throws {
        try kind.withLog { log in
            try log.append([.sample(1)], expecting: 0)
            #expect(log.lastPosition == 1)
            #expect(log.durablePosition == 0)
            #expect(try log.read(from: 1, maximumBytes: 100, maximumCount: 10).isEmpty)
            try log.commit()
            #expect(log.durablePosition == 1)
            try log.append([.sample(2)], expecting: 1)
            #expect(try log.read(from: 1, maximumBytes: 100, maximumCount: 10).count == 1)
            #expect(try log.read(from: 2, maximumBytes: 100, maximumCount: 10).isEmpty)
        }
    }

    @Test(arguments: LogKind.allCases)
    func aCommitThatWasBegunIsDurableOnceItIsOver(kind: LogKind) throws {
        try kind.withLog { log in
            try log.append([.sample(1)], expecting: 0)
            let progress = try log.beginCommit {}
            if progress == .durable { #expect(log.durablePosition == 1) }
            try log.append([.sample(2)], expecting: 1)
            #expect(try log.endCommit(waiting: true))
            #expect(log.durablePosition == 1)
            #expect(try log.endCommit(waiting: false), "none is under way")
            _ = try log.beginCommit {}
            try log.append([.sample(3)], expecting: 2)
            try log.commit()
            #expect(log.durablePosition == 3)
            let entries = try log.read(from: 1, maximumBytes: 100, maximumCount: 10)
            #expect(entries.map(\.wallTime) == [1, 2, 3])
            try log.append([.sample(4)], expecting: 3)
            _ = try log.beginCommit {}
            try log.seal()
            #expect(log.durablePosition == 4)
            _ = try log.beginCommit {}
            #expect(try log.endCommit(waiting: false), "there was nothing to commit")
        }
    }

    @Test(arguments: LogKind.allCases)
    func refusesAWriterThatWasOvertaken(kind: LogKind) throws {
        try kind.withLog { log in
            try log.append([.sample(1)], expecting: 0)
            #expect(throws: LogError.fenced(expected: 0, actual: 1)) {
                try log.append([.sample(2)], expecting: 0)
            }
            #expect(throws: LogError.fenced(expected: 9, actual: 1)) {
                try log.append([.sample(2)], expecting: 9)
            }
            #expect(log.lastPosition == 1)
        }
    }

    @Test(arguments: LogKind.allCases)
    func limitsReadsByBytesAndCount(kind: LogKind) throws {
        try kind.withLog { log in
            for index in 0..<20 {
                try log.append([.bytes(10, of: UInt8(index))], expecting: UInt64(index))
                if index % 3 == 0 { try log.commit() }
            }
            try log.commit()
            func count(_ bytes: Int, _ count: Int, from: UInt64 = 1) throws -> Int {
                try log.read(from: from, maximumBytes: bytes, maximumCount: count).count
            }
            #expect(try count(30, 100) == 3)
            #expect(try count(29, 100) == 2)
            #expect(try count(0, 100) == 1)
            #expect(try count(.max, 4) == 4)
            #expect(try count(.max, 0) == 1)
            #expect(try count(.max, .max, from: 20) == 1)
            #expect(try count(.max, .max, from: 21) == 0)
            #expect(try count(.max, .max, from: .max) == 0)
        }
    }

    @Test(arguments: LogKind.allCases)
    func readsInAnyOrder(kind: LogKind) throws {
        try kind.withLog { log in
            for index in 0..<500 {
                try log.append([.numbered(index)], expecting: UInt64(index))
                if index % 7 == 0 { try log.commit() }
            }
            try log.commit()
            var all: [LogEntry] = []
            while all.count < 500 {
                let next = try log.read(
                    from: UInt64(all.count) + 1, maximumBytes: 1000, maximumCount: 50)
                try #require(!next.isEmpty)
                all += next
            }
            #expect(all.map(\.position) == Array(1...500))
            for step in [499, 7, 313] {
                for index in stride(from: 0, to: 500, by: 1) {
                    let position = UInt64(index * step % 500) + 1
                    let one = try log.read(from: position, maximumBytes: 0, maximumCount: 1)
                    #expect(one == [all[Int(position) - 1]])
                }
            }
            #expect(Array(all[41].payload) == NewLogEntry.numbered(41).payload.flatMap { $0 })
        }
    }

    @Test(arguments: LogKind.allCases)
    func takesRecordsUpToTheLimitAndNoFurther(kind: LogKind) throws {
        try kind.withLog { log in
            let limit = log.maximumPayloadBytes
            try log.append([.bytes(limit - 1, of: 1)], expecting: 0)
            try log.append([.bytes(limit, of: 2), .sample(3)], expecting: 1)
            #expect(throws: LogError.entryTooLarge(bytes: limit + 1, maximum: limit)) {
                try log.append([.sample(4), .bytes(limit + 1, of: 3)], expecting: 3)
            }
            #expect(log.lastPosition == 3)
            try log.commit()
            let entries = try log.read(from: 2, maximumBytes: 0, maximumCount: 1)
            #expect(entries.first?.payload.count == limit)
            #expect(entries.first?.payload.last == 2)
        }
    }

    @Test(arguments: LogKind.allCases)
    func keepsWhatATrimMustKeep(kind: LogKind) throws {
        try kind.withLog { log in
            for index in 0..<300 {
                try log.append([.bytes(1000, of: UInt8(index & 255))], expecting: UInt64(index))
                if index % 10 == 9 { try log.commit() }
            }
            #expect(throws: LogError.notDurable(position: 302, durable: 300)) {
                try log.trim(before: 302)
            }
            try log.trim(before: 250)
            #expect(log.firstPosition > 1)
            #expect(log.firstPosition <= 250)
            let first = log.firstPosition
            #expect(throws: LogError.trimmed(first: first)) {
                try log.read(from: first - 1, maximumBytes: 100, maximumCount: 1)
            }
            #expect(try log.read(from: first, maximumBytes: 0, maximumCount: 1).count == 1)
            try log.trim(before: 10)
            #expect(log.firstPosition == first)
            #expect(log.lastPosition == 300)
            try log.append([.sample(1)], expecting: 300)
            try log.commit()
            let last = try log.read(from: 301, maximumBytes: 0, maximumCount: 1)
            #expect(last.first?.position == 301)
        }
    }

    @Test(arguments: LogKind.allCases)
    func handsOutTheLatestSnapshot(kind: LogKind) throws {
        try kind.withLog { log in
            try log.append([.sample(1), .sample(2), .sample(3)], expecting: 0)
            #expect(throws: LogError.notDurable(position: 1, durable: 0)) {
                try log.writeSnapshot([1], at: 1)
            }
            try log.commit()
            try log.writeSnapshot([1], at: 1)
            try log.writeSnapshot([], at: 2)
            #expect(try log.latestSnapshot() == LogSnapshot(position: 2, bytes: []))
            let large = [UInt8](repeating: 9, count: 100_000)
            try log.writeSnapshot(large, at: 3)
            #expect(try log.latestSnapshot() == LogSnapshot(position: 3, bytes: large))
            #expect(log.snapshotPositions == [2, 3])
            // One of the same position takes the other's place.
            try log.writeSnapshot([4], at: 3)
            #expect(log.snapshotPositions == [2, 3])
            #expect(try log.latestSnapshot() == LogSnapshot(position: 3, bytes: [4]))
        }
    }

    @Test(arguments: LogKind.allCases)
    func sealingAndCommittingNothingChangesNothing(kind: LogKind) throws {
        try kind.withLog { log in
            try log.commit()
            try log.seal()
            try log.append([.sample(1)], expecting: 0)
            try log.seal()
            #expect(log.durablePosition == 1)
            try log.seal()
            try log.append([.sample(2)], expecting: 1)
            try log.commit()
            #expect(
                try log.read(from: 1, maximumBytes: 1000, maximumCount: 10).map(\.position)
                    == [1, 2])
        }
    }

    @Test(arguments: LogKind.allCases)
    func refusesEverythingOnceClosed(kind: LogKind) throws {
        try kind.withLog { log in
            try log.append([.sample(1)], expecting: 0)
            try log.close()
            try log.close()
            #expect(log.durablePosition == 1)
            #expect(throws: LogError.closed) { try log.append([.sample(1)], expecting: 1) }
            #expect(throws: LogError.closed) { try log.commit() }
            #expect(throws: LogError.closed) { try log.seal() }
            #expect(throws: LogError.closed) { try log.trim(before: 1) }
            #expect(throws: LogError.closed) { try log.writeSnapshot([], at: 0) }
            #expect(throws: LogError.closed) { try log.latestSnapshot() }
            #expect(throws: LogError.closed) {
                try log.read(from: 1, maximumBytes: 1, maximumCount: 1)
            }
        }
    }

    @Test(arguments: LogKind.allCases)
    func statesItsSpace(kind: LogKind) throws {
        try kind.withLog { log in
            let before = log.space
            try log.append([.bytes(2000, of: 1)], expecting: 0)
            try log.commit()
            #expect(log.space.used >= 2000)
            #expect(log.space.ready <= before.ready - 2000 || log.space.used > before.used)
        }
    }
}

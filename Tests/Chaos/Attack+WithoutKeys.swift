import BaridChaos
import Foundation
import TestSupport

/// What a socket can be told without any key: row 28.
extension Attack {
    static let withoutKeys: [Attack] = [
        Attack(name: "endless small parts") { target, stop in
            try await flood(target.ipc, part: 1, stop)
        },
        Attack(name: "endless large parts") { target, stop in
            try await flood(target.tcp, part: 60_000, stop)
        },
        // libzmq cuts it in the middle of its work and has no word for why.
        Attack(name: "8 GiB part", isCounted: false) { target, _ in
            try await onAttackersThread {
                let peer = try RawZMTP(target.tcp)
                try peer.handshake()
                _ = try peer.greet()
                try peer.send(RawZMTP.frame([1, 2, 3], claimed: 8 << 30))
                return peer.isCut(within: .seconds(5))
                    ? .refused : .succeeded("a part of 8 GiB is waited for")
            }
        },
        Attack(name: "slow handshakes", turn: .seconds(7)) { target, stop in
            try await onAttackersThread {
                let peers = try (0..<20).map { _ in try RawZMTP(target.tcp) }
                for byte in RawZMTP.greeting() where !stop.isSet {
                    for peer in peers {
                        do { try peer.send([byte]) } catch { return .refused }
                    }
                    if isCut(peers, within: .seconds(1), stop) { return .refused }
                }
                return stop.isSet ? .ignored : .succeeded("a minute's handshake was let through")
            }
        },
        Attack(name: "200 silent connections", turn: .seconds(7)) { target, stop in
            try await onAttackersThread {
                let peers = try (0..<200).map { number in
                    try RawZMTP(number % 2 == 0 ? target.ipc : target.tcp)
                }
                for peer in peers { try peer.send(Array(RawZMTP.greeting().prefix(11))) }
                // Cut after the 5 s of a handshake, unless this turn ended before.
                if isCut(peers, within: .seconds(8), stop) { return .refused }
                return stop.isSet ? .ignored : .succeeded("a handshake of 8 s")
            }
        },
        Attack(name: "garbage") { target, _ in
            try await onAttackersThread {
                let behind = UInt8.random(in: 0...2)
                let peer = try RawZMTP(Bool.random() ? target.ipc : target.tcp)
                // Where the first bytes were enough, the rest meets nobody.
                if behind > 0 { try? peer.send(RawZMTP.greeting()) }
                if behind > 1 { try? peer.send(RawZMTP.ready()) }
                let bytes = (0..<2_000).map { _ in UInt8.random(in: 0...255) }
                try? peer.send(bytes)
                return peer.isCut(within: .milliseconds(100)) ? .refused : .ignored
            }
        },
        // They may connect where no keys are in use, and then say nothing that has a meaning.
        Attack(name: "ZMTP 1 and 2", isRefused: false, isCounted: false) { target, _ in
            try await onAttackersThread {
                for greeting in [
                    [UInt8]([0x01, 0x00]), [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 1, 5, 0, 0],
                ] {
                    let peer = try RawZMTP(target.tcp)
                    try peer.send(greeting + [0, 3, 1, 2, 3])
                    _ = peer.isCut(within: .milliseconds(50))
                }
                return .ignored
            }
        },
        Attack(
            name: "2,000 connects", isRefused: false, isCounted: false, pause: .milliseconds(1)
        ) { target, stop in
            try await onAttackersThread {
                for _ in 0..<2_000 where !stop.isSet {
                    let peer = try RawZMTP(target.tcp)
                    try peer.handshake()
                    _ = try peer.greet()
                }
                return .ignored
            }
        },
    ]

    /// Parts without an end, as fast as they go, until it is cut.
    private static func flood(
        _ address: RawZMTP.Address, part: Int, _ stop: StopFlag
    ) async throws -> Result {
        try await onAttackersThread {
            let peer = try RawZMTP(address)
            try peer.handshake()
            _ = try peer.greet()
            let frame = RawZMTP.frame([UInt8](repeating: 7, count: part), more: true)
            let bytes = [[UInt8]](repeating: frame, count: 1 + 200_000 / frame.count).flatMap { $0 }
            while !stop.isSet {
                do { try peer.send(bytes) } catch { return .refused }
            }
            return .ignored
        }
    }

    /// Whether all are cut in time; false also when the turn ends before.
    private static func isCut(
        _ peers: [RawZMTP], within limit: Duration, _ stop: StopFlag
    ) -> Bool {
        let end = ContinuousClock.now + limit
        return peers.allSatisfy { peer in
            while !stop.isSet, ContinuousClock.now < end {
                if peer.isCut(within: .milliseconds(50)) { return true }
            }
            return false
        }
    }
}

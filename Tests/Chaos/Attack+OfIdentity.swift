import BaridChaos
import Foundation
import TestSupport

/// Who pretends to be somebody else: row 30.
extension Attack {
    static let ofIdentity: [Attack] = [
        // Nobody is told: to libzmq a second peer of one id does not exist.
        Attack(name: "stolen routing id", isCounted: false) { target, _ in
            try await onAttackersThread {
                let id = Array("victim-\(UInt32.random(in: 0...UInt32.max))".utf8)
                let victim = try RawZMTP(target.ipc)
                try victim.handshake(identity: id)
                _ = try victim.greet()
                let thief = try RawZMTP(target.ipc)
                try thief.handshake(identity: id)
                if (try? thief.greet()) != nil { return .succeeded("two sessions of one id") }
                try victim.send(
                    RawZMTP.frame(RawZMTP.barid(kind: 0x0a, [1, 2, 3, 4, 5, 6, 7, 8])))
                while true {
                    let kind = try victim.receiveMessage(within: .seconds(5)).first
                    if kind == 0x0b { return .refused }
                    if kind == 0x0c { return .succeeded("the victim's session ended") }
                }
            }
        },
        Attack(name: "replayed session", isCounted: false) { target, _ in
            try await onAttackersThread {
                let first = try RawZMTP(target.tcp)
                try first.handshake()
                _ = try first.greet()
                let replay = try RawZMTP(target.tcp)
                try replay.handshake()
                try replay.send(
                    RawZMTP.frame(RawZMTP.barid(kind: 0x0a, [UInt8](repeating: 1, count: 8))))
                // Goaway `unknown-session`, and nothing else.
                let answer = try replay.receiveMessage(within: .seconds(5))
                return answer.first == 0x0c && answer.dropFirst(12).first == 0x06
                    ? .refused : .succeeded("an answer to a frame without a session")
            }
        },
        Attack(name: "many parts in one message") { target, _ in
            try await onAttackersThread {
                let peer = try RawZMTP(target.tcp)
                try peer.handshake()
                _ = try peer.greet()
                try peer.send(RawZMTP.frame([1], more: true) + RawZMTP.frame([2]))
                while try peer.receiveMessage(within: .seconds(5)).first != 0x0c {}
                return .refused
            }
        },
        Attack(name: "forged acks", isCounted: false, pause: .milliseconds(50)) { target, _ in
            let refused = try await ForgedAcks.send(to: target.arena)
            return refused > 0 ? .refused : .ignored
        },
    ]
}

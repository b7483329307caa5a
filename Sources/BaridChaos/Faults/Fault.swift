/// Something that goes wrong, as it does by itself in the field.
public enum Fault: Sendable, Hashable {
    /// The broker dies by SIGKILL.
    case killBroker
    /// The broker's process stands still (SIGSTOP, SIGCONT), as on an overcommitted host.
    case pauseBroker(Duration)
    /// The broker is told to stop (SIGTERM) under load, and started again.
    case restartBroker
    /// A worker dies by SIGKILL.
    case killWorker(Int)
    /// A worker stands still, longer than its lease, and then goes on as if nothing had been.
    case pauseWorker(Int, Duration)
    /// A worker is told to stop (SIGTERM) while it works, and started again.
    case restartWorker(Int)
    /// A publisher dies by SIGKILL: what it had no receipt for is unknown.
    case killPublisher(Int)
    /// The broker's disk has less room than is to be kept free, for a time.
    case diskFloor(Duration)

    /// What a fault does, without its target: what plans are made of.
    public enum Kind: String, Sendable, CaseIterable {
        case killBroker = "broker-kill"
        case pauseBroker = "broker-pause"
        case restartBroker = "broker-restart"
        case killWorker = "worker-kill"
        case pauseWorker = "worker-pause"
        case restartWorker = "worker-restart"
        case killPublisher = "publisher-kill"
        case diskFloor = "disk-floor"
    }

    /// The kind.
    public var kind: Kind {
        switch self {
        case .killBroker: .killBroker
        case .pauseBroker: .pauseBroker
        case .restartBroker: .restartBroker
        case .killWorker: .killWorker
        case .pauseWorker: .pauseWorker
        case .restartWorker: .restartWorker
        case .killPublisher: .killPublisher
        case .diskFloor: .diskFloor
        }
    }
}

extension Fault: CustomStringConvertible {
    /// For people: "kill worker 2", "pause broker for 3.0 s".
    public var description: String {
        switch self {
        case .killBroker: "kill the broker"
        case .pauseBroker(let time): "pause the broker for \(time.inSeconds) s"
        case .restartBroker: "restart the broker"
        case .killWorker(let number): "kill worker \(number)"
        case .pauseWorker(let number, let time): "pause worker \(number) for \(time.inSeconds) s"
        case .restartWorker(let number): "restart worker \(number)"
        case .killPublisher(let number): "kill publisher \(number)"
        case .diskFloor(let time): "keep the disk's floor for \(time.inSeconds) s"
        }
    }
}

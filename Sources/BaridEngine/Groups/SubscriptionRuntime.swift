/// One worker's membership in a group, while it lasts.
struct SubscriptionRuntime {
    let stream: StreamID
    let worker: String
    let session: String
    /// The lease of each delivery in nanoseconds.
    let lease: Int64
    /// It sends back the turns of its deliveries.
    let knowsTurns: Bool
    var credit: Int64 = 0
    /// May go below zero by one event: the last delivery may overdraw.
    var creditBytes: Int64 = 0
    /// It takes nothing before this instant of the engine's clock.
    var pausedUntil: Int64 = .min
    var leased = 0
    /// It holds a suspect, and gets nothing beside it.
    var holdsSuspect = false
    /// It gets nothing more until it is idle and can take a suspect.
    var isReserved = false

    func takes(at clock: Int64) -> Bool {
        credit > 0 && creditBytes > 0 && pausedUntil <= clock && !holdsSuspect && !isReserved
    }

    /// Whether it could take a suspect, now or once it is idle.
    func mayTakeSuspect(at clock: Int64) -> Bool {
        credit > 0 && creditBytes > 0 && pausedUntil <= clock && !holdsSuspect
    }
}

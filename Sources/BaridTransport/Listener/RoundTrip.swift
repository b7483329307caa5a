/// Somebody waits until a peer has taken in everything that was sent to it so far.
struct RoundTrip {
    /// Gets how many calls were under way at the peer; nil when its session ended.
    typealias Answer = @Sendable (Int?) -> Void

    let answer: Answer
    /// What the peer answers; 0 before it was asked.
    var token: UInt64 = 0
    /// Calls forwarded to the peer before it was asked, and not over then.
    var calls = 0
}

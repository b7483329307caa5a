/// Growing pauses between tries, with jitter, so that many clients do not come back at once.
struct Backoff {
    private let first: Duration
    private let longest: Duration
    private var next: Duration

    init(first: Duration, longest: Duration) {
        self.first = first
        self.longest = longest
        next = first
    }

    /// The pause before the next try: 50 to 100 % of a time that doubles up to the longest.
    mutating func pause() -> Duration {
        let pause = next * Double.random(in: 0.5...1)
        next = min(next * 2, longest)
        return pause
    }

    mutating func reset() { next = first }
}

/// When a group is paused for certain: from the answer until somebody asks for the end.
struct Pauses {
    private var since: Int64?
    /// How often the end was asked for.
    private(set) var ends = 0

    /// The broker said that it is paused; `ends` is as it was when that was asked for, because an
    /// end may have been asked for meanwhile.
    mutating func begin(at time: Int64, ends: Int) {
        if ends == self.ends { since = since ?? time }
    }

    mutating func end() {
        since = nil
        ends += 1
    }

    /// Whether a delivery sent at this time breaks it.
    func forbids(_ sent: Int64) -> Bool { since.map { sent > $0 } ?? false }
}

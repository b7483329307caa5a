// Knowing what a peer has taken in: it answers a ping after all that left before.
extension ListenerCore {
    func begin(_ trip: RoundTrip, session: UInt64) {
        guard let link = link(number: session) else { return trip.answer(nil) }
        link.roundTrips.append(trip)
        markDirty(link)
    }

    /// Asks for what waits, once everything else that can leave has left.
    ///
    /// - Returns: Whether there is something to send.
    func askForRoundTrips(of link: PeerLink) -> Bool {
        var asks = false
        for index in link.roundTrips.indices where link.roundTrips[index].token == 0 {
            link.roundTrips[index].token = nextRoundTrip
            link.roundTrips[index].calls = link.bindings.count { id, binding in
                if case .forward = binding { return id % 2 == 0 }
                return false
            }
            link.session.ask(nextRoundTrip)
            nextRoundTrip += 1
            asks = true
        }
        return asks
    }

    func finishRoundTrip(_ token: UInt64, of link: PeerLink) {
        // A pong that nobody asked for says nothing.
        guard let index = link.roundTrips.firstIndex(where: { $0.token == token }) else { return }
        let trip = link.roundTrips.remove(at: index)
        trip.answer(trip.calls)
    }

    func loseRoundTrips(of link: PeerLink) {
        for trip in link.roundTrips { trip.answer(nil) }
        link.roundTrips = []
    }
}

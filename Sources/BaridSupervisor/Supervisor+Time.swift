// What is due by the clock.
extension Supervisor {
    /// Restarts what is due and kills what does not stop; asks the broker who is ready.
    func keepTime() async {
        while !isOver {
            for index in entries.indices {
                if let deadline = entries[index].lifecycle.deadline, deadline <= now {
                    perform(entries[index].lifecycle.tick(at: now), at: index)
                }
            }
            if let due = nextLook, due <= now { await look() }
            let starting = entries.filter { $0.lifecycle.state == .starting }
            if !starting.isEmpty { await checkReadiness() }
            // Whoever is late is asked after at each look: it may stay so for ever.
            if starting.contains(where: { !$0.isLate }) {
                try? await Task.sleep(for: .milliseconds(25))
                continue
            }
            let moments = entries.map(\.lifecycle.deadline) + (isStopping ? [] : [nextLook])
            await waitForChange(until: moments.compactMap(\.self).min())
        }
    }

    private func waitForChange(until deadline: Duration?) async {
        guard !isOver else { return }
        let timer = deadline.map { deadline in
            Task {
                try? await Task.sleep(for: max(deadline - now, .milliseconds(1)))
                wakeTimekeeper()
            }
        }
        await withCheckedContinuation { sleepers.append($0) }
        timer?.cancel()
    }

    func wakeTimekeeper() {
        for sleeper in sleepers { sleeper.resume() }
        sleepers = []
    }
}

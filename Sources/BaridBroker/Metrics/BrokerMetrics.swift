internal import BaridEngine
internal import BaridLog
internal import BaridMetrics
internal import BaridTracing
internal import BaridTransport
internal import GRPCCore

/// The figures of a broker, written out; the table of Protocols/8-observability §1.
struct BrokerMetrics {
    var core: CoreSnapshot
    var calls: [CallCounts.Count]
    var sessions: Int
    var refusals: AuditTrail.Counts
    var version: String
    var process: ProcessFigures?

    /// Everything, in Prometheus' text format.
    var text: String {
        var text = MetricsText()
        text.begin("barid_build_info", .gauge, "Always 1; the version is a label.")
        text.add(1, [("component", "broker"), ("version", version)])
        text.begin("barid_broker_epoch", .gauge, "Number of this start of the broker.")
        text.add(core.epoch)
        text.begin("barid_broker_accepting", .gauge, "1 while publishes are taken, else 0.")
        text.add(core.isAccepting ? 1 : 0)
        addTopics(&text)
        addGroups(&text)
        addLatencies(&text)
        addLog(&text)
        addPeers(&text)
        process?.add(to: &text)
        return text.text
    }

    private func addTopics(_ text: inout MetricsText) {
        text.begin(
            "barid_topic_events_total", .counter,
            "Events stored, from publishers and as outputs of workers.")
        for topic in core.topics {
            text.add(topic.figures.published, [("topic", topic.name), ("from", "publisher")])
            text.add(topic.figures.emitted, [("topic", topic.name), ("from", "worker")])
        }
        text.begin("barid_topic_event_bytes_total", .counter, "Bytes of these events.")
        for topic in core.topics { text.add(topic.figures.bytes, [("topic", topic.name)]) }
        text.begin(
            "barid_topic_duplicates_total", .counter,
            "Events published again and answered with their first receipt.")
        for topic in core.topics { text.add(topic.figures.duplicates, [("topic", topic.name)]) }
        text.begin("barid_topic_last_sequence", .gauge, "Sequence of the last event stored.")
        for topic in core.topics { text.add(topic.stored, [("topic", topic.name)]) }
        text.begin(
            "barid_topic_no_subscriber_events", .gauge,
            "Events kept whose type no group takes.")
        for topic in core.topics { text.add(topic.noSubscriber, [("topic", topic.name)]) }
        text.begin(
            "barid_publish_refused_total", .counter,
            "Events of publishers that were refused, by the reasons of Protocols/2-bus.")
        for (reason, count) in core.refused.sorted(by: { $0.key < $1.key }) {
            text.add(count, [("reason", reason)])
        }
    }

    private func addGroups(_ text: inout MetricsText) {
        func family(
            _ name: String, _ kind: MetricsText.Kind, _ help: String,
            _ value: (CoreSnapshot.Group) -> UInt64
        ) {
            text.begin("barid_group_\(name)", kind, help)
            for group in core.groups { text.add(value(group), group.labels) }
        }
        family("lag_events", .gauge, "Events stored and neither settled nor skipped.") {
            $0.status.lag
        }
        text.begin(
            "barid_group_oldest_unacknowledged_age_seconds", .gauge,
            "Age of the oldest event that is not done; 0 when there is none.")
        for group in core.groups { text.add(group.oldestAge, group.labels) }
        family("deliveries_total", .counter, "Deliveries that went out.") {
            $0.figures.deliveries
        }
        family("redeliveries_total", .counter, "Deliveries that were later attempts.") {
            $0.figures.redeliveries
        }
        text.begin(
            "barid_group_settlements_total", .counter,
            "Deliveries that ended, by how: ack, nack, reject, release, lease-expired, worker-lost."
        )
        for group in core.groups {
            let figures = group.figures
            let outcomes: KeyValuePairs<String, UInt64> = [
                "ack": figures.acks, "nack": figures.nacks, "reject": figures.rejects,
                "release": figures.releases, "lease-expired": figures.expiredLeases,
                "worker-lost": figures.losses,
            ]
            for (outcome, count) in outcomes {
                text.add(count, group.labels + [("outcome", outcome)])
            }
        }
        family("extensions_total", .counter, "Leases that were prolonged.") {
            $0.figures.extensions
        }
        family(
            "stale_settlements_total", .counter,
            "Settlements that changed nothing: the lease was over."
        ) { $0.figures.stale }
        family("dead_lettered_total", .counter, "Dead letters made.") { $0.figures.deadLetters }
        family("dead_letters", .gauge, "Dead letters kept.") { UInt64($0.deadLetters) }
        family("leased_events", .gauge, "Deliveries under a lease.") { UInt64($0.status.leased) }
        family("waiting_events", .gauge, "Events that wait for another attempt.") {
            UInt64($0.status.waiting)
        }
        family("suspect_events", .gauge, "Events suspected of killing workers.") {
            UInt64($0.status.suspects)
        }
        family("replaying_events", .gauge, "Events due again by replays and retries.") {
            $0.status.again
        }
        family("credit_events", .gauge, "Deliveries that all workers together have room for.") {
            UInt64(clamping: $0.status.credit)
        }
        family("workers", .gauge, "Workers subscribed.") { UInt64($0.status.workers) }
        family("paused", .gauge, "1 while deliveries are paused, else 0.") {
            $0.status.isPaused ? 1 : 0
        }
        family("expired_events", .gauge, "Events that expired before they were done, in all.") {
            $0.expired
        }
        family(
            "trimmed_events", .gauge,
            "Events that retention or damage took before they were done, in all."
        ) { $0.trimmed }
    }

    private func addLatencies(_ text: inout MetricsText) {
        text.begin(
            "barid_publish_to_receipt_seconds", .histogram,
            "From the arrival of a publisher's events to their receipt.")
        text.add(times: core.figures.receipts)
        text.begin(
            "barid_group_delivery_to_settle_seconds", .histogram,
            "From a delivery to its ack, nack or reject.")
        for group in core.groups { text.add(times: group.figures.handling, group.labels) }
        text.begin(
            "barid_group_publish_to_settle_seconds", .histogram,
            "From the storing of an event to its ack by the group.")
        for group in core.groups { text.add(times: group.figures.endToEnd, group.labels) }
    }

    private func addLog(_ text: inout MetricsText) {
        text.begin(
            "barid_log_commit_seconds", .histogram,
            "Time to write a commit; with durability fsync to have it on the disk.")
        text.add(times: core.figures.commits)
        text.begin("barid_log_commit_bytes", .histogram, "Bytes of records of a commit.")
        text.add(
            histogram: core.figures.commitBytes.counts,
            bounds: core.figures.commitBytes.bounds.map(Double.init),
            sum: Double(core.figures.commitBytes.sum))
        text.begin(
            "barid_log_sync_seconds", .histogram,
            "Time of the syncs between commits, with durability interval.")
        text.add(times: core.figures.syncs)
        text.begin("barid_log_records_total", .counter, "Records appended.")
        text.add(core.figures.records)
        text.begin("barid_log_used_bytes", .gauge, "Bytes of segments and snapshots on disk.")
        text.add(core.space.used)
        text.begin("barid_log_written_bytes", .gauge, "Of these, bytes of records.")
        text.add(core.space.written)
        text.begin("barid_log_free_bytes", .gauge, "Bytes the file system has free beyond that.")
        text.add(core.space.free == .max ? Double.infinity : Double(core.space.free))
    }

    private func addPeers(_ text: inout MetricsText) {
        text.begin("barid_sessions", .gauge, "Peers with a session.")
        text.add(sessions)
        text.begin(
            "barid_calls_total", .counter,
            "Calls that ended, by service and gRPC code; services that nobody serves are 'other'.")
        for count in calls {
            text.add(
                count.calls,
                [
                    ("service", count.service.isEmpty ? "other" : count.service),
                    ("code", RPCError.Code(count.code)?.title ?? "OK"),
                ])
        }
        text.begin(
            "barid_refused_total", .counter, "What was refused for want of a key or a right.")
        for kind in AuditTrail.Kind.allCases {
            text.add(refusals.byKind[kind] ?? 0, [("kind", kind.rawValue)])
        }
    }
}

extension CoreSnapshot.Group {
    fileprivate var labels: [MetricsText.Label] { [("topic", topic), ("group", name)] }
}

extension MetricsText {
    /// Adds a histogram of nanoseconds in seconds.
    fileprivate mutating func add(times histogram: Histogram, _ labels: [Label] = []) {
        add(
            histogram: histogram.counts, bounds: histogram.bounds.map { Double($0) / 1e9 },
            sum: Double(histogram.sum) / 1e9, labels)
    }
}

import BaridMetrics
import Foundation

// The supervisor's figures; the table of Protocols/8-observability §1.
extension Supervisor {
    /// Where figures are served; a port 0 is replaced by the one the system chose.
    public var metricsAddress: MetricsAddress? { metricsServer?.address }

    func serveMetrics() throws {
        guard let address = configuration.metrics, metricsServer == nil else { return }
        let server = try MetricsServer(address) { [weak self] in await self?.figures() }
        metricsServer = server
        logger.info("metrics are served", metadata: ["url": "\(server.address.url)"])
    }

    func stopMetrics() {
        metricsServer?.stop()
        metricsServer = nil
    }

    /// The figures of this moment, in Prometheus' text format.
    public func figures() -> String {
        var text = MetricsText()
        text.begin("barid_build_info", .gauge, "Always 1; the version is a label.")
        text.add(1, [("component", "supervisor"), ("version", "0.1.0")])
        // Of two folders with one name only the first runs.
        var known: Set<String> = []
        let plugins = entries.filter { known.insert($0.status.name).inserted }
        let figures = plugins.map { ProcessFigures(of: $0.status.processIdentifier) }
        text.begin(
            "barid_plugin_state", .gauge, "1 for the state a plugin is in, 0 for the others.")
        for plugin in plugins {
            for state in SupervisedProcess.State.supervised {
                text.add(
                    plugin.status.state == state ? 1 : 0,
                    plugin.labels + [("state", state.label)])
            }
        }
        text.begin("barid_plugin_crash_loop", .gauge, "1 while a plugin is given up, else 0.")
        for plugin in plugins {
            text.add(plugin.status.state == .crashLoop ? 1 : 0, plugin.labels)
        }
        text.begin("barid_plugin_restarts_total", .counter, "Starts after the first.")
        for plugin in plugins { text.add(plugin.status.restarts, plugin.labels) }
        text.begin(
            "barid_plugin_exits_total", .counter,
            "Ends of its processes, by exit code, signal, or none when it could not be started.")
        for plugin in plugins {
            for (end, count) in plugin.ends.sorted(by: { $0.key < $1.key }) {
                text.add(count, plugin.labels + [("end", end)])
            }
        }
        text.begin("barid_plugin_resident_memory_bytes", .gauge, "Resident memory of its process.")
        for (plugin, figures) in zip(plugins, figures) {
            text.add(figures?.residentBytes ?? 0, plugin.labels)
        }
        text.begin(
            "barid_plugin_memory_limit_bytes", .gauge,
            "Most memory of its manifest; there is none for a plugin without.")
        for plugin in plugins {
            if let limit = plugin.limits.memory { text.add(limit, plugin.labels) }
        }
        text.begin(
            "barid_plugin_cpu_seconds_total", .counter,
            "Processor time of its process; it begins anew with each.")
        for (plugin, figures) in zip(plugins, figures) {
            if let figures { text.add(figures.cpuSeconds, plugin.labels) }
        }
        text.begin(
            "barid_plugin_start_time_seconds", .gauge,
            "When its process started, in seconds since 1970.")
        for (plugin, figures) in zip(plugins, figures) {
            if let figures { text.add(figures.startTime, plugin.labels) }
        }
        ProcessFigures()?.add(to: &text)
        return text.text
    }
}

extension Supervisor.Entry {
    fileprivate var labels: [MetricsText.Label] { [("plugin", status.name)] }
}

extension SupervisedProcess.State {
    /// The states a supervised process can be in.
    fileprivate static let supervised: [Self] = [
        .notBuilt, .starting, .ready, .backoff, .crashLoop, .stopping, .stopped, .invalid,
    ]

    fileprivate var label: String { rawValue.replacing(" ", with: "-") }
}

extension ProcessEnd {
    /// The end as a label: `0`, `1`, `signal-9`, `none`.
    var label: String {
        if let exitCode { return "\(exitCode)" }
        return signal == 0 ? "none" : "signal-\(signal)"
    }
}

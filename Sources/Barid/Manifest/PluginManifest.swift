/// What a plugin says about itself in its `plugin.yaml`; Protocols/4-plugin.md.
///
/// A manifest is valid as a whole or not at all: ``init(yaml:)`` reports every problem at once.
public struct PluginManifest: Sendable, Hashable {
    /// What a plugin receives.
    public struct Consumption: Sendable, Hashable {
        /// The topic.
        ///
        /// The default is `articles`.
        public var topic = PluginManifest.defaultTopic
        /// Patterns on the event type: `*` is one segment, a final `>` one or more.
        public var types: [String]
        /// Other attributes that decide what is received: an event needs one of the values of each.
        ///
        /// The default is none.
        public var attributes: [String: [String]] = [:]
        /// The group all processes of the plugin share.
        ///
        /// The default is the plugin's name.
        public var group: String
        /// In which order events come.
        ///
        /// The default, and the only one there is, is by key.
        public var ordering = Ordering.key
        /// How many events one process works on at once.
        ///
        /// The default is 1.
        public var concurrency = 1
        /// How many deliveries wait in the process for each that is worked on.
        ///
        /// The default is 2, so that the next one is there when a handler returns.
        public var prefetch = 2
        /// Where a new group starts.
        ///
        /// The default is the first event kept.
        public var start = Start.first
        /// After so many attempts an event is a dead letter; `nil` leaves it to the broker.
        public var maximumDeliveries: Int?
    }

    /// The order in which a group's events come.
    public enum Ordering: String, Sendable, Hashable, CaseIterable {
        /// Events of one key one after the other, keys side by side.
        case key
    }

    /// Where a new group starts.
    public enum Start: Sendable, Hashable {
        /// At the first event kept.
        case first
        /// At the next event stored.
        case new
        /// At the last event stored; at the next one if there is none.
        case last
        /// At the event with this sequence, from 1; at the first one kept after it.
        case sequence(UInt64)
        /// At the first event stored at or after this wall time, since 1970-01-01T00:00Z.
        case time(Duration)
    }

    /// The range of protocol versions a plugin speaks.
    public typealias ProtocolRange = ClosedRange<Int>

    /// One setting of a plugin.
    public struct Setting: Sendable, Hashable {
        /// Its name; kebab-case.
        public var name: String
        /// What its value is.
        public var kind: Kind
        /// The value it has when nobody sets it, as text.
        public var defaultValue: String
        /// One line for people.
        public var help: String

        /// What the value of a setting is.
        public enum Kind: String, Sendable, Hashable, CaseIterable {
            /// Any text.
            case string
            /// A whole number.
            case integer
            /// A number.
            case number
            /// `true` or `false`.
            case boolean
            /// A time such as `250ms`, `30s`, `10m` or `1h`.
            case duration
        }
    }

    /// What a plugin may use.
    public struct Limits: Sendable, Hashable {
        /// Most resident memory of a process, in bytes; `nil` means no limit.
        public var memory: Int?
        /// Most files a process may have open; `nil` means as many as the supervisor may.
        public var files: Int?
        /// How long a delivery is leased before it is extended.
        ///
        /// The default is 30 s.
        public var lease = Duration.seconds(30)
        /// How long a handler may work on one event.
        ///
        /// The default is 10 minutes.
        public var deadline = Duration.seconds(600)
    }

    /// The topic of article events.
    public static let defaultTopic = "articles"

    /// The protocol version of this library.
    public static let protocolVersion = 1

    /// Most bytes of a manifest: 64 KiB.
    public static let maximumBytes = 64 << 10

    /// Kebab-case; also the worker name in derived ids.
    public var name: String
    /// Version of the plugin.
    public var version: String
    /// What it does, in one line.
    public var summary: String
    /// The command and its arguments; the first word is a bare name or a path inside the folder.
    public var command: [String]
    /// Protocol versions it speaks.
    ///
    /// The default is this library's.
    public var protocolRange: ProtocolRange
    /// What it receives; `nil` if it only serves calls.
    public var consumes: Consumption?
    /// Event types it emits.
    public var emits: [String]
    /// gRPC services it serves, fully qualified.
    public var serves: [String]
    /// Its settings.
    public var settings: [Setting]
    /// What it may use.
    public var limits: Limits
}

extension PluginManifest {
    /// Why plugin and library do not understand each other, and which to upgrade; `nil` if they do.
    public var protocolMismatch: PluginManifestError? {
        let version = Self.protocolVersion
        guard !protocolRange.contains(version) else { return nil }
        let older = protocolRange.lowerBound > version ? "library" : "plugin"
        let message = """
            the plugin speaks protocol \(protocolRange.lowerBound) to \(protocolRange.upperBound), \
            this library \(version): upgrade the \(older)
            """
        return PluginManifestError(problems: [.init(message: message)])
    }
}

/// Everything that is wrong with a manifest.
public struct PluginManifestError: Error, Sendable, Hashable, CustomStringConvertible {
    /// One problem.
    public struct Problem: Sendable, Hashable, CustomStringConvertible {
        /// The line it is on, from 1, for a missing key that of its mapping; `nil` if unknown.
        public var line: Int?
        /// What is wrong.
        public var message: String

        /// The problem in one line.
        public var description: String { line.map { "line \($0): \(message)" } ?? message }
    }

    /// All problems, in the order of the file.
    public var problems: [Problem]

    /// All problems, one a line.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}

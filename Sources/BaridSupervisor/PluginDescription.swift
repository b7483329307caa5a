public import Barid

/// What the supervisor needs to know from a plugin's manifest.
public struct PluginDescription: Sendable, Equatable {
    /// Unique name, kebab-case; also the name under which its worker meets the broker.
    public var name: String

    /// The plugin's own version.
    public var version: String

    /// One line for a person.
    public var summary: String

    /// Argument list; the first word is a bare name (beside the running `barid`) or a path in the folder.
    public var command: [String]

    /// Groups it joins, to be made before anything is published.
    public var groups: [Group]

    /// Types of the events it emits.
    public var emits: [String] = []

    /// gRPC services it serves.
    public var serves: [String] = []

    /// What its processes may use.
    public var limits = Limits()

    /// What a process may use; nil means no limit of its own.
    public struct Limits: Sendable, Equatable {
        /// Most resident memory, in bytes.
        public var memory: Int?

        /// Most files it may have open.
        public var files: Int?

        /// No limits.
        public init() {}
    }

    /// A group and what it takes.
    public struct Group: Sendable, Equatable {
        /// The topic; empty means the default one.
        public var topic: String

        /// The group's name.
        public var name: String

        /// Patterns on the event type.
        public var types: [String]

        /// Values of other attributes, of which an event needs one each.
        public var attributes: [String: [String]] = [:]

        /// Where a new group starts.
        public var start: PluginManifest.Start

        /// Lease of each delivery; nil means the broker's default.
        public var lease: Duration?

        /// Attempts before an event is a dead letter; nil means the broker's default.
        public var maximumDeliveries: Int?

        /// Describes a group.
        public init(
            topic: String = "", name: String, types: [String],
            start: PluginManifest.Start = .first,
            lease: Duration? = nil, maximumDeliveries: Int? = nil
        ) {
            self.topic = topic
            self.name = name
            self.types = types
            self.start = start
            self.lease = lease
            self.maximumDeliveries = maximumDeliveries
        }
    }

    /// Describes a plugin.
    public init(
        name: String, version: String = "", summary: String = "", command: [String],
        groups: [Group] = []
    ) {
        self.name = name
        self.version = version
        self.summary = summary
        self.command = command
        self.groups = groups
    }
}

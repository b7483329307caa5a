// swift-tools-version: 6.2
// The map of Barid: bottom layer first. Who may import whom is held by Tests/TidyTests.

import PackageDescription

/// Settings of every Swift target: Swift 6 mode, and no warning survives.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
]

let argumentParser = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")
let grpcCore = Target.Dependency.product(name: "GRPCCore", package: "grpc-swift-2")
let grpcInProcess = Target.Dependency.product(
    name: "GRPCInProcessTransport", package: "grpc-swift-2")
let grpcProtobuf = Target.Dependency.product(name: "GRPCProtobuf", package: "grpc-swift-protobuf")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")

let package = Package(
    name: "barid",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Barid", targets: ["Barid"]),
        .library(name: "BaridArticles", targets: ["BaridArticles"]),
        .library(name: "BaridTesting", targets: ["BaridTesting"]),
        .executable(name: "barid", targets: ["BaridCommand"]),
        .executable(name: "barid-broker", targets: ["BrokerCommand"]),
        .executable(name: "barid-parser", targets: ["ParserPlugin"]),
        .executable(name: "barid-entity-tagger", targets: ["EntityTaggerPlugin"]),
        .executable(name: "barid-moderator", targets: ["ModeratorPlugin"]),
        .executable(name: "barid-indexer", targets: ["IndexerPlugin"]),
        .executable(name: "barid-simulate", targets: ["SimulateCommand"]),
    ],
    dependencies: [
        .package(
            url: "https://github.com/apple/swift-argument-parser", .upToNextMinor(from: "1.8.2")),
        .package(url: "https://github.com/apple/swift-log", .upToNextMinor(from: "1.16.2")),
        .package(url: "https://github.com/apple/swift-protobuf", .upToNextMinor(from: "1.39.0")),
        .package(url: "https://github.com/grpc/grpc-swift-2", .upToNextMinor(from: "2.4.3")),
        .package(url: "https://github.com/grpc/grpc-swift-protobuf", .upToNextMinor(from: "2.4.1")),
        .package(url: "https://github.com/groue/GRDB.swift", .upToNextMinor(from: "7.10.0")),
        .package(url: "https://github.com/jpsim/Yams", .upToNextMinor(from: "6.2.2")),
        .package(
            url: "https://github.com/swift-server/swift-service-lifecycle",
            .upToNextMinor(from: "2.13.0")),
    ],
    targets: [
        // MARK: Bottom: nothing of ours is imported.

        // The C headers of libzmq (Debian: libzmq3-dev).
        .systemLibrary(name: "CZeroMQ"),
        // The C headers of libsodium (Debian: libsodium-dev): SHA-256 for ids.
        .systemLibrary(name: "CSodium"),
        // CRC32C by the processor's instruction, and calls Swift cannot make (variadic C).
        .target(name: "CStorage"),
        // Starting, guarding and reaping child processes (fork, which Swift cannot call).
        .target(name: "CProcess"),
        // The ZeroMQ binding: Context, Socket, Message, errors. No Barid word in it.
        .target(name: "ZeroMQ", dependencies: ["CZeroMQ"], swiftSettings: settings),
        // Generated messages and stubs only; Scripts/generate writes it from Protocols/.
        .target(
            name: "BaridSchema", dependencies: [protobuf, grpcCore, grpcProtobuf],
            swiftSettings: [.swiftLanguageMode(.v6)]),
        // Folding, tokenising, offsets and language of text, Arabic first.
        .target(name: "BaridText", swiftSettings: settings),
        // The pure, deterministic core of the broker.
        .target(name: "BaridEngine", swiftSettings: settings),

        // Figures in Prometheus' text format, and the thread that serves them.
        .target(name: "BaridMetrics", swiftSettings: settings),

        // Trace context, spans, and the file they go to.
        .target(name: "BaridTracing", dependencies: [grpcCore], swiftSettings: settings),

        // JSON and bytes of any message by its descriptors.
        .target(name: "BaridReflection", dependencies: [protobuf], swiftSettings: settings),

        // MARK: Middle.

        // GRPCCore transports over ZeroMQ; frame codec and session state machine as values.
        .target(
            name: "BaridTransport", dependencies: ["ZeroMQ", grpcCore, logging],
            swiftSettings: settings),
        // The EventLog seam, an in-memory log, and segmented files with recovery.
        .target(
            name: "BaridLog", dependencies: ["BaridEngine", "CStorage"], swiftSettings: settings),
        // What authors of clients and plugins import: Publisher, Worker, EventHandler, calls.
        .target(
            name: "Barid",
            dependencies: [
                "BaridSchema", "BaridTracing", "BaridTransport", "CSodium", argumentParser,
                grpcCore,
                grpcProtobuf, lifecycle, logging, protobuf, yams,
            ], swiftSettings: settings),
        // The article model: conveniences, event types and bodies, JSON.
        .target(
            name: "BaridArticles",
            dependencies: ["Barid", "BaridSchema", "BaridText", "CSodium", protobuf],
            swiftSettings: settings),
        // The services over engine and log: EventBus, Admin, health.
        .target(
            name: "BaridBroker",
            dependencies: [
                "BaridEngine", "BaridLog", "BaridMetrics", "BaridReflection", "BaridSchema",
                "BaridTracing", "BaridTransport", grpcCore, grpcProtobuf, lifecycle, logging,
                protobuf,
            ], swiftSettings: settings),
        // Starts, watches and stops plugin processes; finds plugins on the plugin path.
        .target(
            name: "BaridSupervisor",
            dependencies: [
                "Barid", "BaridMetrics", "BaridSchema", "CProcess", grpcCore, logging, protobuf,
            ], swiftSettings: settings),
        // Runs a handler against events in-process, no broker. Public.
        .target(
            name: "BaridTesting", dependencies: ["Barid", grpcCore, logging],
            swiftSettings: settings),

        // `barid plugin conform`: black-box checks of a plugin in any language, over a scripted broker. Public.
        .target(
            name: "BaridConformance",
            dependencies: [
                "Barid", "BaridArticles", "BaridSchema", "BaridTransport", "ZeroMQ", grpcCore,
                logging,
                protobuf,
            ], swiftSettings: settings),

        // The history of a run, and the checks that a broker's promises are held to. Public.
        .target(name: "BaridProof", dependencies: ["BaridEngine"], swiftSettings: settings),
        // `barid bench`: scenarios over a broker of their own, in processes of their own.
        .target(
            name: "BaridBench",
            dependencies: [
                "Barid", "BaridArticles", "BaridSchema", "BaridTransport", "CProcess", "ZeroMQ",
                grpcCore, logging, protobuf,
            ], exclude: ["README.md"], swiftSettings: settings),
        // Real processes under faults, and the verdict on what they saw: `barid prove`, Scripts/chaos.
        .target(
            name: "BaridChaos",
            dependencies: [
                "Barid", "BaridProof", "BaridSchema", "BaridSupervisor", "BaridTransport", grpcCore,
                logging, protobuf,
            ], swiftSettings: settings),

        // MARK: Executables.

        // barid-broker.
        .executableTarget(
            name: "BrokerCommand",
            dependencies: [
                "Barid", "BaridBroker", "BaridLog", "BaridMetrics", "BaridTransport", "ZeroMQ",
                argumentParser, grpcCore, lifecycle, logging,
            ], swiftSettings: settings),
        // barid, the command line of producers and operators.
        .executableTarget(
            name: "BaridCommand",
            dependencies: [
                "Barid", "BaridArticles", "BaridBench", "BaridChaos", "BaridConformance",
                "BaridLog", "BaridMetrics", "BaridReflection", "BaridSchema", "BaridSupervisor",
                "BaridTracing", "BaridTransport", argumentParser, grpcCore, grpcProtobuf, logging,
                protobuf,
            ], resources: [.embedInCode("Samples")], swiftSettings: settings),

        // MARK: The four workers. Each keeps its work in a library that its tests import.

        .target(
            name: "ArticleParser",
            dependencies: ["BaridArticles", "BaridSchema", "BaridText", protobuf],
            path: "Plugins/Parser/Library", swiftSettings: settings),
        .executableTarget(
            name: "ParserPlugin",
            dependencies: [
                "ArticleParser", "Barid", "BaridArticles", "BaridSchema", grpcCore, protobuf,
            ],
            path: "Plugins/Parser", exclude: ["Library"], sources: ["Command"],
            resources: [.embedInCode("plugin.yaml")], swiftSettings: settings),
        .target(
            name: "EntityTagger", dependencies: ["BaridSchema", "BaridText"],
            path: "Plugins/EntityTagger/Library", exclude: ["Model/MODEL-CARD.md"],
            swiftSettings: settings),
        .executableTarget(
            name: "EntityTaggerPlugin",
            dependencies: [
                "EntityTagger", "Barid", "BaridArticles", "BaridSchema", grpcCore, protobuf,
            ],
            path: "Plugins/EntityTagger", exclude: ["Library"], sources: ["Command"],
            resources: [.embedInCode("plugin.yaml")], swiftSettings: settings),
        .target(
            name: "Moderator", dependencies: ["BaridSchema", "BaridText"],
            path: "Plugins/Moderator/Library", exclude: ["Model/MODEL-CARD.md"],
            swiftSettings: settings),
        .executableTarget(
            name: "ModeratorPlugin",
            dependencies: [
                "Moderator", "Barid", "BaridArticles", "BaridSchema", grpcCore, protobuf,
            ],
            path: "Plugins/Moderator", exclude: ["Library"], sources: ["Command"],
            resources: [.embedInCode("plugin.yaml")], swiftSettings: settings),
        .target(
            name: "Indexer", dependencies: ["BaridSchema", "BaridText", grdb, protobuf],
            path: "Plugins/Indexer/Library", swiftSettings: settings),
        .executableTarget(
            name: "IndexerPlugin",
            dependencies: ["Indexer", "Barid", "BaridArticles", "BaridSchema", grpcCore, protobuf],
            path: "Plugins/Indexer", exclude: ["Library"], sources: ["Command"],
            resources: [.embedInCode("plugin.yaml")], swiftSettings: settings),

        // MARK: Tests, one folder a target.

        // A temporary folder, processes that end, waiting for facts.
        .target(name: "TestSupport", path: "Tests/Support", swiftSettings: settings),
        // Any message to JSON and back, held against the library's own JSON.
        .testTarget(
            name: "BaridReflectionTests",
            dependencies: ["BaridReflection", "BaridSchema", protobuf], swiftSettings: settings),
        // A disk in memory that loses power, fails and fills up.
        .target(
            name: "SimulatedDisk", dependencies: ["BaridLog"], path: "Tests/SimulatedDisk",
            swiftSettings: settings),
        // The broker's core, its log, its clients, network, disk and clocks in one thread, by seed.
        .target(
            name: "Simulation",
            dependencies: [
                "BaridBroker", "BaridEngine", "BaridLog", "BaridProof", "BaridSchema",
                "SimulatedDisk", grpcCore, protobuf,
            ], path: "Tests/Simulation", swiftSettings: settings),
        // barid-simulate: many seeds of it, or one with its trace. Built, not installed.
        .executableTarget(
            name: "SimulateCommand", dependencies: ["BaridProof", "Simulation", argumentParser],
            path: "Tests/SimulateCommand", swiftSettings: settings),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["SimulateCommand", "Simulation", "TestSupport"],
            path: "Tests/SimulationTests", swiftSettings: settings),
        // The corpus of the fuzz targets, without sanitizers; Scripts/fuzz is the rest of it.
        .testTarget(
            name: "FuzzTests",
            dependencies: [
                "Barid", "BaridEngine", "BaridLog", "BaridProof", "BaridReflection", "BaridSchema",
                "BaridTransport", "SimulatedDisk", "TestSupport", grpcCore,
            ],
            path: "Tests/FuzzTests", exclude: ["Corpus"], swiftSettings: settings),
        // Arrows, documents, manifests and compose file agree.
        .testTarget(
            name: "TidyTests", dependencies: ["TestSupport", yams], swiftSettings: settings),
        // The real executables, together.
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "Barid", "BaridCommand", "BaridSchema", "BaridTesting", "BrokerCommand",
                "EntityTaggerPlugin", "IndexerPlugin", "ModeratorPlugin", "ParserPlugin",
                "TestSupport", protobuf,
            ], swiftSettings: settings),
        // How figures are made of measurements.
        .testTarget(
            name: "BaridBenchTests", dependencies: ["Barid", "BaridArticles", "BaridBench"],
            swiftSettings: settings),
        // Reading, terminal, exit codes.
        .testTarget(
            name: "BaridCommandTests",
            dependencies: [
                "Barid", "BaridArticles", "BaridCommand", "BaridSchema", "BaridTransport",
                "BrokerCommand", "EchoWorker", "TestSupport", grpcCore, logging, protobuf,
            ], swiftSettings: settings),
        // The prover's own parts: plans, events, its worker, verdicts, processes.
        .testTarget(
            name: "BaridChaosTests",
            dependencies: [
                "BaridChaos", "BaridProof", "BaridSchema", "BaridTransport", "TestSupport",
                protobuf,
            ], swiftSettings: settings),
        // The fault table with the real executables; Scripts/chaos runs it.
        .executableTarget(
            name: "ChaosRig",
            dependencies: [
                "BaridChaos", "BaridTransport", "TestSupport", argumentParser, grpcCore, logging,
            ],
            path: "Tests/Chaos", swiftSettings: settings),
        // The text format, the address, and the server under hostile clients.
        .testTarget(
            name: "BaridMetricsTests", dependencies: ["BaridMetrics", "TestSupport"],
            swiftSettings: settings),
        // The supervisor over shell scripts: restarts, crash loops, no orphans.
        .testTarget(
            name: "BaridSupervisorTests",
            dependencies: ["BaridMetrics", "BaridSupervisor", "TestSupport", logging],
            swiftSettings: settings),
        .testTarget(
            name: "ZeroMQTests", dependencies: ["ZeroMQ"], path: "Tests/ZeroMQTests",
            swiftSettings: settings),
        // One suite over GRPCCore's in-process transport and every wire of ours.
        .testTarget(
            name: "BaridTransportTests",
            dependencies: [
                "BaridTransport", "TestSupport", "ZeroMQ", grpcCore, grpcInProcess, logging,
            ],
            path: "Tests/BaridTransportTests", swiftSettings: settings),
        .testTarget(
            name: "BaridTextTests", dependencies: ["BaridText", "TestSupport"],
            path: "Tests/BaridTextTests",
            swiftSettings: settings),
        .testTarget(
            name: "BaridArticlesTests",
            dependencies: ["BaridArticles", "BaridSchema", "BaridText"],
            path: "Tests/BaridArticlesTests", swiftSettings: settings),
        .testTarget(
            name: "ArticleParserTests",
            dependencies: [
                "ArticleParser", "BaridArticles", "BaridSchema", "BaridText", "TestSupport",
            ], path: "Tests/ArticleParserTests", swiftSettings: settings),
        .testTarget(
            name: "BaridEngineTests", dependencies: ["BaridEngine", "TestSupport"],
            path: "Tests/BaridEngineTests", swiftSettings: settings),
        // The history checker over good histories and seeded bad ones.
        .testTarget(
            name: "BaridProofTests", dependencies: ["BaridProof", "TestSupport"],
            swiftSettings: settings),
        // The broker: its wire, its core over log doubles, and whole over a real socket.
        .testTarget(
            name: "BaridBrokerTests",
            dependencies: [
                "BaridBroker", "BaridEngine", "BaridLog", "BaridMetrics", "BaridSchema",
                "BaridTransport", "BrokerCommand", "TestSupport", grpcCore, grpcProtobuf, logging,
                protobuf,
            ], path: "Tests/BaridBrokerTests", swiftSettings: settings),
        .testTarget(
            name: "BaridLogTests", dependencies: ["BaridLog", "CStorage", "SimulatedDisk"],
            path: "Tests/BaridLogTests", swiftSettings: settings),
        // A worker that does as the events say: echoes, sleeps, refuses, crashes.
        .executableTarget(
            name: "EchoWorker", dependencies: ["Barid", protobuf], path: "Tests/EchoWorker",
            resources: [.embedInCode("plugin.yaml")], swiftSettings: settings),
        // The library against a fake event bus, then a real broker, and its vectors.
        .testTarget(
            name: "BaridTests",
            dependencies: [
                "Barid", "BaridArticles", "BaridBroker", "BaridSchema", "BaridTesting",
                "BaridTracing", "BaridTransport",
                "EchoWorker", "TestSupport", grpcCore, lifecycle, logging, protobuf,
            ], swiftSettings: settings),
        .testTarget(
            name: "IndexerTests",
            dependencies: ["BaridSchema", "BaridText", "Indexer", "TestSupport", grdb, protobuf],
            swiftSettings: settings),
        // Invented sentences always; labelled text and floors where BARID_TEST_DATA names it.
        .testTarget(
            name: "EntityTaggerTests", dependencies: ["BaridSchema", "EntityTagger"],
            path: "Tests/EntityTaggerTests", swiftSettings: settings),
        .testTarget(
            name: "ModeratorTests", dependencies: ["BaridSchema", "Moderator"],
            path: "Tests/ModeratorTests", swiftSettings: settings),
    ]
)

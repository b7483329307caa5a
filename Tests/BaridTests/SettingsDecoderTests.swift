import GRPCCore
import Logging
import Testing

@testable import Barid

/// Settings of a plugin as a struct of its own.
struct SettingsDecoderTests {
    private enum Mode: String, Decodable { case fast, thorough }

    private struct Values: Decodable, Equatable {
        var minimumWords: Int
        var limit: UInt8
        var share: Double
        var isLoud: Bool
        var pause: Duration
        var mode: Mode
        var title: String
        var none: String?
    }

    private func setup(_ changes: [String: String] = [:]) -> PluginSetup {
        let values = [
            "minimum-words": "12", "limit": "255", "share": "0.5", "is-loud": "true",
            "pause": "250ms", "mode": "thorough", "title": "عنوان",
        ]
        return PluginSetup(
            dataFolder: "", stateFolder: "", settings: values.merging(changes) { $1 },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    @Test func everyKindIsRead() throws {
        let values = try setup().settings(as: Values.self)
        #expect(
            values
                == Values(
                    minimumWords: 12, limit: 255, share: 0.5, isLoud: true,
                    pause: .milliseconds(250), mode: .thorough, title: "عنوان", none: nil))
    }

    @Test(arguments: [
        ("limit", "256"), ("limit", "-1"), ("minimum-words", "1.5"), ("share", "nan"),
        ("is-loud", "yes"), ("pause", "soon"), ("mode", "slow"),
    ])
    func whatDoesNotFitIsNamed(name: String, value: String) {
        #expect {
            _ = try setup([name: value]).settings(as: Values.self)
        } throws: { error in
            let error = error as? RPCError
            return error?.code == .failedPrecondition && error?.message.contains(value) == true
        }
    }

    @Test func aSettingTheManifestLacksIsNamed() {
        struct More: Decodable { var notThere: Int }
        #expect {
            _ = try setup().settings(as: More.self)
        } throws: {
            ($0 as? RPCError)?.message == "plugin.yaml has no setting not-there"
        }
    }
}

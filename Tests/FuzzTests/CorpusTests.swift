import Foundation
import TestSupport
import Testing

/// The committed corpus, and some changes of it, through every fuzz target.
///
/// Here without sanitizers; `Scripts/fuzz` runs millions with them.
@Suite struct CorpusTests {
    static var targets: [any FuzzTarget.Type] {
        [
            RoutingScanTarget.self, RecordTarget.self, SnapshotTarget.self, EngineTarget.self,
            SegmentTarget.self, HistoryTarget.self, FrameTarget.self, SessionTarget.self,
            EventJSONTarget.self, ManifestTarget.self, SettingsTarget.self, TranscoderTarget.self,
        ]
    }

    @Test(arguments: 0..<targets.count)
    func nothingTraps(index: Int) throws {
        let target = Self.targets[index]
        let folder = "\(Repository.root)/Tests/FuzzTests/Corpus/\(target.name)"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        #expect(!names.isEmpty)
        var state: UInt64 = 1
        for name in names {
            let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
            let bytes = [UInt8](data)
            target.take(bytes)
            for _ in 0..<100 {
                var changed = bytes
                for _ in 0..<4 where !changed.isEmpty {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    changed[Int(state >> 33) % changed.count] = UInt8(
                        truncatingIfNeeded: state >> 24)
                }
                target.take(changed)
            }
        }
    }

    /// The script builds what the tests run.
    @Test func theScriptKnowsEveryTarget() throws {
        let script = try Repository.text(of: "Scripts/fuzz")
        for target in Self.targets { #expect(script.contains(target.name), "\(target.name)") }
    }
}

@testable import Barid

/// Plugin manifests: any bytes are refused with lines, or read twice the same,
/// and no command leaves its folder.
enum ManifestTarget: FuzzTarget {
    static let name = "manifest"

    static func take(_ bytes: [UInt8]) {
        do throws(PluginManifestError) {
            let manifest = try PluginManifest(yaml: bytes)
            expect((try? PluginManifest(yaml: bytes)) == manifest, "the same bytes read otherwise")
            let program = manifest.command.first ?? ""
            expect(!program.isEmpty, "a manifest without a command")
            expect(
                !program.split(separator: "/").contains("..") && !program.hasPrefix("/"),
                "a command outside its folder")
        } catch {
            expect(!error.problems.isEmpty, "refused for nothing")
        }
    }
}

import GRPCCore

@testable import Barid

/// Settings files: any bytes are refused with a line that names the file, or read twice the same.
enum SettingsTarget: FuzzTarget {
    static let name = "settings"

    static func take(_ bytes: [UInt8]) {
        do throws(RPCError) {
            let file = try SettingsFile(yaml: bytes, path: "/barid.yaml")
            expect(
                (try? SettingsFile(yaml: bytes, path: "/barid.yaml")) == file,
                "the same bytes read otherwise")
            expect(
                (file.pluginPath ?? []).allSatisfy { $0.hasPrefix("/") },
                "a folder of plugins that is nowhere")
        } catch {
            expect(error.code == .invalidArgument, "refused as \(error.code)")
            expect(
                error.message.split(separator: "\n").first?.hasPrefix("/barid.yaml:") ?? false,
                "a refusal that names no file")
        }
    }
}

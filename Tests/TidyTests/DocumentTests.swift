import Foundation
import TestSupport
import Testing
import Yams

/// Documents and files that must agree with one another.
@Suite struct DocumentTests {
    @Test func linksOfDocumentsResolve() throws {
        var checked = 0
        for path in try Repository.files() where path.hasSuffix(".md") {
            let folder = (path as NSString).deletingLastPathComponent
            for link in links(in: try Repository.text(of: path)) {
                guard !link.hasPrefix("http"), !link.hasPrefix("#") else { continue }
                let file = link.prefix { $0 != "#" }
                let target = "\(Repository.root)/\(folder)/\(file)"
                #expect(
                    FileManager.default.fileExists(atPath: target), "\(path): no such file: \(link)"
                )
                checked += 1
            }
        }
        #expect(checked > 5)
    }

    /// Every shipped plugin that is built with the image is a service of the compose file, and names itself
    /// as its folder says.
    @Test func everyManifestHasItsService() throws {
        let compose = try #require(
            try Yams.load(yaml: Repository.text(of: "docker-compose.yml")) as? [String: Any])
        let services = try #require(compose["services"] as? [String: [String: Any]])
        let manifests = try Repository.files().filter {
            $0.hasPrefix("Plugins/") && $0.hasSuffix("/plugin.yaml")
        }.filter { path in
            // One with a `build` of its own is made where it runs, from a registry if it must.
            let build = path.replacing("/plugin.yaml", with: "/build")
            return !FileManager.default.fileExists(atPath: "\(Repository.root)/\(build)")
        }
        #expect(manifests.count >= 4)
        for path in manifests {
            let manifest = try #require(
                try Yams.load(yaml: Repository.text(of: path)) as? [String: Any])
            let name = try #require(manifest["name"] as? String)
            let command = try #require((manifest["command"] as? [String])?.first)
            let service = try #require(services[name], "\(path): no service \(name) to compose")
            #expect((service["command"] as? [String])?.first == command)
        }
        for name in services.keys where !["broker", "cli"].contains(name) {
            #expect(manifests.contains { $0.lowercased().contains(name.replacing("-", with: "")) })
        }
    }

    /// No container of the compose file has a network, listens on TCP or runs as root.
    @Test func composeSharesTheSocketOnly() throws {
        let compose = try #require(
            try Yams.load(yaml: Repository.text(of: "docker-compose.yml")) as? [String: Any])
        let services = try #require(compose["services"] as? [String: [String: Any]])
        #expect(services["broker"] != nil && services["cli"] != nil)
        for (name, service) in services {
            #expect(service["network_mode"] as? String == "none", "\(name)")
            #expect(service["ports"] == nil, "\(name)")
            if name != "cli" { #expect(service["healthcheck"] != nil, "\(name)") }
        }
        let image = try Repository.text(of: "Dockerfile")
        #expect(image.contains("\nUSER barid"))
    }

    /// A promise to oneself names the issue that keeps it.
    @Test func noTaskIsLeftInTheCode() throws {
        for path in try Repository.files()
        where path.hasSuffix(".swift") && !path.hasPrefix("Tests/TidyTests/") {
            for (number, line) in try Repository.text(of: path).split(
                separator: "\n", omittingEmptySubsequences: false
            ).enumerated() {
                let words = line.split { !$0.isLetter }
                let marked = line.contains("//") && words.contains { $0 == "TODO" || $0 == "FIXME" }
                #expect(!marked || line.contains("#"), "\(path):\(number + 1): \(line)")
            }
        }
    }

    /// Targets of `[text](target)`.
    private func links(in text: String) -> [String] {
        var links: [String] = []
        var rest = Substring(text)
        while let open = rest.range(of: "](") {
            rest = rest[open.upperBound...]
            guard let close = rest.firstIndex(of: ")") else { break }
            links.append(String(rest[..<close]))
            rest = rest[close...]
        }
        return links
    }
}

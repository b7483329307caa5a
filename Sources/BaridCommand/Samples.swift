import Foundation

/// The sample articles that come with the command line: invented people, places and outlets.
enum Samples {
    /// Name and text, in the order in which they are published.
    static let all: [(name: String, content: Data)] = [
        ("harbour.txt", Data(PackageResources.harbour_txt)),
        ("flash.txt", Data(PackageResources.flash_txt)),
        ("report.txt", Data(PackageResources.report_txt)),
        ("observatory.txt", Data(PackageResources.observatory_txt)),
    ]
}

public import BaridSchema

extension Barid_Bus_V1_Start.At {
    /// Where a new group starts, as a subscription says it.
    ///
    /// - Parameter start: What the manifest says.
    public init(_ start: PluginManifest.Start) {
        switch start {
        case .first: self = .first
        case .new: self = .new
        case .last: self = .last
        }
    }
}

internal import BaridSchema

extension [Barid_Bus_V1_AttributeFilter] {
    /// The conditions of a manifest's `consumes.attributes`, by name.
    init(_ attributes: [String: [String]]) {
        self = attributes.sorted { $0.key < $1.key }.map { name, values in
            .with {
                $0.name = name
                $0.values = values
            }
        }
    }
}

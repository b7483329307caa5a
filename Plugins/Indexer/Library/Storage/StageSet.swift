import BaridSchema

/// A set of stages as one number, as the file keeps it.
struct StageSet: OptionSet {
    let rawValue: Int64

    init(rawValue: Int64) { self.rawValue = rawValue }

    init(_ stage: Barid_Article_V1_Stage) {
        rawValue = (0..<63).contains(stage.rawValue) ? 1 << Int64(stage.rawValue) : 0
    }

    /// The stages in the order of the pipeline.
    var stages: [Barid_Article_V1_Stage] {
        Barid_Article_V1_Stage.allCases.filter { $0 != .unspecified && contains(StageSet($0)) }
    }
}

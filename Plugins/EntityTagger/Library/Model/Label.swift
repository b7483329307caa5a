/// The labels of the sequence model, in the order of its weights.
enum Label: Int, CaseIterable, Sendable {
    case outside, beginPerson, insidePerson, beginPlace, insidePlace, beginOrganisation,
        insideOrganisation

    /// The kind of name, nil outside names.
    var kind: Candidate.Kind? {
        switch self {
        case .outside: nil
        case .beginPerson, .insidePerson: .person
        case .beginPlace, .insidePlace: .place
        case .beginOrganisation, .insideOrganisation: .organisation
        }
    }

    /// Whether a name begins here.
    var isBegin: Bool {
        switch self {
        case .beginPerson, .beginPlace, .beginOrganisation: true
        case .outside, .insidePerson, .insidePlace, .insideOrganisation: false
        }
    }

    /// The label of the first or a further word of a name.
    init(_ kind: Candidate.Kind, isBegin: Bool) {
        switch kind {
        case .person: self = isBegin ? .beginPerson : .insidePerson
        case .place: self = isBegin ? .beginPlace : .insidePlace
        case .organisation: self = isBegin ? .beginOrganisation : .insideOrganisation
        }
    }

    /// Writes candidates as one label a word; of overlapping ones the first given wins.
    static func labels(of candidates: [Candidate], count: Int) -> [Label] {
        var labels = [Label](repeating: .outside, count: count)
        for candidate in candidates {
            let words = candidate.words.clamped(to: 0..<count)
            guard words.allSatisfy({ labels[$0] == .outside }) else { continue }
            for index in words {
                labels[index] = Label(candidate.kind, isBegin: index == words.lowerBound)
            }
        }
        return labels
    }
}

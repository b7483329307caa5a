internal import BaridSchema
internal import BaridText

/// Collects what was found into records of the article model.
struct EntityList {
    private let document: TaggedDocument
    private var entities: [Barid_Article_V1_Entity] = []
    private var places: [String: Int] = [:]

    /// Starts an empty list.
    ///
    /// - Parameter document: The document that ranges count in.
    init(document: TaggedDocument) {
        self.document = document
    }

    /// The records in the order of their first mentions.
    var sorted: [Barid_Article_V1_Entity] {
        entities.map { entity in
            var entity = entity
            entity.mentions.sort { $0.text.span.start < $1.text.span.start }
            return entity
        }.sorted {
            ($0.mentions.first?.text.span.start ?? 0, $0.kind.rawValue)
                < ($1.mentions.first?.text.span.start ?? 0, $1.kind.rawValue)
        }
    }

    /// Adds a date.
    mutating func add(_ date: DateFinder.Found, in sentence: [Word]) {
        let words = sentence[date.words.clamped(to: 0..<sentence.count)]
        guard let first = words.first, let last = words.last else { return }
        let range = first.range.lowerBound..<max(first.range.upperBound, last.range.upperBound)
        let name = CanonicalName.clean(document.scalars, range)
        add(
            .date, name, key: "date " + Folding.key(name), [range],
            confidence: date.value.isEmpty ? 0.8 : 0.95, value: date.value)
    }

    /// Adds a name with its mentions.
    mutating func add(_ name: NameResolver.Name) {
        let kind: Barid_Article_V1_EntityKind =
            switch name.kind {
            case .person: .person
            case .place: .place
            case .organisation: .organisation
            }
        add(
            kind, name.name, key: "\(name.kind.rawValue) " + Folding.key(name.name), name.mentions,
            confidence: name.confidence)
    }

    /// Adds a hashtag.
    mutating func add(_ hashtag: TaggedDocument.Hashtag) {
        let range = hashtag.range
        let inner = min(range.lowerBound + 1, range.upperBound)..<range.upperBound
        let name = String(
            String.UnicodeScalarView(
                document.scalars[inner.clamped(to: 0..<document.scalars.count)].filter {
                    $0 == "_" || !Folding.key(String($0)).isEmpty
                }))
        add(.hashtag, name, key: "hashtag " + hashtag.name, [range], confidence: 1)
    }

    private mutating func add(
        _ kind: Barid_Article_V1_EntityKind, _ name: String, key: String, _ ranges: [Range<Int>],
        confidence: Double, value: String = ""
    ) {
        let place: Int
        if let known = places[key], known < entities.count {
            place = known
        } else {
            place = entities.count
            places[key] = place
            var entity = Barid_Article_V1_Entity()
            entity.kind = kind
            entity.name = name
            entity.value = value
            entities.append(entity)
        }
        entities[place].confidence = max(entities[place].confidence, confidence)
        entities[place].mentions += ranges.map { range in
            var mention = Barid_Article_V1_Mention()
            mention.text.text = document.text(in: range)
            mention.text.span.start = UInt32(clamping: range.lowerBound)
            mention.text.span.end = UInt32(clamping: range.upperBound)
            return mention
        }
    }
}

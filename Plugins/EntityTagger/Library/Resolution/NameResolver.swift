internal import BaridText

/// Joins what was found sentence by sentence into one record for each name of a document.
///
/// A surname alone becomes a mention of the full name found anywhere in the document, and a name
/// found once is found again wherever it stands, also behind clitics.
struct NameResolver: Sendable {
    /// A name with all its places.
    struct Name: Sendable {
        let kind: Candidate.Kind
        let name: String
        let mentions: [Range<Int>]
        let confidence: Double
        /// The folded words of the name.
        let tokens: [String]
    }

    let gazetteer: Gazetteer

    /// Names to be recognised beside those of the document itself: of the article, for its comments.
    var background: [Name] = []

    /// Returns the names of a document, in the order of their first mentions.
    ///
    /// - Parameters:
    ///   - document: The words.
    ///   - found: The candidates of each sentence.
    /// - Returns: One record a name.
    func resolve(_ document: TaggedDocument, found: [[Candidate]]) -> [Name] {
        var stems: Set<String> = []
        for (sentence, candidates) in zip(document.sentences, found) {
            for candidate in candidates {
                guard let first = sentence[candidate.words].first, first.reading.prefix.isEmpty
                else { continue }
                stems.insert(first.text)
                if candidate.kind == .person, let last = sentence[candidate.words].last {
                    stems.insert(last.text)
                }
            }
        }
        for name in background {
            if let first = name.tokens.first { stems.insert(first) }
            if let last = name.tokens.last { stems.insert(last) }
        }
        var mentions: [NameMention] = []
        for (sentence, candidates) in zip(document.sentences, found) {
            for candidate in candidates {
                let reading = reading(of: candidate, in: sentence, stems)
                if let mention = NameMention(
                    candidate, in: sentence, reading: reading, scalars: document.scalars)
                {
                    mentions.append(mention)
                }
            }
        }
        let memory = Memory(mentions, background: background, gazetteer: gazetteer)
        mentions = remember(memory, document, found, mentions)
        return group(mentions, memory, document)
    }

    /// How to read the first word of a candidate: so that the name is known, here or at all.
    private func reading(
        of candidate: Candidate, in sentence: [Word], _ stems: Set<String>
    ) -> CliticReading {
        let words = sentence[candidate.words.clamped(to: 0..<sentence.count)]
        guard let first = words.first else {
            return CliticReading(prefix: "", stem: "", stemStart: 0)
        }
        guard first.isArabic else { return first.reading }
        let rest = words.dropFirst().filter(\.isContent).prefix(8).map { " " + $0.text }.joined()
        let kinds: Gazetteer.Classes =
            switch candidate.kind {
            case .person: .name
            case .place: .place
            case .organisation: .organisation
            }
        for reading in first.readings
        where !gazetteer.classes(of: reading.stem + rest).isDisjoint(with: kinds) {
            return reading
        }
        if candidate.kind == .organisation,
            let reading = first.readings.first(where: {
                Vocabulary.organisationHeads.contains($0.stem)
            })
        {
            return reading
        }
        // `لفلان` where the document names فلان elsewhere.
        for reading in first.readings.dropFirst()
        where stems.contains(reading.stem) && reading.stem.unicodeScalars.count >= 3 {
            return reading
        }
        return first.reading
    }

    // MARK: Memory

    /// The names of a document, by the word they are recognised by.
    private struct Memory {
        /// Full names of persons by their last word, and by their first.
        var byLast: [String: [String]] = [:]
        var byFirst: [String: [String]] = [:]
        /// Names of several words by their first one.
        var longNames: [String: [(tokens: [String], kind: Candidate.Kind)]] = [:]
        /// Names of one word that may be found again, with their kind.
        var single: [String: Candidate.Kind] = [:]

        private static let mostNames = 8

        init(
            _ mentions: [NameMention], background: [Name], gazetteer: Gazetteer
        ) {
            for name in background { add(name.kind, name.tokens, 0.9, gazetteer) }
            for mention in mentions {
                add(mention.kind, mention.tokens, mention.confidence, gazetteer)
            }
        }

        private mutating func add(
            _ kind: Candidate.Kind, _ tokens: [String], _ confidence: Double,
            _ gazetteer: Gazetteer
        ) {
            guard let first = tokens.first, let last = tokens.last else { return }
            if tokens.count > 1 {
                let key = tokens.joined(separator: " ")
                if !longNames[first, default: []].contains(where: { $0.tokens == tokens }),
                    longNames[first, default: []].count < Self.mostNames
                {
                    longNames[first, default: []].append((tokens, kind))
                }
                guard kind == .person else { return }
                if byLast[last, default: []].count < Self.mostNames,
                    !byLast[last, default: []].contains(key)
                {
                    byLast[last, default: []].append(key)
                }
                if byFirst[first, default: []].count < Self.mostNames,
                    !byFirst[first, default: []].contains(key)
                {
                    byFirst[first, default: []].append(key)
                }
                let classes = gazetteer.classes(of: last)
                let isOrdinary = !classes.isDisjoint(with: [.word, .givenName, .country, .region])
                if last.unicodeScalars.count >= 3, !isOrdinary { single[last] = .person }
            } else if first.unicodeScalars.count >= 3, single[first] == nil {
                let classes = gazetteer.classes(of: first)
                let isOrdinary = !classes.isDisjoint(with: [.word, .givenName])
                if !isOrdinary, confidence >= 0.7 { single[first] = kind }
            }
        }
    }

    /// Adds the mentions that only memory finds, and sets right what it contradicts.
    private func remember(
        _ memory: Memory, _ document: TaggedDocument, _ found: [[Candidate]],
        _ mentions: [NameMention]
    ) -> [NameMention] {
        var contradicted: Set<Int> = []
        var remembered: [NameMention] = []
        for (number, sentence) in document.sentences.enumerated() {
            var covered: [Int: Candidate] = [:]
            for candidate in found[number] {
                for word in candidate.words { covered[word] = candidate }
            }
            var index = 0
            while index < sentence.count {
                defer { index += 1 }
                let word = sentence[index]
                guard word.isWord else { continue }
                let holder = covered[index]
                guard let (kind, words, reading) = recognise(index, in: sentence, memory) else {
                    continue
                }
                if let holder {
                    // A lone surname taken for a place or an organisation.
                    guard kind == .person, holder.kind != .person, holder.words.count == 1,
                        memory.byLast[reading.stem] != nil, holder.confidence < 0.85
                    else { continue }
                    contradicted.insert(word.range.lowerBound)
                } else if words.dropFirst().contains(where: { covered[$0] != nil }) {
                    continue
                }
                let candidate = Candidate(kind: kind, words: words, confidence: 0.75)
                guard
                    let mention = NameMention(
                        candidate, in: sentence, reading: reading, scalars: document.scalars)
                else { continue }
                remembered.append(mention)
                index = words.upperBound - 1
            }
        }
        return mentions.filter { !contradicted.contains($0.range.lowerBound) } + remembered
    }

    private func recognise(
        _ index: Int, in sentence: [Word], _ memory: Memory
    ) -> (Candidate.Kind, Range<Int>, CliticReading)? {
        let word = sentence[index]
        for reading in word.readings {
            let isSplit = !reading.prefix.isEmpty
            if isSplit, reading.stem.unicodeScalars.count < 3 { continue }
            for (tokens, kind) in memory.longNames[reading.stem] ?? [] {
                let end = index + tokens.count
                guard end <= sentence.count,
                    sentence[(index + 1)..<end].map(\.text) == Array(tokens.dropFirst())
                else { continue }
                return (kind, index..<end, reading)
            }
            guard let kind = memory.single[reading.stem] else { continue }
            if isSplit, word.classes.contains(.word) { continue }
            if word.isLatin, !word.isCapitalised { continue }
            return (kind, index..<(index + 1), reading)
        }
        return nil
    }

    // MARK: Groups

    private func group(
        _ mentions: [NameMention], _ memory: Memory, _ document: TaggedDocument
    ) -> [Name] {
        var groups: [String: [NameMention]] = [:]
        var order: [String] = []
        for mention in mentions.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
            let key = "\(mention.kind.rawValue) " + fullKey(of: mention, memory)
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(mention)
        }
        return order.compactMap { key in
            guard let members = groups[key] else { return nil }
            return name(of: members, document)
        }
    }

    /// The key of the fullest name a mention belongs to.
    private func fullKey(of mention: NameMention, _ memory: Memory) -> String {
        switch mention.kind {
        case .person:
            guard mention.tokens.count == 1, let only = mention.tokens.first else {
                // A part of a longer name that ends alike: `بن سلمان`, `محمد بن سلمان`.
                let longer = (memory.byLast[mention.tokens.last ?? ""] ?? []).filter {
                    $0.hasSuffix(" " + mention.key)
                }
                return longer.max { $0.utf8.count < $1.utf8.count } ?? mention.key
            }
            if let named = memory.byLast[only]?.first {
                return longest(named, memory)
            }
            if let named = memory.byFirst[only], named.count == 1, let name = named.first {
                return longest(name, memory)
            }
            return only
        case .organisation:
            guard mention.tokens.count > 1, let first = mention.tokens.first else {
                return mention.key
            }
            let longer = (memory.longNames[first] ?? []).filter {
                $0.kind == .organisation && $0.tokens.count > mention.tokens.count
                    && $0.tokens.starts(with: mention.tokens)
            }
            return longer.count == 1 && gazetteer.classes(of: mention.key).contains(.organisation)
                ? longer.first?.tokens.joined(separator: " ") ?? mention.key : mention.key
        case .place:
            return mention.key
        }
    }

    private func longest(_ key: String, _ memory: Memory) -> String {
        let last = key.split(separator: " ").last.map(String.init) ?? key
        let longer = (memory.byLast[last] ?? []).filter { $0.hasSuffix(" " + key) }
        return longer.max { $0.utf8.count < $1.utf8.count } ?? key
    }

    private func name(of members: [NameMention], _ document: TaggedDocument) -> Name? {
        let best = members.max {
            ($0.tokens.count, $0.isPlain ? 1 : 0, -$0.range.lowerBound)
                < ($1.tokens.count, $1.isPlain ? 1 : 0, -$1.range.lowerBound)
        }
        guard let best, let first = members.first else { return nil }
        var name =
            best.restored
            + CanonicalName.clean(document.scalars, best.nameStart..<best.range.upperBound)
        // A name that the article spells out is named so in its comments.
        let key = best.key
        if let known = background.first(where: {
            $0.kind == best.kind && ($0.tokens == best.tokens || $0.tokens.last == key)
        }) {
            name = known.name
        }
        guard !name.isEmpty else { return nil }
        return Name(
            kind: first.kind, name: name, mentions: members.map(\.range),
            confidence: members.map(\.confidence).max() ?? 0, tokens: best.tokens)
    }
}

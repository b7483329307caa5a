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

    /// Returns the names of a document, in the order of their first mentions.
    ///
    /// - Parameters:
    ///   - document: The words.
    ///   - found: The candidates of each sentence.
    ///   - background: Names to be recognised beside its own: of the article, for its comments.
    /// - Returns: One record a name, and what to remember of the document.
    func resolve(
        _ document: TaggedDocument, found: [[Candidate]], background: NameMemory? = nil
    ) -> ([Name], NameMemory) {
        // First the names that stand without clitics: they tell how to read the others.
        var plain = NameMemory(behind: background)
        for (sentence, candidates) in zip(document.sentences, found) {
            for candidate in candidates {
                let words = sentence[candidate.words.clamped(to: 0..<sentence.count)]
                guard words.first?.hasClitic == false else { continue }
                plain.add(
                    candidate.kind, words.filter(\.isContent).map(\.text), confidence: 1, gazetteer)
            }
        }
        var mentions: [NameMention] = []
        var memory = NameMemory(behind: background)
        for (sentence, candidates) in zip(document.sentences, found) {
            for candidate in candidates {
                let reading = reading(of: candidate, in: sentence, plain)
                guard
                    let mention = NameMention(
                        candidate, in: sentence, reading: reading, scalars: document.scalars)
                else { continue }
                mentions.append(mention)
                memory.add(
                    mention.kind, mention.tokens, confidence: mention.confidence, gazetteer)
            }
        }
        mentions = remember(memory, document, found, mentions)
        let names = group(mentions, memory, document)
        for name in names { memory.add(spelling: name.name, of: name.kind, name.tokens) }
        return (names, memory)
    }

    /// How to read the first word of a candidate: so that the name is known, here or at all.
    private func reading(
        of candidate: Candidate, in sentence: [Word], _ known: NameMemory
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
        where reading.stem.unicodeScalars.count >= 3 && known.knows(reading.stem) {
            return reading
        }
        return first.reading
    }

    // MARK: Memory

    /// Adds the mentions that only memory finds, and sets right what it contradicts.
    private func remember(
        _ memory: NameMemory, _ document: TaggedDocument, _ found: [[Candidate]],
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
                        !memory.persons(endingWith: reading.stem).isEmpty, holder.confidence < 0.85
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
        _ index: Int, in sentence: [Word], _ memory: NameMemory
    ) -> (Candidate.Kind, Range<Int>, CliticReading)? {
        let word = sentence[index]
        for reading in word.readings {
            let isSplit = !reading.prefix.isEmpty
            if isSplit, reading.stem.unicodeScalars.count < 3 { continue }
            for name in memory.names(beginningWith: reading.stem) {
                let end = index + name.tokens.count
                guard end <= sentence.count,
                    sentence[(index + 1)..<end].map(\.text) == Array(name.tokens.dropFirst())
                else { continue }
                return (name.kind, index..<end, reading)
            }
            guard let kind = memory.kind(of: reading.stem) else { continue }
            if isSplit, word.classes.contains(.word) { continue }
            if word.isLatin, !word.isCapitalised { continue }
            return (kind, index..<(index + 1), reading)
        }
        return nil
    }

    // MARK: Groups

    private func group(
        _ mentions: [NameMention], _ memory: NameMemory, _ document: TaggedDocument
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
            return name(of: members, memory, document)
        }
    }

    /// The key of the fullest name a mention belongs to.
    private func fullKey(of mention: NameMention, _ memory: NameMemory) -> String {
        switch mention.kind {
        case .person:
            guard mention.tokens.count == 1, let only = mention.tokens.first else {
                // A part of a longer name that ends alike: `بن سلمان`, `محمد بن سلمان`.
                let longer = memory.persons(endingWith: mention.tokens.last ?? "").filter {
                    $0.hasSuffix(" " + mention.key)
                }
                return longer.max { $0.utf8.count < $1.utf8.count } ?? mention.key
            }
            if let named = memory.persons(endingWith: only).first {
                return longest(named, memory)
            }
            let named = memory.persons(beginningWith: only)
            if named.count == 1, let name = named.first { return longest(name, memory) }
            return only
        case .organisation:
            guard mention.tokens.count > 1, let first = mention.tokens.first else {
                return mention.key
            }
            let longer = memory.names(beginningWith: first).filter {
                $0.kind == .organisation && $0.tokens.count > mention.tokens.count
                    && $0.tokens.starts(with: mention.tokens)
            }
            return longer.count == 1 && gazetteer.classes(of: mention.key).contains(.organisation)
                ? longer.first?.tokens.joined(separator: " ") ?? mention.key : mention.key
        case .place:
            return mention.key
        }
    }

    private func longest(_ key: String, _ memory: NameMemory) -> String {
        let last = key.split(separator: " ").last.map(String.init) ?? key
        let longer = memory.persons(endingWith: last).filter { $0.hasSuffix(" " + key) }
        return longer.max { $0.utf8.count < $1.utf8.count } ?? key
    }

    private func name(
        of members: [NameMention], _ memory: NameMemory, _ document: TaggedDocument
    ) -> Name? {
        let best = members.max {
            ($0.tokens.count, $0.isPlain ? 1 : 0, -$0.range.lowerBound)
                < ($1.tokens.count, $1.isPlain ? 1 : 0, -$1.range.lowerBound)
        }
        guard let best, let first = members.first else { return nil }
        // A name that the article spells out is named so in its comments.
        let name =
            memory.spelling(of: best.kind, best.tokens)
            ?? best.restored
            + CanonicalName.clean(document.scalars, best.nameStart..<best.range.upperBound)
        guard !name.isEmpty else { return nil }
        return Name(
            kind: first.kind, name: name, mentions: members.map(\.range),
            confidence: members.map(\.confidence).max() ?? 0, tokens: best.tokens)
    }
}

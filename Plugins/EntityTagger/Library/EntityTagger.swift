public import BaridSchema
internal import BaridText

/// Finds the persons, places, organisations, dates and hashtags of an article.
///
/// Rules and lists of names find what they can; a small sequence model, trained on labelled text,
/// weighs them against the words around. Then the document is looked at as a whole: every name is
/// one record with all its mentions. A value without state: make one and share it.
///
/// Time and memory are linear in the text, whatever the text is.
public struct EntityTagger: Sendable {
    /// What ``tag(_:)`` states as the tagger of its results.
    public static let version = "barid-entity-tagger 1"

    private let gazetteer = Gazetteer()
    private let names: NameFinder
    private let dates = DateFinder()

    /// Makes a tagger.
    ///
    /// - Parameter usesModel: False leaves it at rules and lists. The default is true, which finds
    ///   about a third more names.
    public init(usesModel: Bool = true) {
        names = NameFinder(
            gazetteer: gazetteer, model: usesModel ? SequenceModel.trained : nil)
    }

    /// Tags headline, abstract and paragraphs of an article, and each comment for itself.
    ///
    /// Removed lines are not looked at. Spans outside the article's text are cut to it.
    ///
    /// - Parameter article: A parsed article.
    /// - Returns: Its entities, offsets in scalars of the article's text.
    public func tag(_ article: Barid_Article_V1_Article) -> Barid_Article_V1_ArticleTagged {
        let scalars = Array(article.text.unicodeScalars)
        var document = TaggedDocument(scalars: scalars)
        let removed = article.removed.map { $0.text.span.range }
            .sorted { $0.lowerBound < $1.lowerBound }
        var parts: [Range<Int>] = []
        if article.hasHeadline { parts.append(article.headline.span.range) }
        if article.hasAbstract { parts.append(article.abstract.span.range) }
        parts += article.paragraphs.map { $0.text.span.range }
        var end = 0
        var next = 0
        for part in parts.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            // Parts that overlap are read once.
            let rest = max(part.lowerBound, end)..<max(part.upperBound, end)
            end = rest.upperBound
            var start = rest.lowerBound
            while next < removed.count, removed[next].lowerBound < end {
                let line = removed[next]
                if line.lowerBound > start {
                    document.append(start..<line.lowerBound, gazetteer: gazetteer)
                }
                start = max(start, line.upperBound)
                // A line that goes on behind this part is looked at again with the next one.
                if line.upperBound > end { break }
                next += 1
            }
            if start < end { document.append(start..<end, gazetteer: gazetteer) }
        }
        var tagged = Barid_Article_V1_ArticleTagged()
        tagged.articleID = article.id
        tagged.revision = article.revision
        tagged.tagger = Self.version
        let (entities, memory) = entities(of: document, background: nil)
        tagged.entities = entities
        tagged.comments = article.comments.compactMap { comment in
            var document = TaggedDocument(scalars: scalars)
            document.append(comment.text.span.range, gazetteer: gazetteer)
            var result = Barid_Article_V1_CommentEntities()
            result.commentNumber = comment.number
            result.entities = self.entities(of: document, background: memory).0
            return result.entities.isEmpty ? nil : result
        }
        return tagged
    }

    /// Tags a plain text as one document.
    ///
    /// - Parameter text: Any text.
    /// - Returns: Its entities, offsets in its scalars; without an article id.
    public func tag(text: String) -> Barid_Article_V1_ArticleTagged {
        let scalars = Array(text.unicodeScalars)
        var document = TaggedDocument(scalars: scalars)
        document.append(0..<scalars.count, gazetteer: gazetteer)
        var tagged = Barid_Article_V1_ArticleTagged()
        tagged.tagger = Self.version
        tagged.entities = entities(of: document, background: nil).0
        return tagged
    }

    /// One sentence as training sees it.
    package struct TrainingSentence {
        /// Where each word stands in the text, in scalars.
        package let words: [Range<Int>]
        /// The hashed features of each word.
        package let features: [[UInt32]]
    }

    /// Returns the features that the sequence model sees, for training it.
    ///
    /// - Parameter text: Any text.
    /// - Returns: Its sentences.
    package func trainingSentences(of text: String) -> [TrainingSentence] {
        var document = TaggedDocument(scalars: Array(text.unicodeScalars))
        document.append(0..<document.scalars.count, gazetteer: gazetteer)
        return document.sentences.map {
            TrainingSentence(words: $0.map(\.range), features: names.evidence(in: $0))
        }
    }

    private func entities(
        of document: TaggedDocument, background: NameMemory?
    ) -> ([Barid_Article_V1_Entity], NameMemory) {
        var entities = EntityList(document: document)
        var found: [[Candidate]] = []
        for sentence in document.sentences {
            let dated = dates.find(in: sentence)
            for date in dated { entities.add(date, in: sentence) }
            let taken = Set(dated.flatMap { Array($0.words) })
            found.append(
                names.find(in: sentence).filter { !$0.words.contains(where: taken.contains) })
        }
        let (names, memory) = NameResolver(gazetteer: gazetteer)
            .resolve(document, found: found, background: background)
        for name in names { entities.add(name) }
        for hashtag in document.hashtags { entities.add(hashtag) }
        return (entities.sorted, memory)
    }
}

extension Barid_Article_V1_Span {
    /// The span as a range; empty when it is the wrong way round.
    fileprivate var range: Range<Int> { Int(start)..<max(Int(start), Int(end)) }
}

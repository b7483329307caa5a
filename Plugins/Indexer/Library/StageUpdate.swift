import BaridSchema
import Foundation
import SwiftProtobuf

/// One stage of one revision of an article, as an event brought it.
///
/// Making one checks the payload, so that a bad event is refused alone and not with its batch.
public struct StageUpdate: Sendable {
    /// Which stage.
    public let stage: Barid_Article_V1_Stage

    /// The article's id.
    public let articleID: String

    /// The revision: SHA-256 of the submitted bytes, in hex.
    public let revision: String

    /// Where the revision stands among those of its article; see ``init(stage:articleID:revision:order:replay:payload:)``.
    public let order: Int64?

    /// 0, or the number of the replay that made the event; the highest wins.
    public let replay: UInt32

    /// The serialised message of the stage.
    let payload: Data

    /// Makes an update of an event's data.
    ///
    /// - Parameters:
    ///   - stage: One of those that an event brings; of `.submitted` only the fact counts.
    ///   - articleID: The article's id; the payload must name the same, or none.
    ///   - revision: The article's revision; the payload must name the same, or none.
    ///   - order: A number that grows with each revision submitted, as the time or sequence of the
    ///     submitted event. All stages of a revision carry the same one; nil, where a stage does
    ///     not know it, takes that of the others and counts as older than every number.
    ///   - replay: The replay number of the event.
    ///   - payload: The event's data: a serialised message of `barid.article.v1`.
    /// - Throws: ``IndexError/invalidStage(_:)``; trying again will not help.
    public init(
        stage: Barid_Article_V1_Stage, articleID: String, revision: String, order: Int64?,
        replay: UInt32 = 0, payload: Data
    ) throws(IndexError) {
        let named: (article: String, revision: String)
        do {
            switch stage {
            case .submitted:
                named = ("", "")
            case .parsed:
                let article = try Barid_Article_V1_Article(serializedBytes: payload)
                named = (article.id, article.revision)
            case .tagged:
                let tagged = try Barid_Article_V1_ArticleTagged(serializedBytes: payload)
                named = (tagged.articleID, tagged.revision)
            case .moderated:
                let moderated = try Barid_Article_V1_ArticleModerated(serializedBytes: payload)
                named = (moderated.articleID, moderated.revision)
            case .summarized:
                let summarized = try Barid_Article_V1_ArticleSummarized(serializedBytes: payload)
                named = (summarized.articleID, summarized.revision)
            case .reviewed:
                let reviewed = try Barid_Article_V1_ArticleReviewed(serializedBytes: payload)
                guard reviewed.decision == .pass || reviewed.decision == .block else {
                    throw IndexError.invalidStage("a review decides on pass or block")
                }
                named = (reviewed.articleID, reviewed.revision)
            case .retracted:
                let retracted = try Barid_Article_V1_ArticleRetracted(serializedBytes: payload)
                named = (retracted.articleID, retracted.revision)
            case .unspecified, .indexed, .UNRECOGNIZED:
                throw IndexError.invalidStage("stage \(stage) is not one that is indexed")
            }
        } catch {
            throw error as? IndexError
                ?? .invalidStage("the data of stage \(stage) cannot be read: \(error)")
        }
        guard named.article.isEmpty || named.article == articleID,
            named.revision.isEmpty || named.revision == revision
        else {
            throw .invalidStage(
                "the event is about \(articleID) (\(revision)), its data about "
                    + "\(named.article) (\(named.revision))")
        }
        guard Self.isUsable(articleID), Self.isUsable(revision) else {
            throw .invalidStage("article id and revision must have 1 to 1,024 bytes, and no NUL")
        }
        self.stage = stage
        self.articleID = articleID
        self.revision = revision
        self.order = order
        self.replay = replay
        self.payload = stage == .submitted ? Data() : payload
    }

    /// Makes an update of a parsed article.
    ///
    /// - Parameters:
    ///   - article: The article; it names its id and revision.
    ///   - order: As in ``init(stage:articleID:revision:order:replay:payload:)``.
    ///   - replay: The replay number of the event.
    /// - Throws: ``IndexError/invalidStage(_:)`` when id or revision is missing.
    public init(
        _ article: Barid_Article_V1_Article, order: Int64?, replay: UInt32 = 0
    ) throws(IndexError) {
        try self.init(
            .parsed, article, of: article.id, article.revision, order: order, replay: replay)
    }

    /// Makes an update of a tagger's findings.
    ///
    /// - Parameters:
    ///   - tagged: The findings; they name article and revision.
    ///   - order: As in ``init(stage:articleID:revision:order:replay:payload:)``.
    ///   - replay: The replay number of the event.
    /// - Throws: ``IndexError/invalidStage(_:)`` when id or revision is missing.
    public init(
        _ tagged: Barid_Article_V1_ArticleTagged, order: Int64?, replay: UInt32 = 0
    ) throws(IndexError) {
        try self.init(
            .tagged, tagged, of: tagged.articleID, tagged.revision, order: order, replay: replay)
    }

    /// Makes an update of a moderator's verdicts.
    ///
    /// - Parameters:
    ///   - moderated: The verdicts; they name article and revision.
    ///   - order: As in ``init(stage:articleID:revision:order:replay:payload:)``.
    ///   - replay: The replay number of the event.
    /// - Throws: ``IndexError/invalidStage(_:)`` when id or revision is missing.
    public init(
        _ moderated: Barid_Article_V1_ArticleModerated, order: Int64?, replay: UInt32 = 0
    ) throws(IndexError) {
        try self.init(
            .moderated, moderated, of: moderated.articleID, moderated.revision, order: order,
            replay: replay)
    }

    /// Makes an update of a summariser's findings.
    ///
    /// - Parameters:
    ///   - summarized: The findings; they name article and revision.
    ///   - order: As in ``init(stage:articleID:revision:order:replay:payload:)``.
    ///   - replay: The replay number of the event.
    /// - Throws: ``IndexError/invalidStage(_:)`` when id or revision is missing.
    public init(
        _ summarized: Barid_Article_V1_ArticleSummarized, order: Int64?, replay: UInt32 = 0
    ) throws(IndexError) {
        try self.init(
            .summarized, summarized, of: summarized.articleID, summarized.revision, order: order,
            replay: replay)
    }

    /// Makes an update of a person's decision.
    ///
    /// - Parameter reviewed: The decision; it names article and revision.
    /// - Throws: ``IndexError/invalidStage(_:)`` when id or revision is missing, or the decision is none.
    public init(_ reviewed: Barid_Article_V1_ArticleReviewed) throws(IndexError) {
        try self.init(
            .reviewed, reviewed, of: reviewed.articleID, reviewed.revision, order: nil, replay: 0)
    }

    /// Makes an update of a retraction.
    ///
    /// - Parameter retracted: The retraction; it names the article and the revision that was seen.
    /// - Throws: ``IndexError/invalidStage(_:)`` when id or revision is missing.
    public init(_ retracted: Barid_Article_V1_ArticleRetracted) throws(IndexError) {
        try self.init(
            .retracted, retracted, of: retracted.articleID, retracted.revision, order: nil,
            replay: 0)
    }

    private init(
        _ stage: Barid_Article_V1_Stage, _ message: some Message, of articleID: String,
        _ revision: String, order: Int64?, replay: UInt32
    ) throws(IndexError) {
        let payload: Data
        do {
            payload = try message.serializedBytes()
        } catch {
            throw .invalidStage("the data of stage \(stage) cannot be written: \(error)")
        }
        try self.init(
            stage: stage, articleID: articleID, revision: revision, order: order, replay: replay,
            payload: payload)
    }

    private static func isUsable(_ name: String) -> Bool {
        (1...1_024).contains(name.utf8.count) && !name.utf8.contains(0)
    }
}

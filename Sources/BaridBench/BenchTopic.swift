internal import BaridArticles

/// What the benchmark's events have in common.
enum BenchTopic {
    static let name = ArticleEventType.topic
    static let eventType = ArticleEventType.submitted
    static let service = "barid.bench.v1.Bench"
}

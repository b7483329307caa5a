public import BaridSchema

/// The item as it came.
public typealias ArticleSubmitted = Barid_Article_V1_ArticleSubmitted
/// The article as the parser reads it.
public typealias Article = Barid_Article_V1_Article
/// A piece of an article's text with its place.
public typealias ArticleText = Barid_Article_V1_Text
/// A paragraph of the body.
public typealias ArticleParagraph = Barid_Article_V1_Paragraph
/// Words quoted in the body.
public typealias ArticleQuote = Barid_Article_V1_Quote
/// A hashtag in headline or body.
public typealias ArticleHashtag = Barid_Article_V1_Hashtag
/// A reader's comment.
public typealias ArticleComment = Barid_Article_V1_Comment
/// A line that is not the article's.
public typealias ArticleRemoved = Barid_Article_V1_Removed
/// Something a person may want to look at.
public typealias ArticleWarning = Barid_Article_V1_Warning
/// The entities of an article and its comments.
public typealias ArticleTagged = Barid_Article_V1_ArticleTagged
/// The verdicts on an article and its comments.
public typealias ArticleModerated = Barid_Article_V1_ArticleModerated
/// The summary and key phrases of an article.
public typealias ArticleSummarized = Barid_Article_V1_ArticleSummarized

/// A person's decision about an article or one of its comments.
public typealias ArticleReviewed = Barid_Article_V1_ArticleReviewed

/// A person's word that an article is taken back.
public typealias ArticleRetracted = Barid_Article_V1_ArticleRetracted
/// What the index has of an article.
public typealias ArticleIndexed = Barid_Article_V1_ArticleIndexed

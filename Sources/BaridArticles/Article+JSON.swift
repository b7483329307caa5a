public import BaridSchema
import SwiftProtobuf

extension Barid_Article_V1_Article {
    /// Returns the article as one line of JSON (the protobuf JSON mapping).
    ///
    /// - Returns: A line without its line break.
    /// - Throws: `JSONEncodingError` when a value has no JSON form, as a time after year 9999.
    public func jsonLine() throws -> String {
        try jsonString()
    }

    /// Reads an article from its JSON form; unknown fields are left aside.
    ///
    /// - Parameter json: What ``jsonLine()`` returns.
    /// - Throws: `JSONDecodingError` when it is not that.
    public init(jsonLine json: String) throws {
        var options = JSONDecodingOptions()
        options.ignoreUnknownFields = true
        self = try Self(jsonString: json, options: options)
    }
}

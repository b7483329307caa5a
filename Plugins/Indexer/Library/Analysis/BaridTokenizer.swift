import BaridText
import GRDB

/// The tokenizer of the full-text tables: ``Analyzer`` for documents, prepared words for queries.
///
/// Of a document every word is emitted with all its forms at one position. A query comes from
/// ``SearchQuery``, which has analysed it already: positions are separated by a space, the forms
/// that may stand at one of them by U+0001.
final class BaridTokenizer: FTS5CustomTokenizer {
    static let name = "barid"

    /// Separates the words of a prepared phrase.
    static let positionSeparator: Unicode.Scalar = " "

    /// Separates the forms of one word of a prepared phrase.
    static let formSeparator: Unicode.Scalar = "\u{1}"

    init(db: Database, arguments: [String]) throws {}

    func tokenize(
        context: UnsafeMutableRawPointer?,
        tokenization: FTS5Tokenization,
        pText: UnsafePointer<CChar>?,
        nText: CInt,
        tokenCallback: @escaping FTS5TokenCallback
    ) -> CInt {
        guard let pText, nText > 0 else { return ResultCode.SQLITE_OK.rawValue }
        let bytes = UnsafeRawBufferPointer(start: pText, count: Int(nText))
        let sink = TokenSink(context: context, callback: tokenCallback)
        return tokenization.contains(.query)
            ? Self.emitPrepared(bytes, to: sink) : Self.emitDocument(bytes, to: sink)
    }

    private static func emitDocument(_ bytes: UnsafeRawBufferPointer, to sink: TokenSink) -> CInt {
        let text = ScalarText(String(decoding: bytes, as: UTF8.self))
        var buffer: [UInt8] = []
        for word in Analyzer.words(of: Tokenizer.tokenize(text.scalars)) {
            // Of damaged UTF-8, repaired above, the places may lie beyond the bytes.
            let end = min(text.utf8Offset(ofScalar: word.range.upperBound), bytes.count)
            let place = min(text.utf8Offset(ofScalar: word.range.lowerBound), end)..<end
            let forms = WordForms(word.folded)
            var isFirst = true
            for form in [forms.word, forms.stripped, forms.alternative].compactMap(\.self) {
                buffer.removeAll(keepingCapacity: true)
                buffer.append(scalars: form)
                let code = sink.emit(buffer, at: place, isColocated: !isFirst)
                guard code == ResultCode.SQLITE_OK.rawValue else { return code }
                isFirst = false
            }
            guard let stem = forms.stem else { continue }
            buffer.removeAll(keepingCapacity: true)
            buffer.append(scalars: CollectionOfOne(WordForms.stemMark))
            buffer.append(scalars: stem)
            let code = sink.emit(buffer, at: place, isColocated: true)
            guard code == ResultCode.SQLITE_OK.rawValue else { return code }
        }
        return ResultCode.SQLITE_OK.rawValue
    }

    private static func emitPrepared(_ bytes: UnsafeRawBufferPointer, to sink: TokenSink) -> CInt {
        let position = UInt8(ascii: positionSeparator)
        let form = UInt8(ascii: formSeparator)
        for word in bytes.split(separator: position) {
            var isFirst = true
            for piece in word.split(separator: form) {
                let code = sink.emit(
                    Array(piece), at: piece.startIndex..<piece.endIndex, isColocated: !isFirst)
                guard code == ResultCode.SQLITE_OK.rawValue else { return code }
                isFirst = false
            }
        }
        return ResultCode.SQLITE_OK.rawValue
    }
}

/// Where tokens go: SQLite's callback.
private struct TokenSink {
    let context: UnsafeMutableRawPointer?
    let callback: FTS5TokenCallback

    func emit(_ token: [UInt8], at place: Range<Int>, isColocated: Bool) -> CInt {
        token.withUnsafeBytes { bytes in
            callback(
                context, isColocated ? FTS5TokenFlags.colocated.rawValue : 0,
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self), CInt(bytes.count),
                CInt(clamping: place.lowerBound), CInt(clamping: place.upperBound))
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(scalars: some Collection<Unicode.Scalar>) {
        for scalar in scalars {
            append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        }
    }
}

/// A linear classifier over hashed features: how likely a comment offends.
///
/// It may ask for a person's look, never block by itself.
struct LinearModel: Sendable {
    /// What the model thinks, and of which words most.
    struct Opinion {
        /// Scaled so that 0.5 is the trained threshold; below ``LinearModel/most``.
        let score: Double
        let words: Range<Int>
    }

    /// The name stated in findings.
    static let name = "comments 1"

    /// The highest score: under the block of the comment policy.
    static let most = 0.8

    /// Open addressing: feature + 1 (0 is free) and its weight.
    private var keys: [UInt32]
    private var weights: [Float]
    private let mask: Int
    private let threshold: Double

    /// Reads weights as Scripts/train/comment-model writes them.
    ///
    /// A record is six characters of base64's alphabet: 24 bits of hashed feature and 12 bits of
    /// weight in steps, with 2048 as zero. Without a record there is no model.
    ///
    /// - Parameters:
    ///   - records: The records, one after the other; line ends are passed over.
    ///   - step: The value of one step of weight.
    ///   - threshold: The sum from which a comment is offensive.
    init?(records: StaticString, step: Float, threshold: Double) {
        var decoded: [UInt64] = []
        decoded.reserveCapacity(records.utf8CodeUnitCount / 6 + 1)
        records.withUTF8Buffer { bytes in
            var record: UInt64 = 0
            var digits = 0
            for byte in bytes {
                let value = Self.digit(byte)
                guard value < 64 else { continue }
                record = record << 6 | UInt64(value)
                digits += 1
                if digits == 6 {
                    decoded.append(record)
                    record = 0
                    digits = 0
                }
            }
        }
        guard !decoded.isEmpty else { return nil }
        var size = 1
        while size < decoded.count * 2 { size *= 2 }
        mask = size - 1
        keys = [UInt32](repeating: 0, count: size)
        weights = [Float](repeating: 0, count: size)
        self.threshold = threshold
        for record in decoded {
            let key = UInt32(truncatingIfNeeded: record >> 12) &+ 1
            var slot = Self.slot(key) & mask
            while keys[slot] != 0 { slot = (slot + 1) & mask }
            keys[slot] = key
            weights[slot] = Float(Int(record & 0xFFF) - 2048) * step
        }
    }

    /// Returns what the model thinks of a text; nil when there is nothing to read.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - lexiconScore: What the lexicon says of it, 0 to 1.
    /// - Returns: A score and the words that weigh most.
    func opinion(of text: ModeratedText, lexiconScore: Double) -> Opinion? {
        let features = CommentFeatures.extract(from: text, lexiconScore: lexiconScore)
        guard !text.words.isEmpty else { return nil }
        let norm = Float(features.count).squareRoot()
        var sum: Float = 0
        var byWord: [Int: Float] = [:]
        for feature in features {
            let weight = weight(of: feature.hash) / norm
            sum += weight
            if feature.word >= 0 { byWord[feature.word, default: 0] += weight }
        }
        let heaviest = byWord.max { ($0.value, -$0.key) < ($1.value, -$1.key) }?.key ?? 0
        let distance = Double(sum) - threshold
        // 0.5 at the threshold, rising to the most that a model may say.
        let score =
            distance < 0
            ? max(0, 0.5 + distance * 0.25) : min(Self.most, 0.5 + distance * 0.15)
        return Opinion(score: score, words: heaviest..<min(heaviest + 1, text.words.count))
    }

    private func weight(of feature: UInt32) -> Float {
        let key = feature &+ 1
        var slot = Self.slot(key) & mask
        while keys[slot] != 0 {
            if keys[slot] == key { return weights[slot] }
            slot = (slot + 1) & mask
        }
        return 0
    }

    private static func slot(_ key: UInt32) -> Int {
        Int((UInt64(key) &* 0x9E37_79B9_7F4A_7C15) >> 32)
    }

    private static func digit(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte + 4
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: 64
        }
    }
}

extension LinearModel {
    /// The model that ships with the moderator, read on first use.
    static let trained = LinearModel(
        records: TrainedWeights.records, step: TrainedWeights.step,
        threshold: TrainedWeights.threshold)
}

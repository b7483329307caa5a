/// A linear-chain conditional random field: weights of hashed features, and the best labelling.
///
/// Decoding is one Viterbi pass, linear in the words.
struct SequenceModel: Sendable {
    /// Open addressing: a feature + 1 (0 is free), and beside it one weight a label.
    private var keys: [UInt32]
    private var weights: [Float]
    private var transitions: [Float]
    private let mask: Int

    /// Reads weights as Scripts/train/entity-model writes them.
    ///
    /// A record is six characters of base64's alphabet: 24 bits of hashed feature, 3 bits of label,
    /// 9 bits of weight in steps, with 256 as zero. The transitions come first, 49 records whose
    /// feature is their number. Without a record there is no model.
    ///
    /// - Parameters:
    ///   - records: The records, one after the other; line ends are passed over.
    ///   - step: The value of one step of weight.
    init?(records: StaticString, step: Float) {
        let labels = Label.allCases.count
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
        guard decoded.count > labels * labels else { return nil }
        let states = decoded.dropFirst(labels * labels)
        var size = 1
        while size < states.count * 2 { size *= 2 }
        mask = size - 1
        keys = [UInt32](repeating: 0, count: size)
        weights = [Float](repeating: 0, count: size * labels)
        transitions = decoded.prefix(labels * labels).map { Self.weight($0, step) }
        for record in states {
            let key = UInt32(truncatingIfNeeded: record >> 12) &+ 1
            let label = Int(record >> 9 & 7)
            guard label < labels else { continue }
            var slot = Self.slot(key) & mask
            while keys[slot] != 0, keys[slot] != key { slot = (slot + 1) & mask }
            keys[slot] = key
            weights[slot * labels + label] = Self.weight(record, step)
        }
    }

    /// Returns the best label of each word.
    ///
    /// - Parameter features: The hashed features of each word.
    /// - Returns: One label a word.
    func decode(_ features: [[UInt32]]) -> [Label] {
        let count = Label.allCases.count
        guard !features.isEmpty else { return [] }
        var scores = [Float](repeating: 0, count: count)
        var back: [UInt8] = []
        back.reserveCapacity(features.count * count)
        for (index, hashes) in features.enumerated() {
            var emission = [Float](repeating: 0, count: count)
            for hash in hashes {
                guard let row = row(of: hash) else { continue }
                for label in 0..<count { emission[label] += weights[row + label] }
            }
            guard index > 0 else {
                for label in 0..<count {
                    let isInside = Label(rawValue: label).map { $0.kind != nil && !$0.isBegin }
                    scores[label] = emission[label] - (isInside == true ? 1e6 : 0)
                }
                back += [UInt8](repeating: 0, count: count)
                continue
            }
            var next = [Float](repeating: 0, count: count)
            for label in 0..<count {
                var best = -Float.infinity
                var from = 0
                for previous in 0..<count {
                    guard Self.follows(label, previous) else { continue }
                    let score = scores[previous] + transitions[previous * count + label]
                    if score > best {
                        best = score
                        from = previous
                    }
                }
                next[label] = best + emission[label]
                back.append(UInt8(truncatingIfNeeded: from))
            }
            scores = next
        }
        var label = scores.indices.max { scores[$0] < scores[$1] } ?? 0
        var labels = [Label](repeating: .outside, count: features.count)
        for index in features.indices.reversed() {
            labels[index] = Label(rawValue: label) ?? .outside
            label = Int(back[index * count + label])
        }
        return labels
    }

    /// Whether a label may stand after another: a name goes on only where it began.
    private static func follows(_ label: Int, _ previous: Int) -> Bool {
        guard let label = Label(rawValue: label), let previous = Label(rawValue: previous),
            label.kind != nil, !label.isBegin
        else { return true }
        return previous.kind == label.kind
    }

    /// Where the weights of a feature begin; nil when it has none.
    private func row(of feature: UInt32) -> Int? {
        let key = feature &+ 1
        var slot = Self.slot(key) & mask
        while keys[slot] != 0 {
            if keys[slot] == key { return slot * Label.allCases.count }
            slot = (slot + 1) & mask
        }
        return nil
    }

    private static func slot(_ key: UInt32) -> Int {
        Int((UInt64(key) &* 0x9E37_79B9_7F4A_7C15) >> 32)
    }

    private static func weight(_ record: UInt64, _ step: Float) -> Float {
        Float(Int(record & 0x1FF) - 256) * step
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

extension SequenceModel {
    /// The model that ships with the tagger, read on first use.
    static let trained = SequenceModel(records: TrainedWeights.records, step: TrainedWeights.step)
}

/// Whether bytes are well-formed UTF-8, without making a string of them.
enum UTF8Check {
    /// True for well-formed UTF-8 (no overlong forms, no surrogates, nothing above U+10FFFF).
    @inline(__always)
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        for index in 0..<bytes.count where bytes[index] >= 0x80 {
            return isValidSlow(bytes, from: index)
        }
        return true
    }

    private static func isValidSlow(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Bool {
        var index = start
        while index < bytes.count {
            let lead = bytes[index]
            index += 1
            let count: Int
            var low: UInt8 = 0x80
            var high: UInt8 = 0xbf
            switch lead {
            case 0..<0x80: continue
            case 0xc2...0xdf: count = 1
            case 0xe0: (count, low) = (2, 0xa0)
            case 0xed: (count, high) = (2, 0x9f)
            case 0xe1...0xef: count = 2
            case 0xf0: (count, low) = (3, 0x90)
            case 0xf4: (count, high) = (3, 0x8f)
            case 0xf1...0xf3: count = 3
            default: return false
            }
            guard bytes.count - index >= count else { return false }
            for _ in 0..<count {
                guard bytes[index] >= low, bytes[index] <= high else { return false }
                (low, high) = (0x80, 0xbf)
                index += 1
            }
        }
        return true
    }
}

extension LogFile {
    /// Reads at most `count` bytes; fewer where the file ends.
    public func read(_ count: Int, at offset: Int) throws(FileError) -> [UInt8] {
        var failure: FileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: max(0, count)) { buffer, initialized in
            do {
                initialized = try self.read(
                    into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            } catch {
                failure = error as? FileError
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Writes an array.
    public func write(_ bytes: [UInt8], at offset: Int) throws(FileError) {
        let failure = bytes.withUnsafeBytes { buffer -> FileError? in
            do throws(FileError) {
                try self.write(buffer, at: offset)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    /// Fills a range with zeros.
    ///
    /// Each few steps are synced, so that others' syncs on the same disk are not held up by one
    /// long one.
    func fillWithZeros(_ range: Range<Int>) throws(FileError) {
        var offset = range.lowerBound
        var unsynced = 0
        while offset < range.upperBound {
            let count = min(1 << 20, range.upperBound - offset)
            try writeZeros(offset..<offset + count)
            offset += count
            unsynced += count
            if unsynced >= 4 << 20 {
                try sync()
                unsynced = 0
            }
        }
    }
}

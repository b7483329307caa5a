#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

extension LogError: CustomStringConvertible {
    /// One sentence for a person: what, where, and what to try.
    public var description: String {
        switch self {
        case .full(let cause):
            "there is no room for more: \(cause); free some space and try again"
        case .failed(let cause):
            "the log stopped because it could not make data durable: \(cause)"
        case .damaged(let damage):
            damage.description
        case .unreadable(let cause):
            "the log cannot be read: \(cause)"
        case .fenced(let expected, let actual):
            "another writer has been here: the last record is \(actual), not \(expected)"
        case .entryTooLarge(let bytes, let maximum):
            "a record of \(bytes) bytes is larger than the \(maximum) the log takes"
        case .trimmed(let first):
            "the record is no longer kept; the first one is \(first)"
        case .notDurable(let position, let durable):
            "record \(position) is not durable yet; the last one that is is \(durable)"
        case .inUse(let folder, let process, let since):
            "data folder \(folder) is in use"
                + (process.map { " by process \($0)" } ?? " by another process")
                + (since.map { " since \($0)" } ?? "")
        case .format(let folder, let found, let supported):
            "data folder \(folder) has format \(found), and this version knows up to \(supported)"
        case .setting(let complaint):
            complaint
        case .closed:
            "the log is closed"
        }
    }
}

extension LogDamage: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        "the log is damaged: \(file) at byte \(offset): \(reason); records "
            + "\(positions.lowerBound) to \(positions.upperBound) were durable and cannot be read. "
            + "Nothing was changed; restore the file from a copy, or a backup, or see "
            + "`barid log repair --help`"
    }
}

extension FileError: CustomStringConvertible {
    /// The operation, the path and the system's words.
    public var description: String {
        "\(operation) \(path): \(String(cString: strerror(code)))"
    }
}

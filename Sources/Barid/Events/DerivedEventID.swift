/// The id of an emitted event, derived from what it was emitted for.
///
/// The same input gives the same ids, so that a repeat is recognised everywhere, and a replay through
/// a better worker, which has another number, is not mistaken for one. Protocols/3-events.md §3.
public struct DerivedEventID: Sendable, Hashable {
    /// 64 characters of lower-case hexadecimal.
    public let text: String

    /// The first eight bytes of the digest in hexadecimal: the span id of the emitted event.
    var spanID: String { String(text.prefix(16)) }

    /// Derives an id.
    ///
    /// - Parameters:
    ///   - parentSource: `source` of the event that was handled.
    ///   - parentID: `id` of the event that was handled.
    ///   - worker: Name of the plugin, the same for all its processes.
    ///   - output: Place of the emitted event among the outputs, from 0.
    ///   - replay: Number of the replay, 0 if it is none.
    public init(parentSource: String, parentID: String, worker: String, output: Int, replay: UInt32)
    {
        var hash = SHA256()
        for part in [parentSource, parentID, worker, String(output), String(replay)] {
            let bytes = part.utf8
            hash.update(withUnsafeBytes(of: UInt64(bytes.count).bigEndian, Array.init))
            hash.update(bytes)
        }
        text = hash.finish().hexadecimal
    }
}

extension PluginManifest {
    /// Whether a pattern takes an event type (Protocols/2-bus §4).
    ///
    /// - Parameters:
    ///   - pattern: `*` is one segment, a final `>` one or more.
    ///   - type: The event type.
    /// - Returns: Whether it does.
    public static func pattern(_ pattern: String, takes type: String) -> Bool {
        var rest = type.split(separator: ".", omittingEmptySubsequences: false)[...]
        for segment in pattern.split(separator: ".", omittingEmptySubsequences: false) {
            if segment == ">" { return !rest.isEmpty }
            guard let first = rest.popFirst(), segment == "*" || segment == first else {
                return false
            }
        }
        return rest.isEmpty
    }
}

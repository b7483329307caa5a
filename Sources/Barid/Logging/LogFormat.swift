internal import Foundation

/// How log lines look.
public enum LogFormat: String, Sendable, Hashable, CaseIterable {
    /// One line for people: time, level, message, metadata.
    case text
    /// One JSON object a line, for tools.
    case json

    /// What suits a descriptor: text on a terminal, else JSON.
    ///
    /// - Parameter descriptor: Where the lines go.
    /// - Returns: The form.
    public static func standard(for descriptor: Int32) -> LogFormat {
        isatty(descriptor) == 1 ? .text : .json
    }
}

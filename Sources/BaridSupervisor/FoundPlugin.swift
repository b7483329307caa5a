/// A plugin folder, and whether its program can be run.
public struct FoundPlugin: Sendable, Equatable {
    /// The program of a plugin.
    public enum Program: Sendable, Equatable {
        /// It is there: an executable file and its arguments.
        case runnable(executable: String, arguments: [String])
        /// It is missing; the command makes it.
        case notBuilt(executable: String, buildCommand: String)
        /// The manifest cannot be used; the text says why.
        case invalid(String)
    }

    /// The folder's absolute path.
    public var folder: String

    /// What its manifest says; of an invalid one only the name, which is the folder's.
    public var description: PluginDescription

    /// Its program.
    public var program: Program
}

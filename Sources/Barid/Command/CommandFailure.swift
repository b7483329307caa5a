internal import ArgumentParser
internal import Foundation
internal import GRPCCore

/// Ends a command with a sentence on standard error and an exit code of sysexits.
enum CommandFailure {
    /// Does the work of a command.
    ///
    /// - Throws: `ExitCode` once the error has been told.
    static func told(
        _ command: String, _ work: () async throws -> Void
    ) async throws {
        do {
            try await work()
        } catch let error as ExitCode {
            throw error
        } catch let error as ValidationError {
            throw error
        } catch {
            let error = RPCError(handlerError: error)
            tell("\(command): \(error.message)")
            throw ExitCode(error.code)
        }
    }

    static func tell(_ line: String) {
        FileHandle.standardError.write(Data("\(line)\n".utf8))
    }
}

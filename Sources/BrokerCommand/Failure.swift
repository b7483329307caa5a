import ArgumentParser
import Barid
import BaridBroker
import BaridLog
import Foundation
import GRPCCore

/// Why the broker ends, as a sentence and an exit code.
struct Failure {
    let message: String
    let code: ExitCode

    init(_ error: any Error) {
        switch error {
        case let error as LogError:
            message = error.description
            switch error {
            case .inUse: code = .unavailable
            case .damaged, .format: code = .badInput
            case .full, .failed, .unreadable, .fenced, .entryTooLarge, .trimmed, .notDurable,
                .closed, .setting:
                code = .fileFailure
            }
        case let error as RPCError:
            message = error.message
            switch error.code {
            // Another listener holds the socket.
            case .alreadyExists: code = .unavailable
            default: code = ExitCode(error.code)
            }
        case let error as RetentionSyntaxError:
            message = error.description
            code = .badInput
        default:
            message = "\(error)"
            code = .software
        }
    }

    /// Says it on standard error.
    ///
    /// - Returns: The code to exit with.
    func report() -> ExitCode {
        FileHandle.standardError.write(Data("barid-broker: \(message)\n".utf8))
        return code
    }
}

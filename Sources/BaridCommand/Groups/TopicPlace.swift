import ArgumentParser
import BaridSchema
import Foundation
import SwiftProtobuf

/// A place in a topic, as a person writes it.
enum TopicPlace: ExpressibleByArgument, Equatable {
    case first
    case last
    case new
    case sequence(UInt64)
    case time(Date)

    init?(argument: String) {
        switch argument {
        case "first": self = .first
        case "last": self = .last
        case "new": self = .new
        default:
            if let sequence = UInt64(argument) {
                guard sequence > 0 else { return nil }
                self = .sequence(sequence)
                return
            }
            let fractions = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
            guard
                let date = (try? Date(argument, strategy: .iso8601))
                    ?? (try? Date(argument, strategy: fractions))
            else { return nil }
            self = .time(date)
        }
    }

    /// What a person may write.
    static let help = "first, last, new, a sequence, or a time such as 2026-05-01T08:00:00Z"

    /// The place as the broker takes it.
    var start: Barid_Bus_V1_Start {
        .with {
            switch self {
            case .first: $0.at = .first
            case .last: $0.at = .last
            case .new: $0.at = .new
            case .sequence(let sequence):
                $0.at = .sequence
                $0.sequence = sequence
            case .time(let date):
                $0.at = .time
                $0.time = Google_Protobuf_Timestamp(date: date)
            }
        }
    }
}

import Barid
import BaridSchema
import Foundation
import GRPCCore
import GRPCProtobuf
import SwiftProtobuf

/// A method of a shipped service, callable with JSON.
struct CallableMethod: Sendable {
    /// Takes a line of JSON.
    typealias Print = @Sendable (String) -> Void

    let descriptor: MethodDescriptor
    /// Names of the request's and the response's message, for people.
    let request: String
    let response: String
    let isStreaming: Bool
    /// Calls it with a JSON request and hands over each response.
    let call: @Sendable (BaridClient, String, CallOptions, @escaping Print) async throws -> Void

    /// "barid.index.v1.Index/Search".
    var name: String { descriptor.fullyQualifiedMethod }

    static func method<Request: SwiftProtobuf.Message, Response: SwiftProtobuf.Message>(
        _ descriptor: MethodDescriptor, _ request: Request.Type, _ response: Response.Type
    ) -> CallableMethod {
        let isStreaming = descriptor.type == .serverStreaming
        return CallableMethod(
            descriptor: descriptor, request: Request.protoMessageName,
            response: Response.protoMessageName, isStreaming: isStreaming
        ) { client, json, options, print in
            let message: Request
            do {
                message = try Request(jsonString: json)
            } catch {
                throw CommandError(
                    .badInput, "this is not a \(Request.protoMessageName) in JSON: \(error)")
            }
            // A single response is a stream of one.
            try await client.grpc.serverStreaming(
                request: ClientRequest(message: message), descriptor: descriptor,
                serializer: ProtobufSerializer<Request>(),
                deserializer: ProtobufDeserializer<Response>(), options: options
            ) { response in
                for try await message in response.messages { print(try JSONText.line(message)) }
            }
        }
    }

    /// Every method of the services that come with Barid and can be called with one request.
    static let all: [CallableMethod] = {
        typealias Parser = Barid_Parser_V1_Parser.Method
        typealias Tagger = Barid_Tagger_V1_EntityTagger.Method
        typealias Moderator = Barid_Moderator_V1_Moderator.Method
        typealias Index = Barid_Index_V1_Index.Method
        typealias Admin = Barid_Admin_V1_Admin.Method
        typealias Supervisor = Barid_Supervisor_V1_Supervisor.Method
        typealias Bus = Barid_Bus_V1_EventBus.Method
        typealias Health = Grpc_Health_V1_Health.Method
        return [
            method(Parser.Parse.descriptor, Parser.Parse.Input.self, Parser.Parse.Output.self),
            method(Tagger.Tag.descriptor, Tagger.Tag.Input.self, Tagger.Tag.Output.self),
            method(
                Moderator.Moderate.descriptor, Moderator.Moderate.Input.self,
                Moderator.Moderate.Output.self),
            method(Index.Search.descriptor, Index.Search.Input.self, Index.Search.Output.self),
            method(
                Index.GetArticle.descriptor, Index.GetArticle.Input.self,
                Index.GetArticle.Output.self),
            method(
                Admin.GetStatus.descriptor, Admin.GetStatus.Input.self, Admin.GetStatus.Output.self),
            method(
                Admin.CreateGroup.descriptor, Admin.CreateGroup.Input.self,
                Admin.CreateGroup.Output.self),
            method(
                Admin.ListDeadLetters.descriptor, Admin.ListDeadLetters.Input.self,
                Admin.ListDeadLetters.Output.self),
            method(
                Admin.PurgeDeadLetters.descriptor, Admin.PurgeDeadLetters.Input.self,
                Admin.PurgeDeadLetters.Output.self),
            method(
                Admin.RetryDeadLetters.descriptor, Admin.RetryDeadLetters.Input.self,
                Admin.RetryDeadLetters.Output.self),
            method(
                Admin.ListServices.descriptor, Admin.ListServices.Input.self,
                Admin.ListServices.Output.self),
            method(
                Admin.ReportWorkerExit.descriptor, Admin.ReportWorkerExit.Input.self,
                Admin.ReportWorkerExit.Output.self),
            method(
                Supervisor.ListPlugins.descriptor, Supervisor.ListPlugins.Input.self,
                Supervisor.ListPlugins.Output.self),
            method(
                Supervisor.RestartPlugin.descriptor, Supervisor.RestartPlugin.Input.self,
                Supervisor.RestartPlugin.Output.self),
            method(
                Supervisor.Stop.descriptor, Supervisor.Stop.Input.self, Supervisor.Stop.Output.self),
            method(Bus.Read.descriptor, Bus.Read.Input.self, Bus.Read.Output.self),
            method(Health.Check.descriptor, Health.Check.Input.self, Health.Check.Output.self),
            method(Health.Watch.descriptor, Health.Watch.Input.self, Health.Watch.Output.self),
        ]
    }()

    /// Finds a method by "SERVICE/METHOD"; the service may go without its package when that is enough.
    static func find(_ name: String) -> [CallableMethod] {
        all.filter { method in
            method.name.caseInsensitiveCompare(name) == .orderedSame
                || method.name.lowercased().hasSuffix(".\(name.lowercased())")
        }
    }
}

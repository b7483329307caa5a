import GRPCCore
import Testing

@testable import BaridTransport

/// Protocols/7-security §5: what a right allows, and that nothing else is allowed.
struct RightsTests {
    private static func method(_ name: String) -> MethodDescriptor {
        let parts = name.split(separator: "/").map(String.init)
        return MethodDescriptor(fullyQualifiedService: parts[0], method: parts[1])
    }

    @Test(arguments: [
        "", "all", "admin", "publish=a.b.*,publish=t:>", "subscribe=t:g/a.>,subscribe=>",
        "call=a.b.C/D,call=a.>,serve=a.b.C,admin",
    ])
    func readsAndWritesItself(text: String) throws {
        #expect(try Rights(text).description == text)
    }

    @Test(arguments: [
        "publish", "publish=", "publish=g/a", "publish=a..b", "publish=>.a", "publish=a*",
        "subscribe=a/b/c", "subscribe=a:b:c", "call=a/b/c", "call=a/*", "call=a/", "serve=a/b",
        "admin=yes", "all=yes", "root", "publish=a b",
    ])
    func refusesWhatIsNoRight(text: String) {
        let error = #expect(throws: RPCError.self) { try Rights(text) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("'\(text)'") == true)
    }

    @Test(arguments: [
        ("publish=n.a.submitted.v1", "n.a.submitted.v1", "articles", true),
        ("publish=n.a.submitted.v1", "n.a.submitted.v2", "articles", false),
        ("publish=n.*.v1", "n.a.v1", "t", true), ("publish=n.*.v1", "n.a.b.v1", "t", false),
        ("publish=n.>", "n.a.b", "t", true), ("publish=n.>", "n", "t", false),
        ("publish=n.>", "nn.a", "t", false), ("publish=t:>", "x", "t", true),
        ("publish=t:>", "x", "u", false), ("subscribe=>,call=>,serve=>,admin", "x", "t", false),
        ("publish=>", "a.>", "t", false), ("publish=>", "", "t", false), ("all", "x.y", "z", true),
        ("", "x", "t", false),
    ])
    func publishes(rights: String, type: String, topic: String, allowed: Bool) throws {
        #expect(try Rights(rights).mayPublish(type: type, topic: topic) == allowed)
    }

    @Test(
        arguments: [
            ("subscribe=n.>", ["n.a"], "t", "g", true), ("subscribe=n.>", ["n.*"], "t", "g", true),
            ("subscribe=n.>", ["n.>"], "t", "g", true), ("subscribe=n.>", [">"], "t", "g", false),
            ("subscribe=n.>", [], "t", "g", false), ("subscribe=>", [], "t", "g", true),
            ("subscribe=n.*", ["n.>"], "t", "g", false), ("subscribe=n.*", ["n.*"], "t", "g", true),
            ("subscribe=n.*", ["n.a"], "t", "g", true), ("subscribe=n.a", ["n.*"], "t", "g", false),
            ("subscribe=n.a,subscribe=m.b", ["n.a", "m.b"], "t", "g", true),
            ("subscribe=n.a,subscribe=m.b", ["n.a", "m.c"], "t", "g", false),
            ("subscribe=g/>", ["x"], "t", "g", true), ("subscribe=g/>", ["x"], "t", "h", false),
            ("subscribe=g/>", ["x"], "t", nil, false), ("subscribe=>", ["x"], "t", nil, true),
            ("subscribe=u:>", ["x"], "t", "g", false), ("subscribe=>", ["a..b"], "t", "g", false),
            ("publish=>", ["x"], "t", "g", false),
        ] as [(String, [String], String, String?, Bool)])
    func subscribes(
        rights: String, patterns: [String], topic: String, group: String?, allowed: Bool
    ) throws {
        let rights = try Rights(rights)
        #expect(rights.maySubscribe(patterns: patterns, topic: topic, group: group) == allowed)
    }

    @Test(arguments: [
        ("call=a.b.C", "a.b.C/D", true), ("call=a.b.C/D", "a.b.C/D", true),
        ("call=a.b.C/D", "a.b.C/E", false), ("call=a.>", "a.b.C/D", true),
        ("call=a.>", "b.C/D", false), ("", "grpc.health.v1.Health/Check", true),
        ("call=>", "barid.admin.v1.Admin/GetStatus", false),
        ("call=>", "barid.supervisor.v1.Supervisor/StopPlugin", false),
        ("admin", "barid.admin.v1.Admin/GetStatus", true), ("admin", "a.b.C/D", false),
        ("call=>", "barid.bus.v1.EventBus/Publish", false),
        ("publish=x", "barid.bus.v1.EventBus/Publish", true),
        ("publish=x", "barid.bus.v1.EventBus/Read", false),
        ("subscribe=x", "barid.bus.v1.EventBus/Subscribe", true),
        ("call=x", "grpc.reflection.v1.ServerReflection/ServerReflectionInfo", true),
        ("serve=x", "grpc.reflection.v1.ServerReflection/ServerReflectionInfo", false),
        ("serve=x", "barid.reflection.v1.Registry/Register", true),
        ("call=>", "barid.reflection.v1.Registry/Register", false),
    ])
    func calls(rights: String, method: String, allowed: Bool) throws {
        #expect(try Rights(rights).mayCall(Self.method(method)) == allowed)
    }

    @Test(arguments: [
        ("serve=a.b.C", "a.b.C", true), ("serve=a.>", "b.C", false), ("call=>", "a.b.C", false),
        ("serve=>", "barid.supervisor.v1.Supervisor", false),
        ("serve=>", "barid.admin.v1.Admin", false),
        ("admin", "barid.supervisor.v1.Supervisor", true),
    ])
    func serves(rights: String, service: String, allowed: Bool) throws {
        #expect(try Rights(rights).mayServe(service) == allowed)
    }
}

public import BaridSchema

extension EventEnvelope {
    /// Reads a CloudEvents protobuf message; Protocols/3-events.md §6.
    ///
    /// - Parameter cloudEvent: The event in the form other tools know.
    /// - Throws: `RPCError` with code `.invalidArgument` if it is not a CloudEvent of version 1.0.
    public init(_ cloudEvent: Io_Cloudevents_V1_CloudEvent) throws {
        do throws(EventError) {
            try self.init(mapping: cloudEvent)
        } catch {
            throw error.rpcError
        }
    }

    /// The event as a CloudEvents protobuf message.
    ///
    /// - Returns: A message that reads back as the same event.
    /// - Throws: `RPCError` with code `.invalidArgument` if the event is not a valid CloudEvent.
    public func cloudEvent() throws -> Io_Cloudevents_V1_CloudEvent {
        do throws(EventError) {
            return try mapped()
        } catch {
            throw error.rpcError
        }
    }

    init(mapping cloudEvent: Io_Cloudevents_V1_CloudEvent) throws(EventError) {
        guard cloudEvent.specVersion == "1.0" else { throw .specVersion(cloudEvent.specVersion) }
        self.init(id: cloudEvent.id, source: cloudEvent.source, type: cloudEvent.type)
        for (name, value) in cloudEvent.attributes {
            let attribute = Barid_Bus_V1_Attribute(value)
            if NamedAttribute.claims(attribute, named: name) {
                NamedAttribute.assign(attribute, named: name, to: &message)
            } else {
                message.extensions[name] = attribute
            }
        }
        switch cloudEvent.data {
        case .binaryData(let bytes): message.binaryData = bytes
        case .textData(let text): message.textData = text
        case .protoData(let packed): message.protoData = packed
        case nil: break
        }
        try checkAttributes()
    }

    func mapped() throws(EventError) -> Io_Cloudevents_V1_CloudEvent {
        try checkAttributes()
        var cloudEvent = Io_Cloudevents_V1_CloudEvent()
        cloudEvent.specVersion = "1.0"
        cloudEvent.id = id
        cloudEvent.source = source
        cloudEvent.type = type
        for (name, attribute) in attributes {
            cloudEvent.attributes[name] = Io_Cloudevents_V1_CloudEvent.CloudEventAttributeValue(
                attribute)
        }
        switch message.data {
        case .binaryData(let bytes): cloudEvent.binaryData = bytes
        case .textData(let text): cloudEvent.textData = text
        case .protoData(let packed): cloudEvent.protoData = packed
        case nil: break
        }
        return cloudEvent
    }

    /// Every attribute but the required ones, named fields first, in a fixed order.
    var attributes: [(name: String, value: Barid_Bus_V1_Attribute)] {
        var attributes: [(name: String, value: Barid_Bus_V1_Attribute)] = []
        if let time { attributes.append(("time", .with { $0.timestamp = time })) }
        if let expiryTime { attributes.append(("expirytime", .with { $0.timestamp = expiryTime })) }
        for named in NamedAttribute.optionalText {
            let text = message[keyPath: named.path]
            guard !text.isEmpty else { continue }
            attributes.append(
                (named.name, .with { if named.isURI { $0.uri = text } else { $0.string = text } }))
        }
        for (name, value) in message.extensions.sorted(by: { $0.key < $1.key }) {
            attributes.append((name, value))
        }
        return attributes
    }
}

extension Barid_Bus_V1_Attribute {
    fileprivate init(_ value: Io_Cloudevents_V1_CloudEvent.CloudEventAttributeValue) {
        self.init()
        switch value.attr {
        case .ceBoolean(let boolean): self.boolean = boolean
        case .ceInteger(let integer): self.integer = integer
        case .ceString(let string): self.string = string
        case .ceBytes(let bytes): self.bytes = bytes
        case .ceUri(let uri): self.uri = uri
        case .ceUriRef(let uri): self.uriReference = uri
        case .ceTimestamp(let time): self.timestamp = time
        case nil: break
        }
    }
}

extension Io_Cloudevents_V1_CloudEvent.CloudEventAttributeValue {
    fileprivate init(_ attribute: Barid_Bus_V1_Attribute) {
        self.init()
        switch attribute.value {
        case .boolean(let boolean): ceBoolean = boolean
        case .integer(let integer): ceInteger = integer
        case .string(let string): ceString = string
        case .bytes(let bytes): ceBytes = bytes
        case .uri(let uri): ceUri = uri
        case .uriReference(let uri): ceUriRef = uri
        case .timestamp(let time): ceTimestamp = time
        case nil: break
        }
    }
}

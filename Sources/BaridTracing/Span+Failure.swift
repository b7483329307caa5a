public import GRPCCore

extension Span {
    /// Says that it failed, and why.
    ///
    /// - Parameter error: The error.
    public mutating func fail(_ error: RPCError) {
        attributes.append(("error.type", .text(error.code.title)))
        failure = error.message
    }
}

extension RPCError.Code {
    /// The name as gRPC writes it: `INVALID_ARGUMENT`.
    public var title: String {
        // Swift cannot call a case `internal` without ado.
        guard self != .internalError else { return "INTERNAL" }
        return description.reduce(into: "") { name, letter in
            if letter.isUppercase { name += "_" }
            name += letter.uppercased()
        }
    }
}

import GRDB

extension Row {
    /// Returns a value, or says that the file is damaged: GRDB's own subscript would trap.
    ///
    /// - Parameter column: A column of the row.
    /// - Returns: Its value.
    /// - Throws: `DatabaseError` when it is null or of another type.
    func value<Value: DatabaseValueConvertible>(_ column: String) throws -> Value {
        guard let value = try optional(column, as: Value.self) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "\(column) is null")
        }
        return value
    }

    /// Returns a value that may be null, or says that the file is damaged.
    ///
    /// - Parameters:
    ///   - column: A column of the row.
    ///   - type: The type it should have.
    /// - Returns: Its value; nil when it is null.
    /// - Throws: `DatabaseError` when it is of another type.
    func optional<Value: DatabaseValueConvertible>(
        _ column: String, as type: Value.Type = Value.self
    ) throws -> Value? {
        let stored: DatabaseValue = self[column]
        guard !stored.isNull else { return nil }
        guard let value = Value.fromDatabaseValue(stored) else {
            throw DatabaseError(
                resultCode: .SQLITE_CORRUPT, message: "\(column) holds no \(Value.self)")
        }
        return value
    }
}

import Maintenance

/// A Swift type that a column can be read as.
package protocol ColumnValue: Sendable {
    /// Nil if a column of this type, or this text, is no such value. NULL is nil text.
    init?(columnText: String?, type: UInt32)
}

/// Object ids of types that are the same on every server (pg_type.dat).
enum BuiltInType {
    static let bool: UInt32 = 16, bytea: UInt32 = 17, int8: UInt32 = 20, int2: UInt32 = 21, int4: UInt32 = 23
    static let oid: UInt32 = 26, xid: UInt32 = 28, float4: UInt32 = 700, float8: UInt32 = 701, numeric: UInt32 = 1700
    static let date: UInt32 = 1082, timestamp: UInt32 = 1114, timestamptz: UInt32 = 1184, interval: UInt32 = 1186
    static let text: UInt32 = 25, name: UInt32 = 19, varchar: UInt32 = 1043, xid8: UInt32 = 5069

    static let integers: Set<UInt32> = [int2, int4, int8, oid, xid, xid8]

    static func name(_ type: UInt32) -> String { names[type] ?? "with oid \(type)" }

    private static let names: [UInt32: String] = [
        bool: "boolean", bytea: "bytea", int8: "bigint", int2: "smallint", int4: "integer", oid: "oid", xid: "xid",
        float4: "real", float8: "double precision", numeric: "numeric", date: "date", timestamp: "timestamp",
        timestamptz: "timestamptz", interval: "interval", text: "text", name: "name", varchar: "varchar",
        xid8: "xid8", 1009: "text[]", 1007: "integer[]", 1016: "bigint[]", 1003: "name[]", 3802: "jsonb", 114: "json",
        2950: "uuid", 18: "\"char\"", 2205: "regclass", 3220: "pg_lsn",
    ]
}

/// Any type, as PostgreSQL writes it.
extension String: ColumnValue {
    package init?(columnText: String?, type: UInt32) {
        guard let columnText else { return nil }
        self = columnText
    }
}

extension ColumnValue where Self: FixedWidthInteger {
    package init?(columnText: String?, type: UInt32) {
        guard BuiltInType.integers.contains(type) || type == BuiltInType.numeric else { return nil }
        guard let columnText, let value = Self(columnText) else { return nil }
        self = value
    }
}

extension Int: ColumnValue {}
extension Int32: ColumnValue {}
extension Int64: ColumnValue {}
extension UInt32: ColumnValue {}
extension UInt64: ColumnValue {}

extension Double: ColumnValue {
    package init?(columnText: String?, type: UInt32) {
        let numbers = BuiltInType.integers.union([BuiltInType.float4, BuiltInType.float8, BuiltInType.numeric])
        guard numbers.contains(type), let columnText, let value = Double(columnText) else { return nil }
        self = value
    }
}

extension Bool: ColumnValue {
    package init?(columnText: String?, type: UInt32) {
        guard type == BuiltInType.bool, let columnText else { return nil }
        self = columnText == "t"
    }
}

/// Of `timestamptz`, `timestamp` (taken as UTC) and `date`, under the session's ISO style and UTC.
extension Timestamp: ColumnValue {
    package init?(columnText: String?, type: UInt32) {
        guard let columnText else { return nil }
        switch type {
        case BuiltInType.date: self.init(iso8601: "\(columnText)T00:00:00Z")
        case BuiltInType.timestamp: self.init(iso8601: "\(columnText.replacing(" ", with: "T"))Z")
        case BuiltInType.timestamptz:
            guard columnText.hasSuffix("+00") else { return nil }
            self.init(iso8601: "\(columnText.dropLast(3).replacing(" ", with: "T"))Z")
        default: return nil
        }
    }
}

extension Bytes: ColumnValue {
    package init?(columnText: String?, type: UInt32) {
        guard type == BuiltInType.bytea, let columnText, columnText.hasPrefix("\\x") else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in columnText.utf8.dropFirst(2) {
            guard let value = Character(Unicode.Scalar(digit)).hexDigitValue.map(UInt8.init) else { return nil }
            if let first = high { bytes.append(first << 4 | value) }
            high = high == nil ? value : nil
        }
        self.init(bytes)
    }
}

/// NULL is nil; anything else has to be a value of the wrapped type.
extension Optional: ColumnValue where Wrapped: ColumnValue {
    package init?(columnText: String?, type: UInt32) {
        guard let columnText else {
            self = Optional<Wrapped>.none
            return
        }
        guard let value = Wrapped(columnText: columnText, type: type) else { return nil }
        self = Optional<Wrapped>.some(value)
    }
}

/// Of an array of one dimension without NULLs (PostgreSQL manual, "Array Input and Output Syntax").
extension Array: ColumnValue where Element: ColumnValue {
    package init?(columnText: String?, type: UInt32) {
        guard let columnText, let texts = Self.elements(columnText) else { return nil }
        var values: [Element] = []
        for text in texts {
            guard let value = Element(columnText: text, type: Self.elementType(type)) else { return nil }
            values.append(value)
        }
        self = values
    }

    private static func elementType(_ type: UInt32) -> UInt32 {
        switch type {
        case 1000: BuiltInType.bool
        case 1005: BuiltInType.int2
        case 1007: BuiltInType.int4
        case 1016: BuiltInType.int8
        case 1028: BuiltInType.oid
        case 1021: BuiltInType.float4
        case 1022: BuiltInType.float8
        default: BuiltInType.text
        }
    }

    private static func elements(_ text: String) -> [String?]? {
        guard text.hasPrefix("{"), text.hasSuffix("}") else { return nil }
        var result: [String?] = []
        var bytes = text.utf8.dropFirst()
        while let first = bytes.first, first != UInt8(ascii: "}") {
            var element: [UInt8] = []
            let isQuoted = first == UInt8(ascii: "\"")
            if isQuoted { bytes.removeFirst() }
            while let byte = bytes.popFirst() {
                if byte == UInt8(ascii: "\\"), let next = bytes.popFirst() {
                    element.append(next)
                } else if isQuoted, byte == UInt8(ascii: "\"") {
                    bytes = bytes.first == UInt8(ascii: ",") ? bytes.dropFirst() : bytes
                    break
                } else if !isQuoted, byte == UInt8(ascii: ",") {
                    break
                } else if !isQuoted, byte == UInt8(ascii: "}") {
                    bytes = "}".utf8[...]
                    break
                } else if !isQuoted, byte == UInt8(ascii: "{") {
                    return nil
                } else {
                    element.append(byte)
                }
            }
            let value = String(decoding: element, as: UTF8.self)
            result.append(!isQuoted && value == "NULL" ? nil : value)
        }
        return result
    }
}

extension StringProtocol {
    /// By bytes, as `replacingBytes(of:with:)`: a sign that an accent follows is that sign to everybody but Swift.
    package func containsBytes(_ wanted: String) -> Bool { utf8.firstRange(of: wanted.utf8) != nil }
}

extension String {
    /// By bytes: for Swift a quote and an accent behind it are one character, which is no quote, and for PostgreSQL, a shell
    /// or a file's reader they are two. Everything that is quoted is quoted by this.
    package func replacingBytes(of wanted: String, with replacement: String) -> String {
        let needle = Array(wanted.utf8)
        guard let first = needle.first else { return self }
        let bytes = Array(utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var position = 0
        while position < bytes.count {
            if bytes[position] == first, bytes[position...].starts(with: needle) {
                result += replacement.utf8
                position += needle.count
            } else {
                result.append(bytes[position])
                position += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

/// What may stand between `<` and `>` of an envelope without ending it.
package enum MailAddress {
    package static func isValid(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, text.utf8.count <= 254 else { return false }
        let isLocal = parts[0].allSatisfy { isWord($0) || "!#$%&'*+/=?^_`{|}~.-".utf8.contains($0) }
        return isLocal && parts[1].allSatisfy { isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }
}

import Glibc

/// What strerror(3) says about an error number, as a clause: `permission denied`.
package func systemReason(_ number: Int32) -> String {
    let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer -> String in
        guard let base = buffer.baseAddress, strerror_r(number, base, buffer.count) == 0 else {
            return "error \(number)"
        }
        return String(cString: base)
    }
    return text.prefix(1).lowercased() + text.dropFirst()
}

/// A version of the server or of a client program: major and minor, as PostgreSQL counts since 10.
package struct PostgreSQLVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var major: Int
    package var minor: Int

    package init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// From libpq's and `server_version_num`'s number: 150018 is 15.18.
    package init(number: Int) { self.init(major: number / 10_000, minor: number % 10_000) }

    /// From what a program prints for `--version`: `pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, `18beta1`.
    package init?(programOutput text: String) {
        guard let name = text.firstRange(of: "PostgreSQL) ") else { return nil }
        let rest = text[name.upperBound...]
        guard let major = Int(rest.prefix { $0.isASCII && $0.isNumber }) else { return nil }
        let afterMajor = rest.drop { $0.isASCII && $0.isNumber }
        let minor = afterMajor.first == "." ? afterMajor.dropFirst().prefix { $0.isASCII && $0.isNumber } : "0"
        self.init(major: major, minor: Int(minor) ?? 0)
    }

    /// As `server_version_num` has it.
    package var number: Int { major * 10_000 + minor }

    package var description: String { "\(major).\(minor)" }

    package static func < (left: PostgreSQLVersion, right: PostgreSQLVersion) -> Bool { left.number < right.number }
}

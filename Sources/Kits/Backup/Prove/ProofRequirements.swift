import Glibc
import Maintenance
import Outside
import PostgreSQL

/// What a proof needs of this host: asked before anything starts, and of the cluster before anything is restored. What
/// is missing leaves the backup unproven, with the line that installs it; it says nothing against the backup.
struct ProofRequirements: Sendable {
    let backup: BackupOutline

    /// A server reads what its own pg_dump wrote, and what an older one did.
    var major: Int {
        max(
            PostgreSQLVersion(number: backup.source.serverVersion).major,
            PostgreSQLVersion(number: backup.programVersion).major)
    }

    /// What the restored database takes, and room for sorting; WAL is skipped.
    var space: ByteCount { ByteCount(backup.source.size.bytes / 5 * 6 + 256 * 1_048_576) }

    /// - Throws: `FileError`.
    func gaps(inWorkDirectory path: String) throws -> [Comparison.Gap] {
        var gaps: [Comparison.Gap] = []
        let free = try SafeDirectory(path).availableSpace()
        if free < space {
            gaps.append(
                .init(
                    "'\(path.printable)' has \(free) free, and the restored database needs \(space)",
                    hint: "Free some space, or name another directory in 'backups.work'."))
        }
        for name in Set([backup.source.collation, backup.source.characterType]).sorted() {
            if let gap = Self.gap(locale: name) { gaps.append(gap) }
        }
        return gaps
    }

    /// Nil where the host has it.
    static func gap(locale name: String) -> Comparison.Gap? {
        guard !["C", "POSIX", ""].contains(name) else { return nil }
        if let locale = newlocale(1 << LC_CTYPE | 1 << LC_COLLATE, name, nil) {
            freelocale(locale)
            return nil
        }
        return .init(
            "the locale '\(name.printable)' is not on this host",
            hint: "Install it: apt-get install locales-all (or add it to /etc/locale.gen and run locale-gen)")
    }

    /// What the server lacks.
    ///
    /// - Parameters:
    ///   - collations: by name, those that the schema uses by libc's names.
    ///   - isOnThisHost: whether our own locales are the server's.
    ///   - query: asks the server.
    /// - Throws: what `query` throws.
    func gaps(
        on version: PostgreSQLVersion, _ collations: CollationUses, isOnThisHost: Bool = true,
        _ query: (SurveySQL) async throws -> Rows
    ) async throws -> (gaps: [Comparison.Gap], notes: [String]) {
        var gaps: [Comparison.Gap] = []
        var notes: [String] = []
        let rows = try await query(
            """
            select name::text as name, default_version as newest,
                array(select version from pg_catalog.pg_available_extension_versions v where v.name = e.name) as versions
            from pg_catalog.pg_available_extensions e
            """)
        let available = Dictionary(
            try rows.map { row in
                (try row["name", as: String.self], (try row["newest"] as String?, try row["versions"] as [String]))
            }
        ) { first, _ in first }
        for wanted in backup.extensions {
            guard let (newest, versions) = available[wanted.name] else {
                gaps.append(Self.gap(extension: wanted.name, major: version.major))
                continue
            }
            if newest != wanted.version {
                let there = versions.contains(wanted.version) ? "also there" : "not there"
                notes.append(
                    "extension \(wanted.name.displayedIdentifier) was \(wanted.version.printable) and is restored as "
                        + "\((newest ?? "?").printable); \(wanted.version.printable) is \(there)")
            }
        }
        let known = try await query(
            """
            select collname::text as name, collprovider = 'i' as is_icu from pg_catalog.pg_collation
            where collnamespace = 'pg_catalog'::regnamespace
                and collencoding in (-1, pg_catalog.pg_char_to_encoding(\(backup.source.encoding)))
            """
        ).map { (name: try $0["name", as: String.self], isICU: try $0["is_icu", as: Bool.self]) }
        let names = Set(known.map(\.name))
        for name in collations.predefined.subtracting(names).sorted() {
            gaps.append(
                (isOnThisHost ? Self.gap(locale: name) : nil)
                    ?? .init(
                        "the collation '\(name.printable)' is not known to PostgreSQL \(version) \(isOnThisHost ? "here" : "there")",
                        hint: "Install it: apt-get install locales-all"))
        }
        if isOnThisHost { gaps += collations.locales.sorted().compactMap(Self.gap(locale:)) }
        if collations.needsICU || backup.source.localeProvider == "i", !known.contains(where: \.isICU) {
            gaps.append(
                .init(
                    "PostgreSQL \(version) here was built without ICU",
                    hint: "Install a server that has it: apt-get install postgresql-\(version.major)"))
        }
        return (gaps, notes)
    }

    static func gap(extension name: String, major: Int) -> Comparison.Gap {
        let hint =
            if let package = ExtensionPackages.package(of: name, major: major) {
                "Install it: apt-get install \(package)"
            } else {
                "Find its package: apt-file search \("extension/\(name).control".shellQuoted.printable)"
            }
        return .init(
            "the extension '\(name.printable)' is not installed on this host for PostgreSQL \(major)", hint: hint)
    }
}

/// The collations that a schema uses and a host may lack.
struct CollationUses: Hashable, Sendable {
    /// Of `pg_catalog`, where initdb put those of the host.
    var predefined: Set<String> = []
    /// libc's, of the schema's own collations.
    var locales: Set<String> = []
    var needsICU = false

    mutating func add(_ entry: CatalogEntry) {
        // Of many thousand entries few name one, and the expressions below are costly.
        guard entry.kind == "collation" || entry.fact.containsBytes("COLLATE") || entry.fact.containsBytes("collate")
        else { return }
        if entry.kind == "collation" {
            if entry.fact.contains("provider i") { needsICU = true }
            if entry.fact.contains("provider c"), let locale = entry.fact.firstMatch(of: /; locale ([^;]*)/) {
                locales.insert(String(locale.output.1))
            }
        }
        for match in entry.fact.matches(of: /(?i)collate "pg_catalog"\."((?:[^"]|"")*)"/) {
            predefined.insert(String(match.output.1).replacingBytes(of: "\"\"", with: "\""))
        }
    }
}

extension Complaint {
    /// What this host lacks, where the complaint is about that; nil for an error of the restore itself.
    func gap(major: Int) -> Comparison.Gap? {
        if let match = text.firstMatch(of: /extension "([^"]+)" (?:is not available|must be loaded)/) {
            return ProofRequirements.gap(extension: String(match.output.1), major: major)
        }
        if let match = text.firstMatch(of: /could not open extension control file ".*\/([^\/"]+)\.control"/) {
            return ProofRequirements.gap(extension: String(match.output.1), major: major)
        }
        if let match = text.firstMatch(of: /could not create locale "([^"]+)"/) {
            return ProofRequirements.gap(locale: String(match.output.1))
                ?? .init(text, hint: "Install it: apt-get install locales-all")
        }
        if text.contains(/collation "[^"]+" for encoding "[^"]+" does not exist/) || text.contains(/invalid .*locale/) {
            return .init(text, hint: "Install it: apt-get install locales-all")
        }
        if text.contains("ICU is not supported in this build") || text.contains("unsupported XML feature") {
            return .init(text, hint: "Install a server that has it: apt-get install postgresql-\(major)")
        }
        if let match = text.firstMatch(of: /could not access file "([^"]+)": No such file/) {
            return .init(
                text,
                hint: "Find its package: apt-file search \("\(match.output.1)".shellQuoted.printable)")
        }
        if text.containsBytes("database locale is incompatible with operating system") {
            return .init(text, hint: "Install it: apt-get install locales-all")
        }
        if text.contains("No space left on device") {
            return .init(text, hint: "Free some space, or name another directory in 'backups.work'.")
        }
        return nil
    }
}

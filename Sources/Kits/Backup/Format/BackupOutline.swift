/// What a restore has to know before the first row comes: of a whole backup, or of one that is still being made.
struct BackupOutline: Sendable {
    var source: BackupManifest.Source
    /// Of pg_dump, as `server_version_num`.
    var programVersion: Int
    var extensions: [BackupManifest.Extension]
    var roles: [String]
    var tables: Int
}

extension BackupManifest {
    var outline: BackupOutline {
        BackupOutline(
            source: source, programVersion: program.version, extensions: extensions, roles: roles.names,
            tables: tables.count)
    }
}

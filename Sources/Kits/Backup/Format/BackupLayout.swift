/// The names inside a backup's directory.
package enum BackupLayout {
    package static let manifest = "manifest.json"
    package static let signature = "signature.json"
    package static let instructions = "RESTORE.txt"
    package static let roles = "roles.sql"
    package static let catalog = "catalog.json.zst"
    /// pg_dump's directory, every file but `toc.dat` compressed.
    package static let database = "database"
    package static let contents = "database/toc.dat"
    /// Where pg_dump writes while a backup is made; gone when it is whole.
    static let plain = "dump"
}

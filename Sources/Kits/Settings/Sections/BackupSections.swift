import Maintenance

enum BackupSections {
    static var format: Format<BackupSettings> {
        let standard = BackupSettings()
        let age = Format.duration(.seconds(60)...(.seconds(3_660 * 86_400)))
        let own: [Key<BackupSettings>] = [
            Key("directory", \.directory, .path, "Where they go; without it, under the state directory."),
            Key(
                "key", \.key, .path,
                "The file of the key that signs them; without it, 'backup.key' under the state directory."),
            Key(
                "former-keys", \.formerKeys, .list(of: .path),
                "Files of keys that signed before it: what they signed is still believed."),
            Key(
                "certificate-key", \.certificateKey, .path,
                "The file of the key that signs certificates for outsiders (ECDSA, P-256); without it, "
                    + "'certificate.key' under the state directory."),
            Key(
                "certificate-pdf", \.certificatePDF, .boolean, standard: false,
                "Whether each certificate is written as PDF too, by WeasyPrint."),
            Key(
                "work", \.work, .path,
                "Where they are restored to be proved, as large as the largest database; without it, under /var/tmp."
            ),
            Key(
                "jobs", \.jobs, .integer(1...64), standard: standard.jobs,
                "How many tables are read, and restored, at once."),
            Key(
                "compression-level", \.level, .integer(1...19), standard: standard.level,
                "zstd's level: higher is smaller and slower."),
            Key(
                "read-twice", \.readTwice, .integer(0...100), standard: standard.readTwice,
                "Percent of the rows that each backup reads a second time, to check pg_dump; another part each time."
            ),
            Key(
                "prove-within", \.proveWithin, age, standard: standard.proveWithin,
                "How long a certificate counts."),
            Key(
                "storage", \.storage, StorageSections.format,
                "Where else every backup lies: restic repositories, which are encrypted."),
            Key(
                "files", \.files, FileBackupSections.format,
                "Configuration files and application trees that go into these repositories, by name."),
        ]
        return Section<BackupSettings>(
            prototype: { _ in BackupSettings() },
            keys: own + BackupPolicySection.keys.map { Key<BackupSettings>($0, in: \.policy) },
            later: BackupPolicySection.later.subtracting(["storage"])
        ).format
    }
}

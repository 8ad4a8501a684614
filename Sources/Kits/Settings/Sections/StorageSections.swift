import Maintenance

/// `backups.storage`: where copies of every backup lie.
enum StorageSections {
    static var format: Format<StorageSettings> {
        Section<StorageSettings>(
            prototype: { _ in StorageSettings() },
            keys: [
                Key("primary", \.primaryNames, primary, "The directory of the backups itself, 'backups.directory'."),
                Key("secondary", \.secondary, repository, "A second place for every backup, near the first."),
                Key("offsite", \.offsite, repository, "A place that is lost with none of the others."),
            ],
            later: ["tertiary", "archive", "tape"],
            rules: [.atLeastOne(["primary", "secondary", "offsite"])]
        ).format
    }

    private static var primary: Format<[String]> {
        let section = Section<PrimaryDraft>(
            prototype: { _ in PrimaryDraft() },
            keys: [Key("called", \.names, .oneOrMore(.text), isRequired: true, called)],
            later: ["repository", "password", "encryption"])
        return MappedSection<[String]>(section) { draft, _, _, _ in
            draft.names
        } writing: { names in
            PrimaryDraft(names: names.isEmpty ? nil : names)
        }.format
    }

    private static let called = "What the guides of a team call it: 'backup configure' knows it by these words."

    private static var price: Format<StoragePrice> {
        let words = "an amount and its currency, such as 0.023 EUR"
        return Format(
            shape: .scalar(
                words: words, schema: ["type": "string", "pattern": "^[0-9]{1,9}(\\.[0-9]+)? [A-Z]{3}$"]),
            read: { tree, keyPath, reading in
                guard case .scalar(let text, _) = tree.value, let price = StoragePrice(text) else {
                    reading.refuse(tree, keyPath, "is no price", allowed: words)
                    return nil
                }
                return price
            }, write: { .plain($0.description) })
    }

    private static var repository: Format<RepositorySettings> {
        let schemes = ["sftp:", "s3:", "azure:", "gs:", "rest:", "b2:", "swift:", "rclone:", "local:/", "/"]
        let words =
            "a restic repository: an absolute path, or \(schemes.dropLast(2).map { "\($0)…" }.joined(separator: ", "))"
        let section = Section<RepositoryDraft>(
            prototype: { _ in RepositoryDraft() },
            keys: [
                Key(
                    "repository", \.repository,
                    .configured(
                        words, .repository, pattern: "^(\(schemes.joined(separator: "|"))|\\$\\{|file:/|command:)"
                    ) { text in
                        guard case .template = text.source, !text.literalPrefix.isEmpty else { return nil }
                        if schemes.contains(where: { text.literalPrefix.hasPrefix($0) }) { return nil }
                        return "this is no restic repository"
                    }, isRequired: true, "Where it is."),
                Key(
                    "password", \.password, .configured("a password", .whole), isRequired: true,
                    "What it is encrypted with. Without it nobody can read the copies: keep it in another place too."),
                Key(
                    "environment", \.environment, .dictionary("variable", .configured("a value", .whole)),
                    "Environment variables for restic: the storage's credentials, such as AWS_ACCESS_KEY_ID."),
                Key("called", \.names, .oneOrMore(.text), called),
                Key("region", \.region, .text, "What people call the place; shown with the copies."),
                Key(
                    "price", \.price, price,
                    "What 1 GB costs there a month; the report about backups says what its copies cost."),
                Key(
                    "upload-limit", \.uploadLimit, .size(ByteCount(1_024)...ByteCount(1 << 50)),
                    "At most so much a second."),
                Key("sftp-command", \.sftpCommand, .text, "What reaches an SFTP server: ssh -p 2222 … -s sftp"),
                Key(
                    "give-up-after", \.giveUpAfter, .duration(.seconds(5)...(.seconds(86_400))),
                    standard: .seconds(900), "A storage that takes nothing for so long counts as gone."),
                Key(
                    "append-only", \.isAppendOnly, .boolean, standard: false,
                    "Whether the storage itself refuses to remove anything for this host: declared, and relied on by "
                        + "'dr test --scenario=ransomware'."),
            ],
            later: ["retention", "keep", "schedule", "endpoint", "bucket", "type", "download-limit", "encryption"])
        return MappedSection<RepositorySettings>(section) { draft, _, _, _ in
            guard let repository = draft.repository, let password = draft.password else { return nil }
            var settings = RepositorySettings(repository: repository, password: password)
            settings.environment = draft.environment
            settings.names = draft.names
            settings.region = draft.region
            settings.price = draft.price
            settings.uploadLimit = draft.uploadLimit
            settings.sftpCommand = draft.sftpCommand
            settings.giveUpAfter = draft.giveUpAfter
            settings.isAppendOnly = draft.isAppendOnly
            return settings
        } writing: { settings in
            RepositoryDraft(settings)
        }.format
    }
}

private struct PrimaryDraft: Sendable {
    var names: [String]?
}

private struct RepositoryDraft: Sendable {
    var names: [String] = []
    var repository: ConfiguredText?
    var password: ConfiguredText?
    var environment: [String: ConfiguredText] = [:]
    var region: String?
    var price: StoragePrice?
    var uploadLimit: ByteCount?
    var sftpCommand: String?
    var giveUpAfter = Duration.seconds(900)
    var isAppendOnly = false

    init() {}

    init(_ settings: RepositorySettings) {
        repository = settings.repository
        password = settings.password
        environment = settings.environment
        names = settings.names
        region = settings.region
        price = settings.price
        uploadLimit = settings.uploadLimit
        sftpCommand = settings.sftpCommand
        giveUpAfter = settings.giveUpAfter
        isAppendOnly = settings.isAppendOnly
    }
}

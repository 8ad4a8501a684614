import Maintenance

/// Where copies of backups lie, in the guides' words. The first place, their `primary`, is `backups.directory`.
package struct StorageSettings: Sendable, Equatable {
    /// What a team's own documents call `backups.directory`.
    package var primaryNames: [String] = []
    package var secondary: RepositorySettings?
    /// Not where the databases are.
    package var offsite: RepositorySettings?

    package init() {}

    /// Those that are configured, by name, the nearest first.
    package var repositories: [(name: String, settings: RepositorySettings)] {
        [("secondary", secondary), ("offsite", offsite)].compactMap { name, settings in settings.map { (name, $0) } }
    }

    /// What a guide's word for one of the three places may be; nil where nothing is configured there.
    func names(of place: String) -> [String]? {
        place == "primary" ? primaryNames : repositories.first { $0.name == place }?.settings.names
    }
}

/// A restic repository, and how it is reached.
package struct RepositorySettings: Sendable, Equatable {
    /// As restic names it: a path, `sftp:…`, `s3:…`, `azure:…`, `gs:…`, `rest:…`, `b2:…`, `swift:…`, `rclone:REMOTE:…`.
    package var repository: ConfiguredText
    package var password: ConfiguredText
    /// What the storage's own library reads.
    package var environment: [String: ConfiguredText] = [:]
    /// What a team's own documents call it.
    package var names: [String] = []
    /// What people call the place.
    package var region: String?
    package var price: StoragePrice?
    /// In a second.
    package var uploadLimit: ByteCount?
    /// Run to reach an SFTP server, instead of `ssh`.
    package var sftpCommand: String?
    /// Nothing has to be taken for so long before it is given up.
    package var giveUpAfter = Duration.seconds(900)
    /// Declared: what lies there cannot be removed with what this host knows.
    package var isAppendOnly = false

    package init(repository: ConfiguredText, password: ConfiguredText) {
        self.repository = repository
        self.password = password
    }

    /// Whether it is a directory of this machine, as far as that can be told before variables are filled in.
    package var isDirectory: Bool {
        let text = repository.literalPrefix
        return text.hasPrefix("/") || text.hasPrefix("local:")
    }
}

/// What a storage costs.
package struct StoragePrice: Sendable, Hashable {
    /// Of 2^30 bytes for a month, as providers bill them.
    package var amount: Double
    /// ISO 4217: `EUR`.
    package var currency: String

    package init(amount: Double, currency: String) {
        self.amount = amount
        self.currency = currency
    }

    /// `0.023 EUR`; nil for any other text.
    package init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 2, let amount = Double(words[0]), amount.isFinite, amount >= 0, amount < 1e9,
            words[0].utf8.allSatisfy({ ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2E }), words[1].utf8.count == 3,
            words[1].utf8.allSatisfy({ $0 >= 0x41 && $0 <= 0x5A })
        else { return nil }
        self.init(amount: amount, currency: String(words[1]))
    }

    package var description: String {
        let number = amount == amount.rounded() ? String(Int64(amount)) : String(amount)
        return "\(number) \(currency)"
    }

    /// Of so much, for a month.
    package func cost(of size: ByteCount) -> Double { Double(size.bytes) / 1_073_741_824 * amount }
}

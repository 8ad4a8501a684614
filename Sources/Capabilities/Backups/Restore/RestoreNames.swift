import Backup

/// What databases are called on the way of a restore. A plan shows `RUNID` where the number of the run will stand.
struct RestoreNames {
    /// While it is restored and compared; names run and step, so that it is known for ours.
    let temporary: String
    /// Of the one that is replaced, from then on.
    let replaced: String
    let final: String

    static let prefix = "mainstay_restore_"
    /// PostgreSQL cuts names after that (`NAMEDATALEN`, manual, "Identifiers and Key Words").
    private static let longest = 63

    init(final: String, runID: String, step: Int) {
        temporary = "\(Self.prefix)\(runID)_\(step)"
        replaced = Self.cut(final, ending: "_before_\(runID)")
        self.final = final
    }

    /// Of a new database where nobody said one: `shop_20261121T020000Z`.
    static func beside(_ database: String, _ backup: BackupID) -> String {
        cut(database, ending: "_" + backup.description.prefix { $0 != "-" })
    }

    /// By scalars, so that no character is cut in two.
    private static func cut(_ text: String, ending: String) -> String {
        var name = ""
        for scalar in text.unicodeScalars {
            guard name.utf8.count + scalar.utf8.count + ending.utf8.count <= longest else { break }
            name.unicodeScalars.append(scalar)
        }
        return name + ending
    }

    /// As a plan shows them.
    static func planned(_ final: String) -> RestoreNames { RestoreNames(final: final, runID: "RUNID", step: 1) }

    /// Run and step of a name of ours.
    static func maker(of name: String) -> (runID: String, step: Int)? {
        guard name.utf8.starts(with: prefix.utf8) else { return nil }
        let rest = name.utf8.dropFirst(prefix.utf8.count)
        guard let mark = rest.lastIndex(of: UInt8(ascii: "_")), let runID = String(rest[..<mark]),
            let step = String(rest[rest.index(after: mark)...]).flatMap({ Int($0) }),
            runID.wholeMatch(of: /[0-9]{8}-[0-9]{6}-[0-9a-z]{5}/) != nil
        else { return nil }
        return (runID, step)
    }
}

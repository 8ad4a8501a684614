import Backup
import Engine
import Maintenance
import Outside
import Settings

extension BackupPlace {
    /// How far the database is proved by parts; nil where its policy does not divide it.
    func rotation(_ look: Look) async throws -> Rotation? {
        guard let parts = look.inventory.backupPolicy(of: look.target).verification?.value.parts else { return nil }
        guard let key = try await key() else { return Rotation(parts, [], at: look.clock.now()) }
        return try await Blocking().run { _ in
            // What was extracted is of another moment than the nights.
            let backups = try folder.backups(key: key).prefix(Self.asFarBack(parts)).filter {
                $0.manifest?.extraction == nil
            }
            return Rotation(parts, backups, at: look.clock.now())
        }
    }

    /// Of older ones nothing counts any more that newer ones do not say; several in a night are allowed for.
    private static func asFarBack(_ parts: Int) -> Int { max(60, parts * 4) }
}

extension RotationPart {
    /// As a plan writes it down: `part 3 of 7`.
    init?(_ written: Scalar?) {
        guard case .text(let text)? = written else { return nil }
        let words = text.split(separator: " ")
        guard words.count == 4, words[0] == "part", words[2] == "of", let number = Int(words[1]),
            let parts = Int(words[3]), parts >= 1, (1...parts).contains(number)
        else { return nil }
        self.init(number, of: parts)
    }
}

import Engine
import Maintenance
import Settings

/// The task behind the command that mends a finding, as far as it is one of ours: `mainstay db update-stats --environment
/// production --table public.events`.
struct MendWords {
    var entry: TaskEntry
    var arguments: [String]

    /// Nil for a command of another kind, such as SQL or `mainstay alerts test`.
    init?(_ mend: String?, _ catalog: TaskCatalog) {
        guard let mend, var words = CommandWords.split(mend), words.first == "mainstay" else { return nil }
        words.removeFirst()
        // Where it is done is the finding's own place.
        while let place = words.firstIndex(of: "--environment") {
            words.removeSubrange(place..<min(place + 2, words.count))
        }
        words.removeAll { $0.hasPrefix("--environment=") || $0 == "--all-environments" }
        let found = catalog.entries.first { entry in
            let command = entry.declaration.name.split(separator: ".").map(String.init)
            return words.starts(with: command)
        }
        guard let found else { return nil }
        entry = found
        arguments = Array(words.dropFirst(found.declaration.name.split(separator: ".").count))
    }
}

import Foundation
import MaintenanceTesting

/// A routine `own` of a test's own, whose commands write down that they ran.
struct OwnRoutine {
    let program = Program()

    /// A step that writes its word into `log`, with further keys, and ends with a status.
    func step(_ word: String, _ keys: String = "", exit status: Int = 0) -> String {
        let more = keys.isEmpty ? "" : ", \(keys)"
        return
            "{ shell: 'echo \(word) >> log; exit \(status)', directory: \(program.directory), effect: maintains\(more) }"
    }

    func configure(_ steps: [String], environments: String = "test: {}", more: String = "") throws {
        let lines = steps.map { "    - \($0)" }.joined(separator: "\n")
        try program.configure(
            "environments: { \(environments) }\nroutines:\n  own:\n    steps:\n\(lines)\n\(more)\n")
    }

    /// The words, in the order they were written.
    func ran() -> [String] {
        guard let text = try? String(contentsOfFile: "\(program.directory)/log", encoding: .utf8) else { return [] }
        return text.split(separator: "\n").map(String.init)
    }
}

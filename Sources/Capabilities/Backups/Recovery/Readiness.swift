import Backup
import Engine
import Maintenance
import Page

/// How ready a database is to be recovered, question by question. What is not known is not ready.
struct Readiness: Sendable {
    private(set) var answers: [Answer] = []

    struct Answer: Sendable {
        var question: Question
        var standing: Standing
        /// What was found, one clause. Hostile text.
        var found: String
        /// What is wanted; empty where nobody said.
        var wanted: String
        var mend: String?
        var evidence: Facts = [:]
    }

    enum Question: String, CaseIterable, Sendable {
        case backup = "a backup young enough"
        case proof = "a backup that is proved"
        case time = "back in time"
        case prospect = "back in time in a year too"
        case elsewhere = "a copy elsewhere"
        case pointInTime = "a point in time"
        case host = "a host to restore on"
        case drill = "a disaster rehearsed"

        /// Of the finding where it is not so.
        var code: String {
            switch self {
            case .backup: "DR001"
            case .proof: "DR002"
            case .time: "DR003"
            case .prospect: "DR004"
            case .pointInTime: "DR005"
            case .host: "DR006"
            case .elsewhere: "DR007"
            case .drill: "DR008"
            }
        }
    }

    var isReady: Bool { answers.allSatisfy { $0.standing <= .notice } }
    var ready: Int { answers.count { $0.standing <= .notice } }

    mutating func add(
        _ question: Question, _ standing: Standing, _ found: String, wanted: String = "", mend: String? = nil,
        evidence: Facts = [:]
    ) {
        answers.append(
            Answer(
                question: question, standing: standing, found: found, wanted: wanted, mend: mend, evidence: evidence))
    }

    func findings(_ target: Target) -> [Finding] {
        answers.compactMap { answer in
            guard answer.standing > .notice else { return nil }
            let wanted = answer.wanted.isEmpty ? "" : " (wanted: \(answer.wanted))"
            return Finding(
                code: answer.question.code, severity: answer.standing == .critical ? .critical : .warning,
                target: target,
                summary: "not ready to be recovered: \(answer.found)\(wanted)", evidence: answer.evidence,
                mend: answer.mend)
        }
    }

    /// - Parameter target: stands in the title, for there is one for each database.
    func listing(_ target: Target) -> Listing {
        Listing(
            "Readiness of \(target), \(ready) of \(answers.count)", ["question", "standing", "found", "wanted"],
            answers.map { answer in
                [
                    .text(answer.question.rawValue), .text(answer.standing.word), .text(answer.found.printable),
                    .text(answer.wanted),
                ]
            })
    }
}

extension Certificate {
    /// From the start of a proof until the database was back: checking the files, starting a server, restoring; without
    /// the comparison. Nil where it was not restored.
    var recoveryTime: Duration? {
        // A part of the rows takes a part of the time.
        guard coverage == nil else { return nil }
        return times.restore.map { .seconds((times.checksums ?? 0) + (times.cluster ?? 0) + $0) }
    }
}

import Maintenance
import Outside
import Settings

/// What people do with checklists: look how they stand, sign items, remark on them.
///
/// An item is green only where a record that still counts says so; that nothing was found says nothing by itself.
package struct ChecklistAnswers: Sendable {
    package let book: ChecklistBook
    let log: RunLog

    package init(_ book: ChecklistBook, log: RunLog) {
        self.book = book
        self.log = log
    }

    private var attachments: Attachments { Attachments(stateDirectory: log.directory) }

    /// How a checklist stands in an environment now. Throws `ChecklistError.notKept` where it is not kept there.
    package func standing(_ list: Checklist, in environment: String) async throws -> ChecklistStanding {
        try judgePlace(list, environment)
        let now = log.clock.now()
        let open = try await log.openRuns()
        let look = ItemLook(
            book: book, log: log, list: list, environment: environment, now: now, dead: try log.abandoned(open))
        var items: [ItemStanding] = []
        for item in list.items { items.append(try await standing(item, look)) }
        return ChecklistStanding(
            checklist: list.name, summary: list.summary, cadence: list.cadence, environment: environment, at: now,
            items: items)
    }

    private func standing(_ item: ChecklistItem, _ look: ItemLook) async throws -> ItemStanding {
        var said: [SignOff] = []
        var forged: ChecklistError?
        do {
            said = try await log.signOffs(look.list.name, item.name, in: look.environment)
        } catch let error as ChecklistError {
            forged = error
        }
        let signOff = item.answer.isPersonal ? said.first { $0.result != nil } : nil
        let evidence: Evidence
        if item.answer.isPersonal {
            if let forged {
                evidence = .unknown(forged.problem)
            } else {
                evidence = try await judge(signOff, item, look)
            }
        } else {
            evidence = try await look.evidence(item)
        }
        return ItemStanding(
            item: item.name, text: item.text, answeredBy: item.answeredBy, isManual: item.answer.isPersonal,
            state: evidence.state, reason: evidence.reason, at: evidence.at,
            countsUntil: evidence.state == .unknown ? nil : evidence.until,
            runID: evidence.runID, signOff: signOff, remarks: said.filter { $0.result == nil },
            resolve: book.command(item, of: look.list, in: look.environment))
    }

    /// What somebody's signature says now.
    private func judge(_ signOff: SignOff?, _ item: ChecklistItem, _ look: ItemLook) async throws -> Evidence {
        guard let signOff, let result = signOff.result else { return .unknown("nobody has signed it") }
        guard signOff.text == item.text else {
            return .unknown("\(signOff.by.name) signed something else at \(signOff.at): \(signOff.text)")
        }
        let note = signOff.note.map { ": \($0)" } ?? ""
        let countsFor = look.list.countsFor(item)
        let evidence = Evidence(
            result == .done ? .green : .red,
            "\(signOff.by.name)\(result == .done ? "" : " says it is not done")\(note)",
            what: "the signature of \(signOff.by.name)", at: signOff.at, countsFor: countsFor, now: look.now)
        guard let attachment = signOff.attachment, evidence.state == .green else { return evidence }
        do {
            switch try await attachments.standing(attachment) {
            case .intact: return evidence
            case .gone: return .unknown("the file that was signed with it, '\(attachment.name)', is gone")
            case .altered:
                return Evidence(
                    state: .red,
                    reason: "the file that was signed with it, '\(attachment.name)', is not the one that was signed",
                    at: evidence.at, until: evidence.until)
            }
        } catch let error as FileError {
            return .unknown("the file that was signed with it cannot be read: \(error.problem)")
        }
    }

    private func judgePlace(_ list: Checklist, _ environment: String) throws(ChecklistError) {
        let kept = book.environments(of: list)
        guard kept.contains(environment) else {
            throw .notKept(list: list.name, environment: environment, environments: kept)
        }
    }
}

extension ChecklistAnswers {
    /// Signs an item that only a person can answer; the entry of the audit trail is the signature.
    ///
    /// - Parameters:
    ///   - note: needed where it is not done.
    ///   - attachment: a file whose bytes are kept with it, at most `Attachment.largest`.
    package func sign(
        _ item: ChecklistItem, of list: Checklist, in environment: String, _ result: SignOff.Result, note: String?,
        attachment path: String?
    ) async throws -> SignOff {
        try judgePlace(list, environment)
        guard item.answer.isPersonal else {
            throw ChecklistError.answeredByEvidence(
                item: item.name, by: item.answeredBy, command: book.command(item, of: list, in: environment))
        }
        return try await write(item, list, environment, result, note, path)
    }

    /// Adds a word to any item; it answers nothing.
    package func remark(
        on item: ChecklistItem, of list: Checklist, in environment: String, note: String, attachment path: String?
    ) async throws -> SignOff {
        try judgePlace(list, environment)
        return try await write(item, list, environment, nil, note, path)
    }

    private func write(
        _ item: ChecklistItem, _ list: Checklist, _ environment: String, _ result: SignOff.Result?, _ note: String?,
        _ path: String?
    ) async throws -> SignOff {
        let note = note?.trimmingWhitespace()
        let isEmpty = note?.isEmpty ?? true
        guard !isEmpty || result == .done else { throw ChecklistError.noteMissing }
        let bytes = note?.utf8.count ?? 0
        guard bytes <= SignOff.longestNote else {
            throw ChecklistError.noteTooLong(bytes: bytes, most: SignOff.longestNote)
        }
        // The copy first: a signature never names a file that is not there.
        var attachment: Attachment?
        if let path { attachment = try await attachments.keep(path) }
        return try await log.sign(
            list.name, item.name, in: environment, result,
            detail: SignOff.detail(result, item.text, isEmpty ? nil : note, attachment))
    }
}

extension ChecklistBook {
    /// The command that answers an item in an environment.
    package func command(_ item: ChecklistItem, of list: Checklist, in environment: String) -> String {
        let place = "--environment \(environment.shellQuoted)"
        switch item.answer {
        case .person:
            return "mainstay checklist sign \(list.name) \(item.name) \(place) --result done"
        case .task(let words):
            let isEstate = inventory.environments.isEmpty || subject(of: words) == .estate
            return (["mainstay"] + words.map(\.shellQuoted) + (isEstate ? [] : [place])).joined(separator: " ")
        case .checks, .findings: return "mainstay health check \(place)"
        }
    }

    private func subject(of words: [String]) -> TaskDeclaration.Subject? {
        // The configuration's own were parsed when it was read, and the shipped ones by a test.
        (try? catalog.parse(words))?.declaration.subject
    }
}

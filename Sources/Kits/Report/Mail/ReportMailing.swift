import Alert
import Engine
import Foundation
import Maintenance
import Outside
import Page
import Settings

/// A report's way to its readers: one change for all of them. Whom the server took it for stands in the evidence of the
/// step at once, so that after a failure or a crash only the others get it; who got it right before a crash gets it once
/// more under the same Message-ID.
struct ReportMailing: Sendable {
    let kind: ReportKind
    let recipients: [String]
    let attaches: Bool

    static let changeKind = "mail"
    private static let failureCode = "RP001"

    /// - Parameter file: the report's path.
    /// - Throws: `ReportError.noMailServer`.
    func change(_ file: String, _ inventory: Inventory) throws -> Change {
        let channel = try channel(inventory)
        return Change(
            kind: Self.changeKind, object: recipients.joined(separator: ", "),
            action: .files(
                "mail \(attaches ? file.shellQuoted : "a summary of it") to \(recipients.joined(separator: ", ")) "
                    + "by the channel '\(channel.name)'"),
            effect: .maintains, reversal: "a mail cannot be called back", identity: [:],
            reason: "the \(kind.rawValue) report is for them")
    }

    static func recipients(of change: Change) -> [String] {
        change.object.split(separator: ",").map { $0.trimmingWhitespace() }
    }

    private func channel(_ inventory: Inventory) throws -> (name: String, access: EmailAccess) {
        guard let channel = inventory.reportChannel else {
            throw ReportError.noMailServer(channel: inventory.reports.channel)
        }
        return channel
    }

    /// What was found about recipients before: it stays for those who are meant now, and is over for the others.
    func standing(_ log: RunLog) async throws -> Observation {
        var observation = Observation()
        observation.examined = [Self.failureCode]
        observation.reach = [Self.failureCode: .init(.estate, object: kind.rawValue)]
        let places = Set(recipients.map(place))
        observation.findings = try await log.openFindings().map(\.finding).filter { finding in
            finding.code == Self.failureCode && finding.object.map(places.contains) ?? false
        }
        return observation
    }

    /// - Parameter file: what is attached; nil attaches nothing.
    /// - Throws: `ReportError.notMailed` where somebody has not got it.
    func send(_ document: ReportDocument, file: MailMessage.Attachment?, _ act: Act) async throws {
        let (look, inventory) = (act.look, act.look.inventory)
        let access = try channel(inventory).access
        let letter = ReportLetter(document: document, rest: file.map { "All of it is in the attached \($0.name)" })
        let pictures = try await drawn(letter, look.programs)
        let page = MailMessage.Page(
            html: letter.html(showing: Set(pictures.map(\.name))).bytes, pictures: pictures)
        let run = try await look.log.run(look.runID)
        let taken = try await receipts(look)
        var failures: [(recipient: String, error: any MaintenanceError)] = []
        for recipient in recipients where taken[Self.evidence(recipient)] == nil {
            var mail = MailMessage(
                sender: access.sender, recipient: recipient, subject: letter.subject, lines: letter.lines,
                date: run.startedAt, id: "report \(look.runID) \(look.step) \(recipient)",
                thread: "report \(kind.rawValue)", host: ProcessInfo.processInfo.hostName)
            mail.page = page
            mail.attachments = [file].compactMap { $0 }
            var found = Observation()
            found.examined = [Self.failureCode]
            found.reach = [Self.failureCode: .init(.estate, object: place(recipient))]
            do {
                let answer = try await access.server(with: look.programs).send(mail, with: look.programs)
                found.evidence[Self.evidence(recipient)] = .text("\(answer) at \(look.clock.now())")
            } catch let error as any MaintenanceError {
                failures.append((recipient, error))
                found.findings = [finding(recipient, error)]
            }
            try await act.report(found)
        }
        if let first = failures.first {
            throw ReportError.notMailed(
                recipients: failures.map(\.recipient), of: recipients.count, reason: first.error.problem,
                isRetryable: failures.contains { ($0.error as? MailError)?.isRetryable ?? false })
        }
    }

    func prove(_ look: Look) async throws -> Proof {
        let receipts = try await receipts(look)
        let missing = recipients.filter { receipts[Self.evidence($0)] == nil }
        guard missing.isEmpty else {
            return .notDone("the mail server has not taken it for \(missing.joined(separator: ", "))")
        }
        return .done(receipts.filter { receipt in recipients.contains { Self.evidence($0) == receipt.key } })
    }

    /// A picture that cannot be drawn is told in words instead: the mail is worth more than its pictures.
    private func drawn(_ letter: ReportLetter, _ programs: Programs) async throws -> [MailMessage.Attachment] {
        guard !letter.pictures.isEmpty else { return [] }
        do {
            let converter = try SVGConverter(programs)
            var drawn: [MailMessage.Attachment] = []
            for (name, chart) in letter.pictures {
                guard let drawing = chart.drawing else { continue }
                drawn.append(
                    .init(name: name, type: "image/png", bytes: try await converter.png(of: drawing.bytes)))
            }
            return drawn
        } catch is ProgramError {
            return []
        }
    }

    private func receipts(_ look: Look) async throws -> Facts {
        let step = try await look.log.steps(of: look.runID).first { $0.number == look.step }
        return step?.observation?.evidence ?? [:]
    }

    private static func evidence(_ recipient: String) -> String { "taken for \(recipient)" }
    private func place(_ recipient: String) -> String { "\(kind.rawValue), \(recipient)" }

    private func finding(_ recipient: String, _ error: any MaintenanceError) -> Finding {
        Finding(
            code: Self.failureCode, severity: .warning, target: .estate, object: place(recipient),
            summary: "the \(kind.rawValue) report did not go out to \(recipient): \(error.problem)",
            mend: "mainstay report \(kind.rawValue) --no-email --email-to=\(recipient.shellQuoted)")
    }
}

import Alert
import ArgumentParser
import Command
import Crypto
import Engine
import Foundation
import Maintenance
import Outside
import Report
import Settings

/// Sends a report that was written to people by mail, through a channel of alerts.
package struct MailReport: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(help: ArgumentHelp("Which report: 'daily' or 'backup'.", valueName: "name"))
        package var report: ReportKind = .daily

        @Option(help: ArgumentHelp("Whom; the channel's own people without it.", valueName: "address"))
        package var to: [String] = []

        @Option(
            help: ArgumentHelp("The channel of kind 'email'; needed where there are several.", valueName: "channel"))
        package var channel: String?

        @Option(help: ArgumentHelp("What is older than this is not sent.", valueName: "duration"))
        package var fresh: Duration = .seconds(26 * 3_600)

        package init() {}

        package func validate() throws {
            for address in to where !MailAddress.isValid(address) {
                throw ValidationError("'\(address.printable)' is no mail address")
            }
            guard fresh > .zero else { throw ValidationError("'--fresh' is longer than nothing") }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "report.mail",
        summary: "send the newest report by mail",
        explanation: """
            Takes the newest page that 'report daily', or 'report backup' with '--report=backup', has written, and sends it \
            as an attachment to each of the people named with '--to', or to those of the channel, one mail each. The mail \
            goes through a channel of alerts of kind 'email', with its server, encryption and login. A report that is \
            older than '--fresh' is not sent, and that is said: an old one would pass for news. Each mail is a change of \
            its own, bound to the page as it was planned and proved by the server's answer. A run that was killed between \
            sending and writing that down sends it once more, with the same Message-ID, which mail programs show once. \
            'health schedule-reports' writes a routine with it.
            """,
        effect: .maintains,
        subject: .estate)

    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        var observation = Observation()
        do {
            let (channel, access) = try channel(look)
            let page = try await page(look)
            let people = options.to.isEmpty ? access.recipients : options.to
            guard !people.isEmpty else { throw MailReportError.nobody(channel: channel) }
            observation.evidence = ["report": .text(page.path), "of": .text(page.modified.description)]
            observation.changes = people.map { person in
                Change(
                    kind: "mail", object: "\(options.report.rawValue) report to \(person)",
                    action: .program([
                        "curl", "--upload-file", page.path, "--mail-from", access.sender, "--mail-rcpt", person,
                        "smtp://\(access.host):\(access.port)",
                    ]),
                    effect: .maintains, reversal: "none: what was sent was sent",
                    identity: ["page": .text(page.digest), "to": .text(person), "channel": .text(channel)],
                    reason: "it is of \(page.modified)")
            }
        } catch let error as MailReportError {
            observation.gaps = [Observation.Gap("the \(options.report.rawValue) report", ErrorReport(error))]
        }
        return observation
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        var identity = change.identity
        identity["page"] = .text(try await page(look).digest)
        return Inspection(identity: identity, witness: ["answer": "none yet"])
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        let look = act.look
        guard case .text(let person)? = change.identity["to"] else { preconditionFailure("a mail is for nobody") }
        let (_, access) = try channel(look)
        let page = try await page(look)
        guard .text(page.digest) == change.identity["page"] else { throw MailReportError.moved(path: page.path) }
        let tools = ChannelTools(
            prober: HTTPProber(clock: look.clock), programs: look.programs, clock: look.clock,
            host: ProcessInfo.processInfo.hostName)
        let name = "\(options.report.rawValue)-\(CivilTime(page.modified).date).html"
        let mail = MailText(
            sender: access.sender, recipient: person,
            subject: "\(options.report.title) of \(CivilTime(page.modified).date)",
            lines: [
                "\(options.report.title), written \(page.modified), is attached: open \(name) in a browser.", "",
                "Sent by mainstay on \(tools.host), run \(look.runID).",
            ],
            // The same at every attempt of this run.
            date: page.modified, id: "\(look.runID) \(person)", thread: "report \(options.report.rawValue)",
            host: tools.host, attachment: .init(name: name, type: "text/html; charset=utf-8", bytes: page.bytes))
        look.tell("mailing it to \(person.printable)")
        let answer = try await EmailChannel(access: access, tools: tools).post(mail.bytes, to: person)
        try await look.log.remember(
            ["run": .text(look.runID), "page": .text(page.digest), "answer": .text(answer)],
            of: Self.memory(person), at: Target.estate)
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        guard case .text(let person)? = change.identity["to"] else { preconditionFailure("a mail is for nobody") }
        let known = try await look.log.memory(of: Self.memory(person), at: Target.estate)
        guard known["run"] == .text(look.runID), known["page"] == change.identity["page"] else {
            return .notDone("no server has taken it")
        }
        return .done(["to": .text(person), "answer": known["answer"] ?? .null, "page": known["page"] ?? .null])
    }

    private static func memory(_ person: String) -> String { "report.mail \(person)" }

    private func channel(_ look: Look) throws(MailReportError) -> (String, EmailAccess) {
        let all = (look.inventory.alerts?.channels ?? []).compactMap { channel -> (String, EmailAccess)? in
            if case .email(let access) = channel.access { (channel.name, access) } else { nil }
        }
        if let name = options.channel {
            guard let found = all.first(where: { $0.0 == name }) else {
                throw .noSuchChannel(name, known: all.map(\.0))
            }
            return found
        }
        guard let only = all.first else { throw .noChannel }
        guard all.count == 1 else { throw .severalChannels(all.map(\.0)) }
        return only
    }

    private struct Page {
        var path: String
        var bytes: [UInt8]
        var digest: String
        var modified: Timestamp
    }

    private func page(_ look: Look) async throws -> Page {
        let folder = ReportFolder(look)
        let name = ReportName.latest(options.report, .html)
        let found = try await Blocking().run { _ -> (bytes: [UInt8], modified: Timestamp)? in
            let file = try FileName(name)
            guard let directory = try folder.open(), let status = try directory.status(of: file),
                let bytes = try directory.contents(of: file)
            else { return nil }
            return (bytes, status.modified)
        }
        let path = "\(folder.path)/\(name)"
        guard let found else { throw MailReportError.noReport(options.report, path: path) }
        guard look.clock.now() - found.modified <= options.fresh else {
            throw MailReportError.old(options.report, found.modified)
        }
        guard found.bytes.count <= MailReportError.most.bytes else { throw MailReportError.tooLarge(path: path) }
        return Page(
            path: path, bytes: found.bytes, digest: SHA256.hash(data: found.bytes).hexadecimal,
            modified: found.modified)
    }
}

extension ReportKind: ExpressibleByArgument {}

extension ReportKind {
    fileprivate var title: String {
        switch self {
        case .daily: "Mainstay: report of the day"
        case .backup: "Mainstay: report about backups"
        }
    }
}

/// Why no report is mailed.
enum MailReportError: MaintenanceError, Hashable {
    case noChannel
    case noSuchChannel(String, known: [String])
    case severalChannels([String])
    case nobody(channel: String)
    case noReport(ReportKind, path: String)
    case old(ReportKind, Timestamp)
    case tooLarge(path: String)
    case moved(path: String)

    /// Larger mails are refused by many servers.
    static let most = ByteCount(10 * 1_048_576)

    var code: String {
        switch self {
        case .noChannel, .noSuchChannel, .severalChannels: "report.no-channel"
        case .nobody: "report.nobody"
        case .noReport: "report.none-yet"
        case .old: "report.old"
        case .tooLarge: "report.too-large"
        case .moved: "report.moved"
        }
    }

    var problem: String {
        switch self {
        case .noChannel: "no channel of kind 'email' is configured to mail a report through"
        case .noSuchChannel(let name, _): "there is no channel '\(name.printable)' of kind 'email'"
        case .severalChannels(let names): "there are several channels of kind 'email': \(names.joined(separator: ", "))"
        case .nobody(let channel): "nobody is named whom the report is for: the channel '\(channel)' has no 'to'"
        case .noReport(_, let path): "there is no report to mail: '\(path.printable)' is missing"
        case .old(_, let written): "the newest report is of \(written), and an old one would pass for news"
        case .tooLarge(let path): "'\(path.printable)' is larger than the \(Self.most) that mail servers take"
        case .moved(let path): "'\(path.printable)' was written anew meanwhile"
        }
    }

    var hint: String? {
        switch self {
        case .noChannel: "Write one under 'alerts.channels'; 'mainstay explain channels' and docs/alerts.md show how."
        case .noSuchChannel(_, let known):
            known.isEmpty ? "There is none yet." : "There are: \(known.joined(separator: ", "))."
        case .severalChannels: "Name one with '--channel'."
        case .nobody: "Name people with '--to', or write 'to' into the channel."
        case .noReport(let kind, _), .old(let kind, _): "Run 'mainstay report \(kind.rawValue)' first."
        case .tooLarge, .moved: nil
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .noChannel, .noSuchChannel, .severalChannels, .nobody: .configuration
        default: .failure
        }
    }
}

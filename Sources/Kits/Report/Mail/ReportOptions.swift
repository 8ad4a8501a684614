import ArgumentParser
import Command
import Maintenance
import Settings

/// How every report is written and to whom it goes.
package struct ReportOptions: ParsableArguments, Sendable {
    @Option(help: ArgumentHelp("Write this file, and no 'latest' beside it.", valueName: "file"))
    package var output: LocalPath?

    @Option(help: ArgumentHelp("How it is written.", valueName: "language"))
    package var `as`: Rendering = .html

    @Option(
        help: ArgumentHelp(
            "Mail it to these addresses too, with commas between them; may be given several times.",
            valueName: "addresses"))
    package var emailTo: [MailRecipients] = []

    @Flag(help: "Do not mail it to those whom 'reports.recipients' names.")
    package var noEmail = false

    @Flag(help: "Mail what it says in short, and attach no file.")
    package var withoutAttachment = false

    package init() {}

    /// Everyone once, in the order they were named. What a person writes to a file of their own is for them alone.
    func recipients(of kind: ReportKind, _ settings: ReportSettings) -> [String] {
        let usual = output == nil && !noEmail ? settings.recipients.everyone(kind) : []
        var seen: Set<String> = []
        return (emailTo.flatMap(\.addresses) + usual).filter { seen.insert($0).inserted }
    }
}

/// `a@example.org,b@example.org`.
package struct MailRecipients: ExpressibleByArgument, ArgumentText, Hashable, Sendable {
    package var addresses: [String]

    package init?(argument: String) {
        addresses = argument.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmingWhitespace() }
        guard !addresses.isEmpty, addresses.allSatisfy(MailAddress.isValid) else { return nil }
    }

    package var argumentText: String { addresses.joined(separator: ",") }
}

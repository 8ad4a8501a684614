import Maintenance

/// What can be wrong with a guide. The code is stable and never reused for something else.
package enum GuideRule: String, Sendable, CaseIterable, Hashable {
    case unreadableShell = "GU001"
    case brokenJSON = "GU002"
    case noCommand = "GU003"
    case placeholder = "GU004"
    case endless = "GU005"
    case restoreOverLive = "GU006"
    case unprovedBackup = "GU007"
    case hiddenFailure = "GU008"
    case plainSecret = "GU009"
    case forced = "GU010"
    case unboundedDeletion = "GU011"
    case deletedNotArchived = "GU012"
    case cronPercent = "GU013"
    case cronEnvironment = "GU014"
    case notExpanded = "GU015"
    case brokenLink = "GU016"
    case missingFile = "GU017"
    case nothingDone = "GU018"
    case openFence = "GU019"
    case lateShebang = "GU020"
    case strongLock = "GU021"
    case otherThanSaid = "GU022"
    case refusedSQL = "GU023"
    case nobodyOwns = "GU024"
    case contradiction = "GU025"
    case differs = "GU026"
    case undecided = "GU027"
    case overlap = "GU028"
    case notInForce = "GU029"
    case notBuilt = "GU030"
    case brokenPackage = "GU031"
    case stalePart = "GU032"
    case keptNowhere = "GU033"
    case uselessWaiver = "GU090"
    case expiredWaiver = "GU091"
    case malformedWaiver = "GU092"

    package var severity: Severity {
        switch self {
        case .restoreOverLive, .plainSecret, .unboundedDeletion, .deletedNotArchived, .cronPercent, .refusedSQL,
            .unreadableShell:
            .critical
        case .nobodyOwns, .differs, .lateShebang, .undecided, .notBuilt: .info
        default: .warning
        }
    }

    /// Whether it is about what a guide allows, which only a whole check can tell.
    package var isAboutWaivers: Bool { [.uselessWaiver, .expiredWaiver, .malformedWaiver].contains(self) }

    /// In words that a list of rules shows.
    package var title: String {
        switch self {
        case .unreadableShell: "shell that no shell can read"
        case .brokenJSON: "JSON that cannot be read"
        case .noCommand: "what is no command stands among commands"
        case .placeholder: "a placeholder was left in"
        case .endless: "a command never ends, or waits for a person"
        case .restoreOverLive: "a restore over what is in use"
        case .unprovedBackup: "a backup that nothing proves"
        case .hiddenFailure: "a failure that a pipe hides"
        case .plainSecret: "a secret that is not encrypted"
        case .forced: "a safeguard is switched off"
        case .unboundedDeletion: "a deletion without bounds"
        case .deletedNotArchived: "deleted where it says archived"
        case .cronPercent: "a '%' that cron cuts the line at"
        case .cronEnvironment: "a variable that cron does not have"
        case .notExpanded: "a text that nothing puts in"
        case .brokenLink: "a link that leads nowhere"
        case .missingFile: "a file that is not there"
        case .nothingDone: "a procedure that does nothing"
        case .openFence: "a block that is not closed"
        case .lateShebang: "a '#!' that is not the first line"
        case .strongLock: "a statement that locks others out"
        case .otherThanSaid: "a statement that does not do what its comment says"
        case .refusedSQL: "SQL that a server refuses"
        case .nobodyOwns: "a guide that nobody owns"
        case .contradiction: "a guide that contradicts itself"
        case .differs: "guides that differ"
        case .undecided: "a command that nothing here is called"
        case .overlap: "times that overlap"
        case .notInForce: "a threshold that is not in force"
        case .notBuilt: "a command that nothing here does yet"
        case .brokenPackage: "a package.json that cannot be read"
        case .stalePart: "a written part that is not true any more"
        case .keptNowhere: "an item of a checklist that nobody keeps"
        case .uselessWaiver: "a waiver that matches nothing"
        case .expiredWaiver: "a waiver that has expired"
        case .malformedWaiver: "a waiver that lacks something"
        }
    }
}

/// Something wrong or worth knowing in a guide.
package struct GuideFinding: Sendable, Hashable {
    package var rule: GuideRule
    package var severity: Severity
    package var file: String
    package var line: Int
    /// One clause: what was found against what is needed. Hostile text.
    package var problem: String
    /// A sentence that says what to do instead.
    package var fix: String?

    package init(
        _ rule: GuideRule, _ file: String, _ line: Int, _ problem: String, fix: String? = nil, severity: Severity? = nil
    ) {
        self.rule = rule
        self.severity = severity ?? rule.severity
        self.file = file
        self.line = line
        self.problem = problem
        self.fix = fix
    }

    /// `docs/maintenance.md:12`
    package var place: String { "\(file.printable):\(line)" }
}

import ArgumentParser
import Calendar
import Command
import Foundation
import Maintenance
import Settings

/// `mainstay backup automate`
struct AutomateBackups: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "automate", "Write a routine that backs up by itself into the configuration.",
        """
        Writes the routine 'backups' into 'mainstay.d/backup-automation.yaml': it takes a backup and proves it, copies it to \
        the other storages and removes what the policy does not keep, in each of the environments that are named. First the \
        difference is shown and the whole configuration is read with it. 'mainstay serve' starts it; 'mainstay calendar next' \
        shows when. The steps of copies and removals are written where storages and a policy are configured, and what \
        is left out is said. Where a routine that has a schedule backs up already, that is said too. 'backup:automate' is \
        the same command.
        """)
    static let aliases = [TaskDeclaration.Alias("backup:automate")]

    @Option(
        help: ArgumentHelp("When: 'hourly', 'daily', 'weekly', or a schedule such as 'daily 01:30'.", valueName: "when")
    )
    var schedule = "daily"
    @Flag(help: "Show what would be written, and write nothing.")
    var dryRun = false
    @OptionGroup(title: "Where") var environments: EnvironmentOptions
    @OptionGroup(title: "Configuration") var place: PlaceOptions

    /// A word alone names no time of day.
    private static let times = [
        "hourly": "hourly", "daily": "daily 02:00", "weekly": "Sundays 02:00", "monthly": "first Sunday 02:00",
    ]

    func run(in application: Application) async throws -> ExitStatus {
        let editing = try application.editing("backup-automation", by: "backup automate", place)
        let inventory = editing.inventory
        let names = try inventory.select(environments, for: .resources([.postgresql]))
        let chosen = names.filter { name in
            inventory[environment: name]?.resources.contains { $0.kind == .postgresql } ?? false
        }
        guard !chosen.isEmpty else { throw NothingToAutomate(environments: names) }
        let routine = AutomatedBackups(
            schedule: Self.times[schedule] ?? schedule, environments: chosen,
            isOfAll: chosen.count == inventory.environments.count, inventory: inventory)
        try editing.write(
            editing.file.marked(routine.yaml, from: "the command line"), isDryRun: dryRun)
        for line in routine.leftOut { application.console.note(line) }
        return .success
    }
}

/// The routine that is written.
struct AutomatedBackups {
    var schedule: String
    var environments: [String]
    /// Whether these are all there are, so that one that comes later belongs to it too.
    var isOfAll: Bool
    var inventory: Inventory

    private var hasStorage: Bool { !inventory.backups.storage.repositories.isEmpty }

    private var prunes: Bool {
        inventory.targets(of: [.postgresql], in: environments).contains { item in
            inventory.backupPolicy(of: item.target).decidesWhatStays
        }
    }

    private var steps: [String] {
        var steps = ["backup run --prove"]
        if hasStorage { steps.append("backup copy") }
        if prunes { steps.append("backup prune") }
        if hasStorage, prunes { steps.append("backup prune-copies") }
        return steps
    }

    /// What is not in it, and why.
    var leftOut: [String] {
        var lines: [String] = []
        if !hasStorage {
            lines.append("not written: copies to other storages, since none is configured ('backups.storage')")
        }
        if !prunes { lines.append("not written: removals, since no policy says what goes ('retention' or 'keep')") }
        let physical = inventory.targets(of: [.postgresql], in: environments).filter {
            inventory.backupPolicy(of: $0.target).physical != nil
        }
        if !physical.isEmpty {
            let names = physical.map(\.target.description.printable).joined(separator: ", ")
            lines.append(
                "not written: physical backups of \(names); a routine of its own with 'backup run --type full --prove' takes "
                    + "them")
        }
        for routine in inventory.routines where routine.name != "backups" && routine.schedule != nil {
            let takes = routine.steps.contains { step in
                if case .task(let words) = step.action { words.starts(with: ["backup", "run"]) } else { false }
            }
            if takes {
                lines.append("note: the routine '\(routine.name.printable)' takes backups by a schedule of its own")
            }
        }
        return lines
    }

    var yaml: String {
        var lines = [
            "routines:", "  backups:", "    description: backups that are proved, copied and kept as the policy says",
            "    schedule: \(Self.quoted(schedule))", "    steps:",
        ]
        for step in steps {
            if isOfAll {
                lines.append("      - \(step)")
            } else {
                let names = environments.map(Self.quoted).joined(separator: ", ")
                lines += ["      - task: \(step)", "        environments: [\(names)]"]
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// As YAML's double quotes read it back; what it holds is judged when the whole is read.
    private static func quoted(_ text: String) -> String {
        let escaped = text.replacingBytes(of: "\\", with: "\\\\").replacingBytes(of: "\"", with: "\\\"")
        return "\"\(escaped.printable)\""
    }
}

/// Environments without a database.
struct NothingToAutomate: MaintenanceError, Hashable {
    var environments: [String]

    var code: String { "backups.nothing-to-automate" }
    var problem: String {
        "no database is in \(environments.map { "'\($0.printable)'" }.joined(separator: ", ")), so that nothing is backed up"
    }
    var exitStatus: ExitStatus { .configuration }
}

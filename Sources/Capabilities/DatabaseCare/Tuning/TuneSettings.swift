import ArgumentParser
import Command
import Engine
import Maintenance
import Outside
import PostgreSQL

/// Settings that fit the machine and the workload better, each with its reason.
package struct TuneSettings: MaintenanceTask {
    package struct Options: ParsableArguments, Sendable {
        @Option(help: ArgumentHelp("These settings alone.", valueName: "name,…"))
        package var only: String?

        @Option(
            help: ArgumentHelp("The memory of the server's machine, where the server may not tell.", valueName: "size"))
        package var memory: ByteCount?

        @Flag(help: "Also set what only counts after the next restart.")
        package var withRestart = false

        package init() {}

        package func validate() throws {
            if let memory, memory.bytes < 268_435_456 { throw ValidationError("'--memory' is at least 256M") }
        }
    }

    package static let declaration = TaskDeclaration(
        name: "db.tune",
        summary: "set what fits the machine and the workload better",
        explanation: """
            Looks at the server's settings, the memory of its machine and what the workload has shown (checkpoints that \
            began because the WAL was full, temporary files, sessions busy at once) and proposes better values, each with \
            the numbers it was reckoned from and the page of the manual it rests on. What counts after a reload is set with \
            ALTER SYSTEM and proved by what the server says afterwards; what needs a restart is only told, unless \
            '--with-restart' has it written for the next one. The former value stands in the plan and in the record as the \
            statement that brings it back. A change reaches the whole server, so that in a server with a protected database \
            it is refused elsewhere than there. A setting that the command line, the database or the role sets is left \
            alone, because ALTER SYSTEM would change nothing. What could cost data, access or plans that people count on is only \
            told, and max_wal_size, which takes disk that nobody knows of from here; settings that end people's sessions or \
            write their data into the log are left to 'db doctor'. Memory that other servers share is not reckoned with.
            """,
        effect: .maintains,
        subject: .resources([.postgresql]),
        aliases: [
            .init("db:tune"),
            .init(
                "maintenance:weekly:cache-optimization",
                arguments: ["--only=shared_buffers,effective_cache_size,work_mem,maintenance_work_mem"]),
        ])

    private let options: Options

    package init(_ options: Options) { self.options = options }

    package func survey(_ look: Look) async throws -> Observation {
        let session = try await look.database()
        var observation = Observation()
        observation.identity = try await DatabaseIdentity.facts(session)
        let isInRecovery = try await session.query("select pg_catalog.pg_is_in_recovery() as standby")
            .only["standby", as: Bool.self]
        let machine = try await Machine.read(session, said: options.memory)
        let state = try await ServerState.read(session, now: look.clock.now())
        let work = try await ServerWork.read(session, look)
        observation.measurements = work.looks
        // What several servers share is none's own.
        let isShared = (machine?.others ?? 0) > 0
        let advice = SettingAdvice(state: state, machine: isShared ? nil : machine, work: work)
        let obstructions = try await SettingAct.obstructions(session)
        let only = options.only.map { Set($0.split(separator: ",").map { String($0).trimmingWhitespace() }) }
        let proposals = advice.proposals().filter { only?.contains($0.name) ?? true }
        let settings = try await ServerSetting.read(proposals.map(\.name), session)
        var rows: [[Scalar]] = []
        for proposal in proposals {
            guard let setting = settings[proposal.name] else { continue }
            let obstacle =
                obstacle(proposal, setting, isInRecovery: isInRecovery)
                ?? obstructions.first { !$0.isError || $0.name != proposal.name }?.text
            rows.append([
                .text(proposal.name), .text(setting.text), .text(proposal.value), .text(obstacle ?? "at once"),
            ])
            guard let obstacle else {
                observation.changes.append(SettingAct.change(proposal, setting))
                continue
            }
            let change = SettingAct.change(proposal, setting)
            observation.findings.append(
                Finding(
                    code: "DB009", severity: .info, target: look.target, object: proposal.name,
                    summary:
                        "it would better be \(proposal.value) than \(setting.text) (\(proposal.why)), and is left alone: "
                        + obstacle,
                    evidence: [
                        "why": .text(proposal.why), "source": .text(proposal.source), "undo": .text(change.reversal),
                    ],
                    mend: proposal.needsRestart && setting.mayAlter && proposal.reservation == nil
                        ? "mainstay db tune --with-restart --only=\(proposal.name)"
                        : change.action.lines.joined(separator: "; ") + ";"))
        }
        observation.listings = [Listing("Settings", ["setting", "is", "better", "counts"], rows)]
        observation.evidence = [
            "memory": machine.map { .integer($0.memory) } ?? .null,
            "memory known by": .text(
                isShared
                    ? "nothing: \(machine?.others ?? 0) other servers share the machine; say '--memory'"
                    : machine?.source ?? "nothing; say '--memory'"),
            "settings looked at": Scalar(state.settings.count),
        ]
        // What was left out, or is only planned, is not over yet.
        if only == nil, observation.changes.isEmpty { observation.examined = ["DB009"] }
        return observation
    }

    /// Why it is only told; nil where it is changed.
    private func obstacle(_ proposal: SettingProposal, _ setting: ServerSetting, isInRecovery: Bool) -> String? {
        if let reservation = proposal.reservation { return reservation }
        switch setting.source {
        case "configuration file" where setting.isAltered == nil: return "this role may not see where it is set"
        case "command line", "environment variable": return "the server's \(setting.source) sets it"
        case "database", "user", "database user": return "the \(setting.source) sets it otherwise"
        default: break
        }
        guard setting.mayAlter else { return "this role may not set it" }
        if isInRecovery { return "a standby's settings are its own; run it there as such" }
        if setting.isPending { return "a changed value waits for a restart already" }
        return proposal.needsRestart && !options.withRestart ? "only a restart makes it count" : nil
    }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        try await SettingAct.inspect(change, try await look.database())
    }

    package func apply(_ change: Change, _ act: Act) async throws { try await SettingAct.apply(change, act) }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        try await SettingAct.prove(change, before: witness, try await look.database())
    }
}

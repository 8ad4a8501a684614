import Maintenance
import Outside
import PostgreSQL

/// What a server that others use has to have before a backup is restored into it: asked by a survey, and changes nothing.
package struct LiveRequirements: Sendable {
    package let backup: BelievedBackup
    /// The backup's directory.
    private let path: String
    /// Nil where all of it is restored.
    private let part: Part?

    /// What of it is restored, and with what the list of its dump is read.
    package struct Part: Sendable {
        package var selection: RestoreSelection
        package var programs: Programs
        /// Looked into before the usual places of PostgreSQL's programs.
        package var directories: [String]

        package init(_ selection: RestoreSelection, programs: Programs, directories: [String] = []) {
            self.selection = selection
            self.programs = programs
            self.directories = directories
        }
    }

    package init(_ backup: BelievedBackup, at path: String, part: Part? = nil) {
        self.backup = backup
        self.path = path
        self.part = part
    }

    private var manifest: BackupManifest { backup.manifest }
    /// What was found.
    package struct Answer: Sendable {
        /// Each is enough not to begin.
        package var problems: [LiveRestoreError] = []
        package var notes: [String] = []
        /// What the restored database needs on the server's disk.
        package var space: ByteCount
        /// Nil where it cannot be asked.
        package var free: ByteCount?
        /// Those of the backup's roles that its objects need.
        package var roles: [String] = []
    }

    /// - Throws: `PostgreSQLError`, and what keeps the backup's own files from being read.
    package func look(_ session: SurveySession) async throws -> Answer {
        var needed = manifest.outline
        var answer = Answer(space: ProofRequirements(backup: needed).space)
        let facts = try await ServerFacts(session)
        if facts.isInRecovery { answer.problems.append(.standby) }
        let login = try await session.query(
            """
            select rolname::text as name, rolsuper as is_superuser from pg_catalog.pg_roles where rolname = session_user
            """
        ).only
        if try !login["is_superuser", as: Bool.self] { answer.problems.append(.notSuperuser(try login["name"])) }
        guard facts.version.major >= PostgreSQLVersion(number: manifest.source.serverVersion).major else {
            answer.problems.append(
                .olderServer(
                    facts.version.description,
                    needed: PostgreSQLVersion(number: manifest.source.serverVersion).description))
            return answer
        }
        let catalog = StoredCatalog(path: "\(path)/\(manifest.catalog.file)")
        let names = manifest.roles.names
        let content = try await content(on: facts.version)
        if let content {
            needed.extensions.removeAll { !content.extensions.contains($0.name) }
            answer.space = content.space(of: ProofRequirements(backup: needed).space)
        }
        let (roles, collations) = try await Blocking().run { _ in
            (try catalog.mentioned(names) { content?.holds($0) ?? true }, try catalog.collations())
        }
        answer.roles = names.filter(roles.contains)
        let known = Set(
            try await session.query("select rolname::text as name from pg_catalog.pg_roles").map {
                Array(try $0["name", as: String.self].utf8)
            })
        let missing = answer.roles.filter { !known.contains(Array($0.utf8)) }
        if !missing.isEmpty { answer.problems.append(.missingRoles(missing)) }
        if let name = manifest.source.tablespace {
            let found = try await session.query("select from pg_catalog.pg_tablespace where spcname = \(name)")
            if found.isEmpty { answer.problems.append(.missingTablespace(name)) }
        }
        let isOnThisHost = try await isOnThisHost(session)
        let (gaps, notes) = try await ProofRequirements(backup: needed).gaps(
            on: facts.version, collations, isOnThisHost: isOnThisHost
        ) {
            try await session.query($0)
        }
        answer.problems += gaps.map { .lacking($0.problem, hint: $0.hint) }
        answer.notes += notes
        try await lookAtSpace(session, isOnThisHost, &answer)
        return answer
    }

    private func content(on version: PostgreSQLVersion) async throws -> PartContent? {
        guard let part else { return nil }
        let dump = PostgreSQLVersion(number: manifest.program.version)
        let program = try await ClientProgram.find(
            "pg_restore", fitting: max(version, dump), in: part.directories, with: part.programs)
        let graph = try await DumpGraph.read("\(path)/\(BackupLayout.database)", program.path, part.programs)
        return PartContent(graph.part(part.selection, of: manifest), part.selection, manifest)
    }

    /// Over a socket in a file system the server is here; over the network nobody can tell by the address alone.
    private func isOnThisHost(_ session: SurveySession) async throws -> Bool {
        try await session.query("select pg_catalog.inet_server_addr() is null as is_local").only["is_local"]
    }

    /// SQL does not know how much space is free, so it is asked of the file system, where that is ours.
    private func lookAtSpace(_ session: SurveySession, _ isOnThisHost: Bool, _ answer: inout Answer) async throws {
        let directory: String? = try await session.query(
            "select pg_catalog.current_setting('data_directory', true) as path"
        ).only["path"]
        guard isOnThisHost, let directory, !directory.isEmpty else { return }
        do {
            let free = try await Blocking().run { _ in try SafeDirectory(directory).availableSpace() }
            answer.free = free
            guard free < answer.space else { return }
            answer.problems.append(.noSpace(path: directory, needed: answer.space, free: free))
        } catch let error as FileError {
            answer.notes.append("the free space cannot be asked: \(error.problem)")
        }
    }
}

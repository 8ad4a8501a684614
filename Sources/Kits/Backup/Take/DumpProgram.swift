import Maintenance
import Outside
import PostgreSQL

/// pg_dump and its sisters, as a backup calls them.
struct DumpProgram: Sendable {
    let address: DatabaseAddress
    /// Taken on by SET ROLE; nil for the login's own.
    let role: String?
    let applicationName: String
    let programs: Programs

    /// A directory dump without compression, from a snapshot that is open. The settings that pg_dump leaves to the
    /// database and the role are pinned.
    func dump(_ program: ClientProgram, into directory: String, snapshot: String, jobs: Int) -> ChildProgram {
        child(program.path, Self.arguments(into: directory, snapshot: snapshot, jobs: jobs, role: role))
    }

    static func arguments(into directory: String, snapshot: String, jobs: Int, role: String?) -> [String] {
        [
            "--format=directory", "--compress=0", "--jobs=\(jobs)", "--snapshot=\(snapshot)", "--create",
            "--encoding=UTF8", "--no-sync", "--no-password", "--file=\(directory)",
        ] + (role.map { ["--role=\($0)"] } ?? [])
    }

    /// The roles of the whole cluster, without passwords.
    func roles(_ program: ClientProgram, database: String) -> ChildProgram {
        let name = database.replacingBytes(of: "\\", with: "\\\\").replacingBytes(of: "'", with: "\\'")
        let arguments = ["--roles-only", "--no-role-passwords", "--no-password", "--database=dbname='\(name)'"]
        return child(program.path, arguments + (role.map { ["--role=\($0)"] } ?? []))
    }

    private func child(_ path: String, _ arguments: [String]) -> ChildProgram {
        var variables = address.environment
        var options = PinnedSettings.programOptions
        if case .plain(let own)? = variables["PGOPTIONS"] { options = "\(own) \(options)" }
        variables["PGOPTIONS"] = .plain(options)
        variables["PGAPPNAME"] = .plain(applicationName)
        variables["LC_ALL"] = "C"
        return ChildProgram(path, arguments, environment: ChildEnvironment(variables))
    }
}

/// The list of contents of a dump, as far as a backup has to know it.
struct DumpContents: Sendable {
    /// The number of the file and the oid of its table.
    var tables: [(number: Int, oid: UInt32)] = []
    /// The numbers of the entries that stand for large objects; before PostgreSQL 17 at most one.
    var largeObjects: [Int] = []

    /// Takes in a line of what `pg_restore --list` prints: `3021; 0 16385 TABLE DATA public orders owner`, where the second
    /// number of the pair is the table's oid (pg_dump.c, makeTableDataInfo). Names come after that, with line breaks
    /// replaced, and are of no use.
    mutating func add(_ line: String) {
        // By bytes: a space and an accent that begins a name are one character.
        let words = line.utf8.split(separator: UInt8(ascii: " "), maxSplits: 5).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard words.count == 6, words[0].hasSuffix(";"), let number = Int(words[0].dropLast()),
            let oid = UInt32(words[2])
        else { return }
        if words[3] == "TABLE", words[4] == "DATA" { tables.append((number, oid)) }
        if words[3] == "BLOBS" { largeObjects.append(number) }
    }

    /// The files that pg_restore is going to open by itself.
    ///
    /// - Parameter sizes: of the tables, by oid.
    func feeds(_ sizes: [UInt32: ByteCount], dumper: PostgreSQLVersion) -> [RestoreFeed] {
        let rows = tables.map { table in
            RestoreFeed(name: "\(table.number).dat", content: .rows, size: sizes[table.oid] ?? ByteCount(0))
        }
        // One list for all, or one for each entry.
        let lists = largeObjects.map { dumper.major < 17 ? "blobs.toc" : "blobs_\($0).toc" }
        return rows + lists.map { RestoreFeed(name: $0, content: .largeObjects, size: ByteCount(1)) }
    }

    /// - Parameter directory: holds `toc.dat`.
    static func read(_ directory: String, _ program: ClientProgram, _ programs: Programs) async throws -> DumpContents {
        var contents = DumpContents()
        let child = ChildProgram(program.path, ["--list", directory], environment: ["LC_ALL": "C"])
        _ = try await programs.run(child) { (line: LineSplitter.Line) in contents.add(line.text) }.checked()
        return contents
    }
}

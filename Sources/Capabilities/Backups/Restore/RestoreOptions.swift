import ArgumentParser
import Backup
import Command
import Maintenance

extension RestoreBackup {
    /// Where what is restored ends up.
    package enum Place: String, ExpressibleByArgument, CaseIterable, Sendable {
        /// A new database beside the present one.
        case new
        /// In place of the present one, which is kept under another name.
        case environment
    }

    package struct Options: ParsableArguments, Sendable {
        @Option(help: ArgumentHelp("Which backup: its id, or 'latest'.", valueName: "id"))
        package var backup = "latest"

        @Option(
            help: ArgumentHelp(
                "Which database of the environment; needed where it has several.", valueName: "name"))
        package var resource: String?

        @Option(
            help: ArgumentHelp(
                "Whose backup, where it is not the database's own: 'environment/resource'.", valueName: "target"))
        package var from: String?

        @Option(
            help: ArgumentHelp(
                "'new' for a new database beside the present one, 'environment' to take its place.", valueName: "place")
        )
        package var to = Place.new

        @Option(
            help: ArgumentHelp(
                "What the new database is called; its old name and the time of the backup where it is not said.",
                valueName: "name"))
        package var `as`: String?

        @Option(
            help: ArgumentHelp(
                "Only this table, with its keys, indexes and whatever it needs: 'public.orders'. Several times for several.",
                valueName: "name"))
        package var table: [String] = []

        @Option(
            help: ArgumentHelp("Only this schema, with everything in it. Several times for several.", valueName: "name")
        )
        package var schema: [String] = []

        @Option(
            help: ArgumentHelp(
                "Bring the whole cluster back from a physical backup, as a data directory that is not there yet.",
                valueName: "directory"), completion: .directory)
        package var into: LocalPath?

        @Option(
            help: ArgumentHelp(
                "With '--into': the moment, such as 2026-11-21T14:03:00Z. Without it, all that was archived.",
                valueName: "time"))
        package var asOf: Timestamp?

        @Flag(help: "End the sessions of others in the database that is replaced.")
        package var terminateConnections = false

        package init() {}

        package func validate() throws {
            if let into { return try validateCluster(into) }
            if asOf != nil {
                throw ValidationError(
                    "'--as-of' is for '--into'; 'backup extract' makes a backup of one database as of a moment")
            }
            if backup != "latest", BackupID(backup) == nil {
                throw ValidationError(
                    "'--backup' is the name of a backup, such as 20261121T020000Z-k7q2m, or 'latest'")
            }
            if let from, source == nil || from.utf8.contains(0) {
                throw ValidationError("'--from' is 'environment/resource', such as 'test/main'")
            }
            if let name = `as` {
                guard to == .new else {
                    throw ValidationError("'--as' is for '--to new'; '--to environment' keeps the database's name")
                }
                guard (1...63).contains(name.utf8.count), !name.utf8.contains(0) else {
                    throw ValidationError("'--as' is the name of a database: 1 to 63 bytes")
                }
            }
            if to != .new, !table.isEmpty || !schema.isEmpty {
                throw ValidationError(
                    "'--table' and '--schema' are for '--to new': a part cannot take the place of the whole")
            }
            if terminateConnections, to != .environment {
                throw ValidationError(
                    "'--terminate-connections' is for '--to environment': nobody is in a new database")
            }
        }

        /// Of the whole cluster.
        private func validateCluster(_ directory: LocalPath) throws {
            if backup != "latest", !PhysicalBackup.isLabel(backup) {
                throw ValidationError(
                    "with '--into' '--backup' is the name of a physical backup, such as 20261121-020000F, or 'latest'")
            }
            guard to == .new, `as` == nil, from == nil, table.isEmpty, schema.isEmpty, !terminateConnections else {
                throw ValidationError(
                    "'--into' brings a whole cluster back: only '--backup', '--resource' and '--as-of' go with it")
            }
            guard directory.path.split(separator: "/").count >= 2 else {
                throw ValidationError("'--into' is a directory below another one, such as /srv/postgresql/restored")
            }
        }

        /// Nil where all of the backup is meant.
        ///
        /// - Throws: `SelectionError`.
        func selection(of backup: BelievedBackup, at path: String) throws -> RestoreSelection? {
            guard !table.isEmpty || !schema.isEmpty else { return nil }
            return try RestoreSelection(tables: table, schemas: schema, of: backup.manifest) {
                try backup.manifest.listing(at: path)
            }
        }

        /// Of `from`; nil for the database's own.
        var source: Target? {
            guard let parts = from?.split(separator: "/", omittingEmptySubsequences: false), parts.count == 2,
                parts.allSatisfy({ !$0.isEmpty })
            else { return nil }
            return Target(environment: String(parts[0]), resource: String(parts[1]))
        }
    }
}

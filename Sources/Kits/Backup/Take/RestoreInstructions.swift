import Maintenance
import PostgreSQL

/// `RESTORE.txt`: how to restore a backup with nothing but PostgreSQL's and zstd's own programs, for the day when there
/// is no Mainstay.
struct RestoreInstructions {
    let text: String

    init(_ manifest: BackupManifest) {
        let source = manifest.source
        let server = PostgreSQLVersion(number: source.serverVersion)
        let program = PostgreSQLVersion(number: manifest.program.version)
        let major = max(server.major, program.major)
        let isPlain = manifest.isPlain
        let (tool, package) = isPlain ? ("", "") : ("zstd and ", "zstd ")
        text = """
            Backup \(manifest.id) of \(source.target)
            Database \(source.database.printable), PostgreSQL \(server), \(manifest.times.snapshot) (snapshot)
            \(manifest.tables.count) tables, \(manifest.rows) rows, \(manifest.contentBytes) of rows

            To restore it by hand you need \(tool)the programs of PostgreSQL \(major) or newer (Debian:
            apt-get install \(package)postgresql-client-\(major)), a server of that version on which you are superuser and on
            which there is no database of this name, and about \(source.size) of disk for it. PGHOST, PGPORT and PGUSER say
            which server. Run these lines in a copy of this directory, or here:

            \(isPlain ? "" : "zstd -d -q --rm database/*.zst\n")psql -X -d postgres -f roles.sql
            export PGOPTIONS=\(RestoreSettings.byHand.shellQuoted)
            pg_restore --create --jobs=2 --dbname=postgres database

            \(isPlain ? "" : "The first line replaces the compressed files by what they hold. ")The psql line makes the roles of the old cluster;
            errors about roles that exist already mean nothing. Passwords are not in the backup. PGOPTIONS has the
            settings under which the rows were written, and stronger ones than the database brings along that would
            keep it from being restored. \(Self.tablespaces(source))
            Run ANALYZE afterwards: planner statistics are not in the backup.

            What is in each file, and the digest of every table, stands in manifest.json.

            """
    }

    private static func tablespaces(_ source: BackupManifest.Source) -> String {
        guard let name = source.tablespace else {
            return "Tablespaces have to exist first; without them add\n--no-tablespaces."
        }
        return """
            Tablespaces have to exist first.
            The database itself is in the tablespace \(name.displayedIdentifier), which --no-tablespaces does not leave out.
            Make it before pg_restore, on an empty directory that belongs to the user PostgreSQL runs as:

                create tablespace \(name.quotedIdentifier.printable) location '/DIRECTORY';

            Other tablespaces have to exist too, or add --no-tablespaces.
            """
    }
}

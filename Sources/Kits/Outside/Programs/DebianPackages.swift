/// Which Debian 12 package has a program, for the line that installs it.
enum DebianPackages {
    /// Nil for a program that no capability is known to use.
    static func package(of program: String) -> String? {
        packages.first { $0.programs.contains(program) }?.name
    }

    private static let packages: [(name: String, programs: Set<String>)] = [
        (
            "postgresql-client-15",
            [
                "psql", "pg_dump", "pg_dumpall", "pg_restore", "pg_basebackup", "pg_verifybackup", "pg_amcheck",
                "pg_isready", "pg_receivewal", "pg_recvlogical", "vacuumdb", "reindexdb", "clusterdb", "createdb",
                "dropdb", "createuser", "dropuser", "pgbench",
            ]
        ),
        (
            "postgresql-15",
            [
                "postgres", "initdb", "pg_ctl", "pg_checksums", "pg_controldata", "pg_resetwal", "pg_rewind",
                "pg_upgrade", "pg_waldump", "pg_archivecleanup", "oid2name", "vacuumlo",
            ]
        ),
        ("pgbackrest", ["pgbackrest"]), ("restic", ["restic"]), ("rclone", ["rclone"]), ("gzip", ["gzip"]),
        ("zstd", ["zstd"]), ("xz-utils", ["xz"]), ("bzip2", ["bzip2"]), ("tar", ["tar"]), ("git", ["git"]),
        ("openssl", ["openssl"]), ("curl", ["curl"]), ("redis-tools", ["redis-cli"]), ("weasyprint", ["weasyprint"]),
        ("systemd", ["systemctl", "journalctl", "systemd-analyze"]), ("openssh-client", ["ssh", "scp", "sftp"]),
        ("rsync", ["rsync"]),
        ("python3", ["python3"]), ("iputils-ping", ["ping"]), ("nginx-light", ["nginx"]), ("util-linux", ["setpriv"]),
    ]
}

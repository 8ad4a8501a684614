import PostgreSQL

/// The settings a restore goes by, ours or one by hand: they win over what ALTER DATABASE and ALTER ROLE say, by which it
/// would fail (`default_transaction_read_only`, `role`, a library that is not here), or silently read values in another
/// sense (`array_nulls`, `transform_null_equals`, `intervalstyle`).
enum RestoreSettings {
    private static let needed = [
        "default_transaction_read_only=off", "default_transaction_isolation=read\\ committed",
        "default_transaction_deferrable=off", "role=none", "session_replication_role=origin",
        "session_preload_libraries=", "local_preload_libraries=", "row_security=off", "statement_timeout=0",
        "lock_timeout=0", "idle_in_transaction_session_timeout=0", "idle_session_timeout=0", "array_nulls=on",
        "transform_null_equals=off", "xmloption=content", "standard_conforming_strings=on", "default_tablespace=",
        "temp_tablespaces=",
    ]

    /// Where nobody keeps what is restored.
    private static let forProofs = ["client_min_messages=warning", "log_statement=none", "synchronous_commit=off"]

    /// For `PGOPTIONS` of whoever restores by hand, who has to be superuser.
    static var byHand: String { options(needed) }

    /// For pg_restore and our own sessions in a private cluster.
    static var inProof: String { options(needed + forProofs) }

    private static func options(_ own: [String]) -> String {
        ([PinnedSettings.programOptions] + own.map { "-c \($0)" }).joined(separator: " ")
    }
}

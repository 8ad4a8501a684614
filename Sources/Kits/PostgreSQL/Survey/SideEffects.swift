/// The server's functions, and those of its contrib modules, that change something although a SELECT calls them; also
/// those that run SQL given as text, which no reader of the outer statement sees. PostgreSQL 15 to 18, manual chapters
/// "System Administration Functions", "Sequence Manipulation Functions", "Large Objects", appendix F.
enum SideEffects {
    static func isKnown(_ function: String) -> Bool {
        names.contains(function) || prefixes.contains { function.hasPrefix($0) }
            || (function.hasPrefix("pg_") && function.contains("_reset"))
    }

    private static let names: Set<String> = [
        // Sequences, settings, transaction ids.
        "nextval", "setval", "set_config", "txid_current", "pg_current_xact_id", "pg_export_snapshot", "pg_nextoid",
        // The server and its backends.
        "pg_reload_conf", "pg_terminate_backend", "pg_cancel_backend", "pg_promote", "pg_notify", "pg_switch_wal",
        "pg_start_backup", "pg_stop_backup", "pg_backup_start", "pg_backup_stop", "pg_import_system_collations",
        "pg_logical_emit_message", "pg_replication_slot_advance", "pg_sync_replication_slots", "pg_prewarm",
        "pg_replication_origin_create", "pg_replication_origin_drop", "pg_replication_origin_advance",
        "pg_replication_origin_session_setup", "pg_replication_origin_session_reset",
        "pg_replication_origin_xact_setup", "pg_replication_origin_xact_reset", "pg_stat_force_next_flush",
        "pg_truncate_visibility_map", "heap_force_kill", "heap_force_freeze", "gin_clean_pending_list",
        // Large objects under their old names.
        "loread", "lowrite",
        // Run a text as SQL.
        "query_to_xml", "query_to_xmlschema", "query_to_xml_and_xmlschema", "ts_stat", "ts_rewrite", "connectby",
        "xpath_table",
    ]

    private static let prefixes = [
        "pg_advisory_", "pg_try_advisory_", "lo_", "pg_stat_reset", "pg_create_", "pg_drop_", "pg_copy_",
        "pg_rotate_logfile", "pg_wal_replay_", "pg_logical_slot_get_", "pg_log_", "pg_file_", "pg_restore_",
        "pg_clear_", "pg_set_", "binary_upgrade_", "brin_summarize_", "brin_desummarize_", "autoprewarm_", "dblink",
        "postgres_fdw_disconnect", "crosstab",
    ]
}

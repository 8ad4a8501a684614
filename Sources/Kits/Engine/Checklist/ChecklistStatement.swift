import Store

/// What checklists ask the store: answers are what runs left behind, and entries of the audit trail. The one thing they
/// keep themselves is when a finding was last of each severity, which its own row forgets.
enum ChecklistStatement: String, StatementSet {
    /// The newest first; a dry run looked and did nothing, so it is no evidence.
    case steps = """
        select step.* from step join run on run.id = step.run_id
        where step.task = :task and step.environment = :environment and step.resource = :resource
            and step.started_at is not null and run.is_dry_run = 0
        order by step.started_at desc, step.run_id desc, step.number desc limit :most
        """
    case noteSeverity = """
        insert into finding_severity (fingerprint, severity, last_seen) values (:fingerprint, :severity, :seen)
        on conflict (fingerprint, severity) do update set last_seen = excluded.last_seen
        """
    /// What is open with that severity, or had it since an instant.
    case findings = """
        select finding.*, finding_severity.severity as was_severity, finding_severity.last_seen as was_seen
        from finding join finding_severity on finding_severity.fingerprint = finding.fingerprint
        where (finding.environment = :environment or finding.environment = '')
            and (finding_severity.last_seen >= :since
                or (finding.resolved_at is null and finding.severity = finding_severity.severity))
        order by finding_severity.last_seen desc, finding.fingerprint
        """
    case signOffs = """
        select * from audit
        where kind in ('signed', 'remarked') and environment = :environment and subject = :subject
        order by number desc limit :most
        """
}

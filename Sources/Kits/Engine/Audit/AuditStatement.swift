import Store

/// What the audit trail says to the store. Nothing here updates or deletes, and the table refuses both.
enum AuditStatement: String, StatementSet {
    case head = "select number, hash from audit order by number desc limit 1"
    case append = """
        insert into audit (number, recorded_at, kind, actor, environment, resource, run_id, step, subject, approval,
            detail, previous, hash)
        values (:number, :recorded_at, :kind, :actor, :environment, :resource, :run_id, :step, :subject, :approval,
            :detail, :previous, :hash)
        """
    case after = "select * from audit where number > :number order by number limit :most"
    case before = "select * from audit where number < :number order by number desc limit :most"
    case signedSince = """
        select * from audit where environment = :environment and kind in ('signed', 'remarked')
            and recorded_at >= :since order by number desc
        """
    /// The newest of one environment, by its own index: whoever sees little reads little.
    case beforeIn = """
        select * from audit where environment = :environment and number < :number order by number desc limit :most
        """
    case withHash = "select number from audit where hash = :hash order by number limit 1"
    case ofApproval = "select * from audit where approval = :approval order by number"
    /// The change an entry tells of; a row without one where only the run is known still.
    case toldOf = """
        select c.content as content, c.state as state from run r
        left join change c on c.run_id = r.id and c.step = :step and c.number = :number
        where r.id = :run_id
        """
    case lastConfigured = "select * from audit where kind = 'configured' order by number desc limit 1"
}

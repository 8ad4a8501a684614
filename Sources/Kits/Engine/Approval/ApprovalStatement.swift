import Store

/// What approvals say to the store. A request is never changed; what people say to it is in the audit trail.
enum ApprovalStatement: String, StatementSet {
    case insert = """
        insert into approval (id, run_id, step, task, environment, resource, content, asked_at)
        values (:id, :run_id, :step, :task, :environment, :resource, :content, :asked_at)
        """
    case named = "select * from approval where id = :id"
    case namedLike = "select * from approval where id like :pattern order by asked_at desc limit 5"
    case ofRun = "select * from approval where run_id = :run_id order by asked_at desc"
    case ofStep = "select * from approval where run_id = :run_id and step = :step order by asked_at desc, id limit 1"
    case standing = """
        select * from approval
        where task = :task and environment = :environment and resource = :resource and asked_at >= :since
        order by asked_at desc, id limit 50
        """
    case open = """
        select approval.* from approval
        join step on step.run_id = approval.run_id and step.number = approval.step
        where step.state in ('waiting', 'running', 'pending', 'cancelled')
        order by approval.asked_at, approval.id
        """
    case stateOfStep = "select state from step where run_id = :run_id and number = :number"
    case statesOfRun = "select state from step where run_id = :run_id order by number"
    case refuseWaiting = """
        update step set state = 'refused', ended_at = :at, error = :error
        where run_id = :run_id and number = :number and state = 'waiting'
        """
    case endWaitingRun = "update run set state = :state, ended_at = :at where id = :id and state = 'waiting'"
}

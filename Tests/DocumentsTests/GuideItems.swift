/// Every line of the five guides that begins with `- [ ]`, as `grep` finds them: file, line, text. The fifth guide,
/// event-manager.md, has none.
enum GuideItems {
    static let all: [GuideItem] = list.split(separator: "\n").map(GuideItem.init)

    private static let list = """
        agentic-ecosystem.md:18: System health checks
        agentic-ecosystem.md:19: Performance metrics collection
        agentic-ecosystem.md:20: Error log analysis
        agentic-ecosystem.md:21: Database performance review
        agentic-ecosystem.md:22: Security scan results review
        agentic-ecosystem.md:23: Backup verification
        agentic-ecosystem.md:55: Database optimization
        agentic-ecosystem.md:56: Index analysis and optimization
        agentic-ecosystem.md:57: Log cleanup and archival
        agentic-ecosystem.md:58: Security patch review
        agentic-ecosystem.md:59: Performance trend analysis
        agentic-ecosystem.md:60: Capacity planning review
        agentic-ecosystem.md:61: Monitoring threshold updates
        agentic-ecosystem.md:93: Security audit and compliance review
        agentic-ecosystem.md:94: Disaster recovery testing
        agentic-ecosystem.md:95: Performance baseline updates
        agentic-ecosystem.md:96: Capacity scaling assessment
        agentic-ecosystem.md:97: Documentation updates
        agentic-ecosystem.md:98: Third-party integrations review
        agentic-ecosystem.md:99: Cost optimization analysis
        agentic-ecosystem.md:412: Review overnight alerts
        agentic-ecosystem.md:413: Check system health dashboard
        agentic-ecosystem.md:414: Review error logs summary
        agentic-ecosystem.md:415: Verify backup completion
        agentic-ecosystem.md:416: Monitor performance trends
        agentic-ecosystem.md:419: Performance optimization review
        agentic-ecosystem.md:420: Security scan results
        agentic-ecosystem.md:421: Capacity planning update
        agentic-ecosystem.md:422: Documentation updates
        agentic-ecosystem.md:423: Team maintenance summary
        agentic-ecosystem.md:426: Full security audit
        agentic-ecosystem.md:427: Disaster recovery test
        agentic-ecosystem.md:428: Performance baseline update
        agentic-ecosystem.md:429: Cost optimization review
        agentic-ecosystem.md:430: Maintenance procedure review
        contribux.md:87: All services operational
        contribux.md:88: No critical alerts overnight
        contribux.md:89: Database performance within thresholds
        contribux.md:90: API error rates < 0.1%
        contribux.md:91: Authentication system functioning
        contribux.md:92: Vector search performance optimal
        environment-management.md:32: All environments responding normally
        environment-management.md:33: No critical errors in logs
        environment-management.md:34: Backup operations completed successfully
        environment-management.md:35: Resource usage within normal limits
        environment-management.md:36: No security alerts triggered
        environment-management.md:61: Performance metrics reviewed
        environment-management.md:62: Database statistics updated
        environment-management.md:63: Old logs archived
        environment-management.md:64: Security audit completed
        environment-management.md:65: Environment schemas synchronized
        environment-management.md:66: User permissions validated
        environment-management.md:88: System capacity assessment completed
        environment-management.md:89: Security policies reviewed and updated
        environment-management.md:90: Documentation updated
        environment-management.md:91: Disaster recovery procedures tested
        environment-management.md:92: Training materials refreshed
        environment-management.md:93: Performance trends analyzed
        next-portal.md:90: Create full system backup
        next-portal.md:91: Review change logs
        next-portal.md:92: Plan rollback strategy
        next-portal.md:93: Schedule maintenance window
        next-portal.md:94: Notify stakeholders
        """
}

struct GuideItem: Hashable, Sendable {
    /// `contribux.md:87`.
    var source: String
    var text: String

    init(_ line: Substring) {
        let parts = line.split(separator: ":", maxSplits: 2)
        source = "\(parts[0]):\(parts[1])"
        text = String(parts[2].dropFirst())
    }
}

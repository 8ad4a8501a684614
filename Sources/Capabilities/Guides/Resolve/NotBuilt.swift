/// What the guides' own spellings mean that nothing here does yet, by the area that will do it.
///
/// They are listed by name, because a team that reads "not built yet" knows where it is, and one that reads "needs a
/// decision" looks for a mistake of its own. A spelling that has become one of ours counts there, and no more here.
enum NotBuilt {
    /// The area; nil for a spelling that nobody has planned.
    static func area(of spelling: String) -> String? { names[spelling] }

    private static let names: [String: String] = Dictionary(
        uniqueKeysWithValues: areas.flatMap { area, spellings in
            spellings.split(whereSeparator: \.isWhitespace).map { (String($0), area) }
        })

    private static let areas: [(String, String)] = [
        (
            "security",
            """
            security:audit security:vulnerability-scan security:access-review security:update-policies
            security:rotate-keys security:monitor security:alerts security:report security:scan security:daily-check
            security:comprehensive-audit security:update-dependencies maintenance:daily:security-check
            maintenance:daily:security-summary maintenance:weekly:security-scan maintenance:weekly:security-patches
            maintenance:weekly:security-config maintenance:weekly:access-audit maintenance:monthly:security-audit
            maintenance:monthly:access-review maintenance:monthly:compliance-check maintenance:monthly:pentest-schedule
            """
        ),
        (
            "capacity",
            """
            analyze:capacity capacity:monitor capacity:analyze-trends capacity:report capacity:plan capacity:optimize
            capacity:scale capacity:planning-analysis maintenance:monthly:capacity-planning
            """
        ),
        (
            "upgrades",
            """
            upgrade:analyze upgrade:plan upgrade:test upgrade:execute upgrade:verify validate:post-upgrade
            test:post-upgrade report:upgrade maintenance:morning:deployment-health
            """
        ),
        (
            "environments",
            """
            security:update-anonymization data:sync-check data:sync-reference data:consistency-check
            """
        ),
        (
            "database care",
            """
            data:integrity-check data:corruption-check db:integrity:check db:vector:optimize db:optimize:settings
            maintenance:weekly:vector-optimization maintenance:weekly:connection-optimization
            maintenance:weekly:cache-optimization maintenance:monthly:storage-optimization
            maintenance:monthly:optimization-opportunities maintenance:evening:prep-optimization
            maintenance:monthly:baseline-update baseline:update optimize:connections
            """
        ),
        (
            "data retention and quality",
            """
            data:archive-logs data:cleanup-orphaned data:retention cleanup:old-data maintenance:monthly:data-retention
            maintenance:monthly:data-archival maintenance:monthly:data-quality
            """
        ),
        (
            "log analysis",
            """
            cleanup:logs logs:analyze maintenance:evening:error-analysis
            """
        ),
        (
            "applications and their edge",
            """
            profile:performance optimize:bottlenecks maintenance:weekly:cdn-performance
            maintenance:weekly:edge-optimization
            """
        ),
        (
            "the dashboard's set-up",
            """
            dashboard:setup dashboard:configure dashboard:enable-realtime
            """
        ),
        (
            "training",
            """
            training:schedule training:simulate training:materials
            """
        ),
        (
            "system reviews",
            """
            maintenance:quarterly:architecture-review maintenance:quarterly:tech-stack-review
            maintenance:quarterly:scalability-assessment maintenance:quarterly:modernization-review
            maintenance:quarterly:ai-accuracy-review maintenance:quarterly:model-optimization
            maintenance:quarterly:training-data-review maintenance:quarterly:ai-efficiency-analysis
            """
        ),
        (
            "incidents",
            """
            maintenance:emergency:activate maintenance:emergency:impact-assessment
            maintenance:emergency:immediate-fixes maintenance:emergency:stability-monitoring
            maintenance:emergency:notify-stakeholders maintenance:emergency:update-status
            maintenance:emergency:document-actions maintenance:emergency:post-mortem
            maintenance:emergency:root-cause-analysis maintenance:emergency:prevention-measures
            maintenance:emergency:update-procedures maintenance:quarterly:emergency-procedure-test
            """
        ),
        (
            "how well maintenance works",
            """
            maintenance:monitor:performance maintenance:validate:effectiveness maintenance:analyze:trends
            maintenance:measure:effectiveness maintenance:track:improvements maintenance:analyze:cost-optimization
            maintenance:analyze:efficiency maintenance:identify:optimizations maintenance:implement:improvements
            maintenance:measure:improvement-impact
            """
        ),
    ]

    /// Options of the guides that a command of ours does not have yet, by its spelling.
    static func area(of spelling: String, option: String) -> String? {
        options["\(spelling) \(option.prefix { $0 != "=" })"]
    }

    private static let options = [
        "maintenance:weekly --performance-analysis": "database care",
        "db:optimize --auto-tune": "database care",
    ]
}

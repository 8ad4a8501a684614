import Maintenance

/// What a PgBouncer in front of one database should be set to: https://www.pgbouncer.org/config.html.
struct PoolProposal: Sendable {
    struct Line: Sendable, Hashable {
        var setting: String
        var value: String
        var why: String
    }

    /// None where too little was seen to say anything.
    let lines: [Line]
    let text: String

    /// - Parameter serverLimit: sessions the cluster allows those who are no superusers.
    init(_ advice: PoolAdvice, serverLimit: Int) {
        guard let size = advice.size else {
            lines = []
            text = "too few looks at the sessions yet; run 'db connections' on a schedule"
            return
        }
        let peak = max(advice.now.busy, advice.history.peakBusy)
        let open = max(advice.now.open, advice.history.peakOpen)
        // Others need room too: backups, migrations, Mainstay.
        let most = max(1, serverLimit - max(5, serverLimit / 10))
        let pool = min(size, most)
        let reserve = min(max(2, pool / 4), max(0, most - pool))
        lines = [
            Line(setting: "pool_mode", value: "transaction", why: "a session is needed inside transactions alone"),
            Line(
                setting: "default_pool_size", value: String(pool),
                why: pool < size
                    ? "\(size) would serve \(peak) busy at once, and the server has room for \(most)"
                    : "at most \(peak) were busy at once, and a quarter more"),
            Line(setting: "reserve_pool_size", value: String(reserve), why: "a quarter of the pool, for bursts"),
            Line(setting: "reserve_pool_timeout", value: "3", why: "seconds a client waits before the reserve opens"),
            Line(
                setting: "max_db_connections", value: String(pool + reserve),
                why: "never more, whatever users there are; the server allows \(serverLimit)"),
            Line(
                setting: "max_client_conn", value: String(max(100, 2 * open)),
                why: "twice the \(open) that were open at once; waiting clients cost the server nothing"),
        ]
        text = "default_pool_size \(pool), reserve_pool_size \(reserve), max_db_connections \(pool + reserve)"
    }

    var listing: Listing {
        Listing(
            "PgBouncer", ["setting", "value", "why"],
            lines.map { [.text($0.setting), .text($0.value), .text($0.why)] })
    }
}

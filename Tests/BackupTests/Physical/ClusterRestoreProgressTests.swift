import Maintenance
import Testing

@testable import Backup

@Suite("how far a restore of a cluster is")
struct ClusterRestoreProgressTests {
    @Test("of rows it says how many are there, and about how long the others take")
    func rows() {
        func line(_ given: Int64, _ total: Int64, _ seconds: Int) -> String {
            RestoreProgress.line(given: ByteCount(given), of: ByteCount(total), after: .seconds(seconds))
        }
        #expect(line(0, 1_000_000_000, 5) == "waiting for the first rows")
        let quarter = line(250_000_000, 1_000_000_000, 60)
        #expect(quarter.contains("25") && quarter.contains("about 3 min left"), "\(quarter)")
        #expect(line(10, 10, 60).hasPrefix("all rows are restored"))
    }

    @Test(
        "is read from what pgBackRest says of each file",
        arguments: [
            ("DETAIL: restore file /srv/data/base/5/2619 (152KB, 0.48%) checksum 4a5f", 0.0048),
            ("DETAIL: restore file /srv/50%/base/1 (16MB, 100.00%) checksum 4a5f", 1.0),
            ("DETAIL: restore file /srv/data/base/1 - exists and matches backup (8KB, 7%) checksum 4a5f", 0.07),
            ("INFO: restore backup set 20261121-020000F", nil), ("DETAIL: restore file without a share", nil),
        ] as [(String, Double?)])
    func shares(line: String, share: Double?) {
        let found = ClusterRestoreProgress.share(line)
        #expect(found.map { ($0 * 10_000).rounded() } == share.map { ($0 * 10_000).rounded() })
    }
}

import Testing

@testable import Backup

@Suite("how far a restore of a cluster is")
struct ClusterRestoreProgressTests {
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

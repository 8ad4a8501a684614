import Backup
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Testing

@testable import Backups

@Suite("what survives this host", .temporaryDirectory)
struct SurvivalTests {
    private let configuration = """
        [vault]
        type = sftp
        host = vault.example

        [self]
        type = sftp
        host = localhost

        [disk]
        type = local

        [secret]
        type = crypt
        remote = disk:/srv/backups

        [bucket]
        type = s3
        endpoint = http://127.0.0.1:9000
        [ring]
        type = alias
        remote = ring:
        """

    @Test(
        "an address of this host is no other place, however it is written",
        arguments: [
            ("/srv/backups", true), ("local:/srv/backups", true), ("sftp:backup@localhost:/srv", true),
            ("sftp:localhost:/srv", true), ("sftp:127.1.2.3:/srv", true), ("sftp://backup@localhost:22//srv", true),
            ("sftp:backup@HOST:/srv", true), ("rest:http://user:secret@[::1]:8000/", true),
            ("rest:https://LocalHost/shop", true), ("s3:http://localhost:9000/bucket", true),
            ("s3:localhost:9000/bucket", true), ("rclone:self:srv", true), ("rclone:disk:/srv", true),
            ("rclone:secret:", true), ("rclone:bucket:shop", true), ("rclone::local:/srv", true),
            ("rclone::sftp,host=localhost:/srv", true), ("sftp:backup@vault.example:/srv", false),
            ("sftp:backup@localhost.example:/srv", false), ("rest:https://vault.example/localhost", false),
            ("s3:s3.eu-west-1.amazonaws.com/127.0.0.1", false), ("rclone:vault:srv", false), ("b2:bucket:shop", false),
            ("rclone:nobody:srv", true), ("rclone:plain", true), ("rclone::local", true), ("rclone:ring:", true),
        ])
    func addresses(text: String, isHere: Bool) throws {
        let path = "\(TemporaryDirectory.current)/rclone.conf"
        try configuration.write(toFile: path, atomically: true, encoding: .utf8)
        let address = text.replacing("HOST", with: ProcessInfo.processInfo.hostName)
        let found = Survival(ofRepository: address, environment: ["RCLONE_CONFIG": path])
        #expect((found != .elsewhere) == isHere, "\(address): \(found)")
    }

    @Test("what rclone cannot tell is no other place, and it is said why")
    func unreadable() {
        let found = Survival(
            ofRepository: "rclone:vault:srv", environment: ["RCLONE_CONFIG": TemporaryDirectory.current])
        guard case .lostWithHost(let reason) = found else {
            Issue.record("\(found)")
            return
        }
        #expect(reason.contains("names no remote 'vault'") && reason.contains(TemporaryDirectory.current), "\(reason)")
    }

    @Test(
        "each repository of pgBackRest is at a place of its own, and without a word about one there is the first",
        arguments: [
            ("", [1: "/var/lib/pgbackrest"]), ("repo2-path=/srv", [2: "/srv"]),
            ("repo1-path=/srv\nrepo2-host=vault.example", [1: "/srv", 2: "at vault.example"]),
            ("repo1-type=s3\nrepo1-s3-endpoint=localhost:9000", [1: "at localhost:9000"]),
            ("repo1-type=sftp\nrepo1-sftp-host=127.0.0.1", [1: "at 127.0.0.1"]),
            ("repo1-type=gcs\nrepo1-gcs-bucket=shop", [1: "a service"]),
        ])
    func repositories(lines: String, places: [Int: String]) throws {
        let options = try PgBackRestOptions("[global]\n\(lines)\n[shop]\npg1-path=/data\n", path: "pgbackrest.conf")
        let found = options.places(of: "shop").map { place in
            (place.number, place.path ?? place.host.map { "at \($0)" } ?? "a service")
        }
        #expect(Dictionary(uniqueKeysWithValues: found) == places)
        #expect(Survival(ofHost: "localhost:9000") != .elsewhere && Survival(ofHost: "vault.example") == .elsewhere)
    }
}

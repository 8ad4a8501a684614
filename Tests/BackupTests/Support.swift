import Backup
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

let programs = Programs(environment: ["PATH": "/usr/bin:/bin"])

/// A key that is always the same.
let key: BackupKey = {
    guard let key = BackupKey([UInt8](repeating: 7, count: 32)) else { preconditionFailure("a key has 32 bytes") }
    return key
}()

/// The backups of a database of the tests, in the test's own directory.
struct Shelf {
    var folder = BackupFolder(
        root: TemporaryDirectory.current + "/backups", target: Target(environment: "test", resource: "main"))
    var database = TestDatabase.current

    func writer(user: String? = nil) -> BackupWriter {
        let address = user.map { database.address.with(user: $0) } ?? database.address
        var writer = BackupWriter(
            folder, key: key, address: address, settings: ConnectionSettings(applicationName: "mainstay test"),
            runID: "20261121-000000-aaaaa", programs: programs)
        writer.readTwice = 100
        return writer
    }

    func path(_ manifest: BackupManifest) -> String { folder.path(of: manifest.id) }

    /// Names in a directory of a backup, sorted.
    func listing(_ manifest: BackupManifest, _ directory: String = "") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(path(manifest))/\(directory)").sorted()
    }
}

/// Makes a program that is called like PostgreSQL's own and does something else around it. `$real` is the real one, and
/// `--version` is always answered.
func wrap(_ name: String, _ script: String) throws -> String {
    let directory = TemporaryDirectory.current + "/programs"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let real = "/usr/lib/postgresql/15/bin/\(name)"
    let text = """
        #!/bin/bash
        real=\(real)
        if [[ $1 == --version ]]; then exec $real --version; fi
        for argument in "$@"; do [[ $argument == --file=* ]] && directory=${argument#--file=}; done
        \(script)
        """
    let path = "\(directory)/\(name)"
    #expect(
        FileManager.default.createFile(
            atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o755]))
    return directory
}

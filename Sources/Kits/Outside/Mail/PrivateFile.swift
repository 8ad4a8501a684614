import Foundation
import Glibc
import Maintenance

/// A file in a directory of its own that nobody else can read, until it is removed.
struct PrivateFile {
    let path: String
    private let directory: String

    init(_ bytes: [UInt8]) throws {
        var template = Array((NSTemporaryDirectory() + "/mainstay-mail-XXXXXX").utf8CString)
        guard let made = mkdtemp(&template) else {
            throw FileError.system(.create, path: NSTemporaryDirectory(), number: errno)
        }
        directory = String(cString: made)
        path = directory + "/mail"
        let created = FileManager.default.createFile(
            atPath: path, contents: Data(bytes), attributes: [.posixPermissions: 0o600])
        guard created else {
            rmdir(directory)
            throw FileError.system(.write, path: path, number: errno)
        }
    }

    func remove() {
        unlink(path)
        rmdir(directory)
    }
}

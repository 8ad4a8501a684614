import Crypto
import Glibc
import Maintenance
import Outside

/// A file that somebody signed with, as it was then.
package struct Attachment: Codable, Hashable, Sendable {
    /// The last part of the path it was given by. Hostile text.
    package var name: String
    package var size: ByteCount
    /// 64 hexadecimal digits; what the copy is called.
    package var sha256: String

    /// Larger files are refused: a signature is no archive.
    package static let largest = ByteCount(16 * 1_048_576)
}

/// The copies of signed files, each under the digest of its bytes, so that one that was altered has the wrong name.
struct Attachments: Sendable {
    /// `attachments` under the state directory.
    let directory: String

    init(stateDirectory: String) { directory = stateDirectory + "/attachments" }

    /// Copies a file durably and reads the copy back.
    ///
    /// Throws `FileError` where it is no regular file or cannot be read, and `ChecklistError` where it is too large.
    func keep(_ path: String) async throws -> Attachment {
        try await Blocking().run { _ in
            let file = try Descriptor.open(path, flags: O_RDONLY | O_NONBLOCK)
            guard try file.status().kind == .file else { throw FileError.notFile(path: path) }
            guard let bytes = try file.contents(limit: Int(Attachment.largest.bytes)) else {
                throw ChecklistError.tooLarge(path: path, most: Attachment.largest)
            }
            let digest = SHA256.hash(data: bytes).hexadecimal
            let last = path.unicodeScalars.split(separator: "/").last.map { String($0) } ?? path
            let attachment = Attachment(name: last, size: ByteCount(Int64(bytes.count)), sha256: digest)
            guard mkdir(directory, 0o700) == 0 || errno == EEXIST else {
                throw FileError.system(.create, path: directory, number: errno)
            }
            try SafeDirectory(directory).write(try FileName(digest), bytes, mode: 0o600)
            guard case .intact = try look(attachment) else { throw ChecklistError.notReadBack(path: path) }
            return attachment
        }
    }

    /// How a copy stands now.
    enum Standing: Sendable {
        case intact
        case gone
        /// It cannot be read, or holds something else.
        case altered
    }

    func standing(_ attachment: Attachment) async throws -> Standing {
        try await Blocking().run { _ in try look(attachment) }
    }

    private func look(_ attachment: Attachment) throws -> Standing {
        let name = try FileName(attachment.sha256)
        do throws(FileError) {
            let folder = try SafeDirectory(directory)
            guard try folder.status(of: name) != nil else { return .gone }
            guard let bytes = try folder.open(name).contents(limit: Int(attachment.size.bytes)) else { return .altered }
            return SHA256.hash(data: bytes).hexadecimal == attachment.sha256 ? .intact : .altered
        } catch {
            guard error.isMissing else { throw error }
            return .gone
        }
    }
}

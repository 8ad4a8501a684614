import Glibc
import Maintenance

/// What stat(2) says about a file, as far as maintenance asks.
package struct FileStatus: Sendable, Hashable {
    package var identity: FileIdentity
    package var kind: Kind
    package var size: ByteCount
    /// What it takes on the disk; less than `size` for a file with holes.
    package var allocated: ByteCount
    package var modified: Timestamp
    /// Names that lead to it.
    package var links: Int
    /// The permission bits.
    package var mode: UInt32
    package var owner: UInt32
    package var group: UInt32

    package enum Kind: String, Sendable, Codable {
        case file, directory, symbolicLink, other
    }

    init(_ raw: stat) {
        identity = FileIdentity(device: UInt64(raw.st_dev), inode: UInt64(raw.st_ino))
        kind =
            switch raw.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            default: .other
            }
        size = ByteCount(Int64(raw.st_size))
        allocated = ByteCount(Int64(raw.st_blocks) * 512)
        modified = Timestamp(
            microseconds: Int64(raw.st_mtim.tv_sec) * 1_000_000 + Int64(raw.st_mtim.tv_nsec) / 1_000)
        links = Int(raw.st_nlink)
        mode = raw.st_mode & 0o7777
        owner = raw.st_uid
        group = raw.st_gid
    }
}

/// Which file it is, whatever its name: two names with one identity are one file.
package struct FileIdentity: Sendable, Hashable, Codable, CustomStringConvertible {
    package var device: UInt64
    package var inode: UInt64

    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }

    /// `2049:131073`.
    package var description: String { "\(device):\(inode)" }
}

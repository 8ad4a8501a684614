import Maintenance
import Outside

/// Whether a storage is still there when this host is gone. What can be looked at is looked at; where a storage on another
/// machine really stands, nobody can see from here.
enum Survival: Sendable, Hashable {
    case elsewhere
    /// It goes with the host, and why that is so.
    case lostWithHost(String)

    /// - Parameter text: of a restic repository, everything filled in.
    init(ofRepository text: String) {
        if text.hasPrefix("local:") {
            self.init(ofDirectory: String(text.dropFirst("local:".count)))
        } else if text.hasPrefix("/") {
            self.init(ofDirectory: text)
        } else {
            let isHere = ["@localhost", "/localhost", "127.0.0.1", "[::1]"].contains { text.containsBytes($0) }
            self = isHere ? .lostWithHost("its address is this host itself") : .elsewhere
        }
    }

    /// A directory is elsewhere only on a filesystem that another machine serves.
    init(ofDirectory path: String) {
        switch Filesystem.isServedByOthers(path) {
        case true?: self = .elsewhere
        case false?: self = .lostWithHost("it is a directory on a disk of this host")
        case nil: self = .lostWithHost("its directory cannot be looked at")
        }
    }
}

import Maintenance
import Outside

/// Whether a storage is still there when this host is gone. What can be looked at is looked at; where a storage on another
/// machine really stands, nobody can see from here.
enum Survival: Sendable, Hashable {
    case elsewhere
    /// It goes with the host, and why that is so.
    case lostWithHost(String)

    /// - Parameters:
    ///   - text: of a restic repository, everything filled in (restic manual, "Preparing a new repository").
    ///   - environment: where rclone's configuration is looked for.
    init(ofRepository text: String, environment: [String: String]) {
        switch RepositoryAddress(text, environment: environment) {
        case .directory(let path): self.init(ofDirectory: path)
        case .host(let host): self.init(ofHost: host)
        case .service: self = .elsewhere
        case .unknown(let reason): self = .lostWithHost("nobody can say where it is: \(reason)")
        }
    }

    /// A machine that is this one under whatever address it has.
    init(ofHost host: String) {
        self = OwnHost.isMeant(by: host) ? .lostWithHost("its address is this host itself") : .elsewhere
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

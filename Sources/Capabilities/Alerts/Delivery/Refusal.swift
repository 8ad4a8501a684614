import Maintenance

/// What a failed attempt means for the next one. Final is only a definite answer of the other side: whatever may be
/// mended on ours, a secret that cannot be read, a program that is missing, an address that is refused, is tried again
/// for as long as anything is, and is trouble from the first time on.
enum Refusal: Hashable {
    /// The other side may take it later.
    case later
    /// Something here has to be mended first.
    case ours
    /// The other side has said that it never will.
    case final
    /// The channel is not in the configuration any more.
    case removed

    init(_ error: any Error) {
        switch error {
        case is DeliveryError: self = .removed
        case let error as ChannelError: self = !error.isRetryable ? .final : error.isOurs ? .ours : .later
        default: self = .ours
        }
    }
}

/// The channel of a notification is not in the configuration any more.
enum DeliveryError: MaintenanceError, Equatable {
    case noSuchChannel(String)

    var code: String { "alert.no-such-channel" }
    var problem: String {
        switch self {
        case .noSuchChannel(let name): "there is no channel '\(name.printable)' any more"
        }
    }
}

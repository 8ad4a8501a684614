import Alert
import Settings

extension AlertSettings {
    /// Who is told what the channel of a notification, which is for one recipient, does not take: whoever it is for, where
    /// the other channel understands that address, and its own people otherwise.
    package func others(than notification: AlertNotification) -> [FailOver.Way] {
        let names = self[channel: notification.channel]?.access.fallback ?? []
        return names.compactMap { self[channel: $0] }.flatMap { other -> [FailOver.Way] in
            guard other.access.addressesPeople else { return [FailOver.Way(channel: other.name)] }
            let same = notification.recipients.filter(other.access.understands)
            return (same.isEmpty ? other.access.recipients : same).map {
                FailOver.Way(channel: other.name, recipient: $0)
            }
        }
    }
}

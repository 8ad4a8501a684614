import Alert
import Foundation
import Testing

/// The router's state as a version before wrote it: entries by places in lists, climbs that do not know whom they told.
enum OlderState {
    /// - Parameter slot: what a channel's entry was called.
    static func written(from state: RouterState, _ slot: (String) -> String) throws -> RouterState {
        let data = try JSONEncoder().encode(state)
        var object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let entries = try #require(object["entries"] as? [String: [String: [String: Any]]])
        object["entries"] = entries.mapValues { byChannel in
            Dictionary(
                uniqueKeysWithValues: byChannel.map { channel, entry in
                    (slot(channel), entry.filter { $0.key != "refreshed" })
                })
        }
        let climbs = try #require(object["climbs"] as? [String: [String: Any]])
        object["climbs"] = climbs.mapValues { climb in
            climb.filter { ["alert", "route", "taken", "since"].contains($0.key) }
        }
        object["turns"] = nil
        return try JSONDecoder().decode(RouterState.self, from: JSONSerialization.data(withJSONObject: object))
    }
}

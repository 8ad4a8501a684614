import Calendar
import Maintenance
import Page

/// The incidents and the announced work as a feed (RFC 4287, "The Atom Syndication Format"). It names no host: its
/// addresses are those beneath the one it was got from.
enum StatusFeed {
    /// Of each kind.
    static let most = 50

    static func xml(_ board: StatusBoard) -> HTML {
        let incidents = board.incidents.prefix(most).map(entry)
        let announcements = board.announcements.prefix(most).compactMap(entry)
        let updated = (board.incidents.prefix(most).map(\.updatedAt) + board.announcements.compactMap(\.announcedAt))
            .max()
        return """
            <?xml version="1.0" encoding="utf-8"?>
            <feed xmlns="http://www.w3.org/2005/Atom">
            <id>urn:mainstay:status</id>
            <title>\(board.title)</title>
            <updated>\((updated ?? Timestamp(microseconds: 0)).iso8601)</updated>
            <author><name>\(board.title)</name></author>
            <link rel="self" type="application/atom+xml" href="\(url: StatusPage.feedPath)"/>
            <link rel="alternate" type="text/html" href="\(url: StatusPage.path)"/>
            \(incidents)\(announcements)</feed>

            """
    }

    private static func entry(_ incident: StatusIncident) -> HTML {
        let words: String
        let text: String
        switch incident.end {
        case .goesOn:
            words = "down"
            let takenOn = incident.takenOnAt.map { " Somebody works on it since \($0)." } ?? ""
            text = "Down since \(incident.began).\(takenOn)"
        case .at(let end):
            words = "was down"
            text = "Down from \(incident.began) to \(end), \((end - incident.began).short)."
        case .unknown:
            words = "was down"
            text = "Down from \(incident.began); nobody has seen it end."
        }
        return entry(
            "incident/\(incident.id)", "\(incident.component): \(words)", text, of: incident.key,
            published: incident.began, updated: incident.updatedAt)
    }

    private static func entry(_ item: StatusAnnouncement) -> HTML? {
        guard let window = item.window, let announcedAt = item.announcedAt else { return nil }
        let about = item.components.isEmpty ? "everything" : item.components.joined(separator: ", ")
        return entry(
            "maintenance/\(item.id)", "Planned maintenance: \(item.name)",
            "From \(window.start) to \(window.end), about \(about).", of: nil, published: nil, updated: announcedAt)
    }

    private static func entry(
        _ id: String, _ title: String, _ text: String, of component: String?, published: Timestamp?,
        updated: Timestamp
    ) -> HTML {
        let publication: HTML? = published.map { "<published>\($0.iso8601)</published>" }
        let fragment = component.map { "#component-\($0)" } ?? ""
        return """
            <entry><id>urn:mainstay:status:\(id)</id><title>\(title)</title>\(publication)\
            <updated>\(updated.iso8601)</updated><link href="\(url: StatusPage.path + fragment)"/>\
            <content type="text">\(text)</content></entry>

            """
    }
}

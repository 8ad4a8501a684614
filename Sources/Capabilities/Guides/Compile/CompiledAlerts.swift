import Guide
import Maintenance
import Settings

/// Who is told of what, as a guide lists it: `Email: Critical and warning alerts`.
///
/// A guide names ways and no addresses, so only channels that the configuration has are written, known by their name or
/// their kind; a severity that another file routes already stays as it is.
struct CompiledAlerts {
    /// `critical`, `warning` or `info`, each with its channels and the lines that name them.
    private(set) var routes: [(severity: Severity, channels: [String], lines: [Int])] = []
    private(set) var remarks: [GuideRemark] = []

    /// - Parameter own: the file that is compiled into; what it says now does not count.
    init(_ guide: Guide, _ settings: AlertSettings?, own: String) {
        let channels = settings?.channels ?? []
        let places = GuidePlaces(guide, [])
        for item in guide.items where item.isTicked == nil {
            let titles = places.path(of: item.line).suffix(1).map { $0.title.lowercased() }
            guard titles.contains(where: { $0.containsBytes("notif") || $0.containsBytes("alert") }),
                let colon = item.text.utf8.firstIndex(of: UInt8(ascii: ":"))
            else { continue }
            let way = item.text[..<colon].trimmingWhitespace().lowercased()
            let severities = Self.severities(item.text[colon...].lowercased())
            guard !severities.isEmpty, !way.isEmpty, !way.utf8.contains(UInt8(ascii: " ")) else { continue }
            let named = channels.filter { $0.name == way || $0.access.kind == way }.map(\.name)
            guard !named.isEmpty else {
                remarks.append(
                    GuideRemark(item.line, item.text, "'alerts.channels' has none that is called so, or of that kind"))
                continue
            }
            for severity in severities { add(named, severity, item, settings, own) }
        }
        routes.sort { $0.severity > $1.severity }
    }

    private static func severities(_ text: String) -> [Severity] {
        guard text.containsBytes("alert") else { return [] }
        if text.containsBytes("all alerts") { return Severity.allCases }
        return Severity.allCases.filter { text.containsBytes($0.rawValue) }
    }

    private mutating func add(
        _ channels: [String], _ severity: Severity, _ item: Guide.ListItem, _ settings: AlertSettings?, _ own: String
    ) {
        let route =
            switch severity {
            case .critical: settings?.critical
            case .warning: settings?.warning
            case .info: settings?.info
            }
        if let route, route.location.file != own {
            remarks.append(
                GuideRemark(
                    item.line, item.text, "another route is in force for \(severity.rawValue) (\(route.location))"))
            return
        }
        if let index = routes.firstIndex(where: { $0.severity == severity }) {
            routes[index].channels += channels.filter { !routes[index].channels.contains($0) }
            routes[index].lines.append(item.line)
        } else {
            routes.append((severity, channels, [item.line]))
        }
    }

    func yaml(_ file: String) -> [String] {
        guard !routes.isEmpty else { return [] }
        return ["alerts:"]
            + routes.flatMap { route in
                let lines = route.lines.map(String.init).joined(separator: ", ")
                return [
                    "  \(route.severity.rawValue):  # \(file):\(lines)",
                    "    channels: [\(route.channels.map(\.yamlQuoted).joined(separator: ", "))]",
                ]
            }
    }
}

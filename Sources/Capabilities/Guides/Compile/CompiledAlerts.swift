import Guide
import Maintenance
import Settings

/// Who is told of what and who next, as a guide lists it: `Email: Critical and warning alerts`, contacts with their
/// addresses, levels of escalation, times to respond.
///
/// Nothing is made up: channels are those that the configuration has, known by their name or their kind, addresses are the
/// guide's, and a role without an address is listed as one that needs it. A severity that another file routes already
/// stays as it is.
struct CompiledAlerts {
    struct Route {
        var severity: Severity
        var channels: [String] = []
        /// Lines that name channels.
        var lines: [Int] = []
        var recipients: [GuideContact] = []
        /// `immediate` or `batch`, and what says so.
        var timing: (key: String, source: GuideResponse)?
        var steps: [Step] = []
    }

    /// Who is told where nobody has acknowledged.
    struct Step {
        var after: Duration
        var channels: [String]
        var contact: GuideContact
    }

    private(set) var routes: [Route] = []
    private(set) var remarks: [GuideRemark] = []
    private var told: Set<GuideRemark> = []
    private let settings: AlertSettings
    private let own: String

    /// - Parameter own: the file that is compiled into; what it says now does not count.
    init(_ guide: Guide, _ settings: AlertSettings?, own: String) {
        self.settings = settings ?? AlertSettings()
        self.own = own
        addWays(guide)
        let responses = guide.responses
        addTimes(responses)
        addPeople(guide, responses)
        for index in routes.indices { settle(index) }
        let open = routes.filter(\.channels.isEmpty)
        routes.removeAll(where: \.channels.isEmpty)
        routes.sort { $0.severity > $1.severity }
        for route in open { leave(route) }
        for response in responses { weigh(response) }
    }

    // MARK: What the guide says

    /// `Email: Critical and warning alerts` below a heading about notifications, with addresses where it gives some.
    private mutating func addWays(_ guide: Guide) {
        for item in guide.items where item.isTicked == nil {
            let title = guide.path(of: item.line).last?.title.lowercased() ?? ""
            guard title.containsBytes("notif") || title.containsBytes("alert"),
                let colon = item.text.utf8.firstIndex(of: UInt8(ascii: ":"))
            else { continue }
            let way = item.text[..<colon].trimmingWhitespace().lowercased()
            let told = GuideContact.addresses(in: item.text)
            let severities = Self.severities(told.isEmpty ? item.text[colon...].lowercased() : item.text.lowercased())
            guard !severities.isEmpty, !way.isEmpty else { continue }
            let named = settings.channels.filter { $0.name == way || $0.access.kind == way }.map(\.name)
            if named.isEmpty, told.isEmpty {
                guard !way.utf8.contains(UInt8(ascii: " ")) else { continue }
                remark(item.line, item.text, "'alerts.channels' has none that is called so, or of that kind")
            }
            for severity in severities where (!named.isEmpty || !told.isEmpty) && isOpen(severity, item.line, item.text)
            {
                let index = index(of: severity)
                routes[index].channels += named.filter { !routes[index].channels.contains($0) }
                if !named.isEmpty { routes[index].lines.append(item.line) }
                if !told.isEmpty {
                    routes[index].recipients.append(
                        GuideContact(role: way, addresses: told, line: item.line, text: item.text))
                }
            }
        }
    }

    private static func severities(_ text: String) -> [Severity] {
        guard text.containsBytes("alert") else { return [] }
        if text.containsBytes("all alerts") { return Severity.allCases }
        return Severity.allCases.filter { text.containsBytes($0.rawValue) }
    }

    private mutating func addTimes(_ responses: [GuideResponse]) {
        for response in responses {
            let key: String
            switch response.time {
            case .immediate: key = "immediate"
            case .daily: key = "batch"
            case .within: continue
            }
            guard isOpen(response.severity, response.line, response.text) else { continue }
            let index = index(of: response.severity)
            if let other = routes[index].timing {
                if other.key != key {
                    remark(response.line, response.text, "line \(other.source.line) says another time")
                }
            } else {
                routes[index].timing = (key, response)
            }
        }
    }

    /// The first level is told of what is critical, and each further one where those before it have not acknowledged in
    /// their time. Where the guide gives a time for warnings, that is the first level's, and the others follow there too.
    private mutating func addPeople(_ guide: Guide, _ responses: [GuideResponse]) {
        let contacts = guide.contacts
        let levels = guide.escalationLevels
        var used: Set<Int> = []
        let known = Dictionary(contacts.map { (GuideContact.key($0.role), $0) }) { first, _ in first }
        let people = levels.map { level -> GuideContact in
            guard level.contact.addresses.isEmpty, let found = known[GuideContact.key(level.contact.role)] else {
                return level.contact
            }
            used.insert(found.line)
            var person = level.contact
            person.addresses = found.addresses
            return person
        }
        for person in people where person.addresses.isEmpty { needsAddress(person) }
        var first = people.first.flatMap { $0.addresses.isEmpty ? nil : $0 }
        if first == nil, let onCall = contacts.first(where: { $0.isOnCall && !$0.addresses.isEmpty }) {
            first = onCall
            used.insert(onCall.line)
        }
        for severity in [Severity.critical, .warning] {
            let said = responses.first { $0.severity == severity }
            var wait: Duration? = if case .within(let time)? = said?.time { time } else { nil }
            guard severity == .critical || wait != nil, first != nil || levels.count > 1 else { continue }
            let place = first ?? people[0]
            guard isOpen(severity, place.line, place.text) else { continue }
            let index = index(of: severity)
            if severity == .critical, let first, routes[index].recipients.isEmpty { routes[index].recipients = [first] }
            if severity == .critical { wait = levels.first?.response ?? wait }
            for (level, person) in zip(levels, people).dropFirst() {
                guard let after = wait, after <= .seconds(30 * 86_400) else {
                    remark(
                        person.line, person.text,
                        "the guide does not say after how long \(severity.rawValue) alerts go there")
                    break
                }
                if !person.addresses.isEmpty {
                    routes[index].steps.append(Step(after: after, channels: [], contact: person))
                }
                wait = level.response.map { after + $0 }
            }
        }
        used.formUnion(levels.map(\.contact.line))
        for contact in contacts where !used.contains(contact.line) {
            if contact.addresses.isEmpty {
                needsAddress(contact)
            } else {
                remark(contact.line, contact.text, "no alert and no level of the guide goes there")
            }
        }
    }

    // MARK: What the configuration has

    /// Gives each person a channel that reaches them, and leaves channels out that would reach nobody.
    private mutating func settle(_ index: Int) {
        let named = routes[index].channels
        routes[index].recipients = routes[index].recipients.filter { person in
            let ways = channels(for: person, among: named)
            routes[index].channels += ways.filter { !routes[index].channels.contains($0) }
            return !ways.isEmpty
        }
        let addresses = routes[index].recipients.flatMap(\.addresses)
        for name in named {
            guard let channel = settings[channel: name], channel.access.addressesPeople,
                settings.recipients(addresses, of: channel).isEmpty
            else { continue }
            routes[index].channels.removeAll { $0 == name }
            remark(
                routes[index].lines.first ?? 1, "\(routes[index].severity.rawValue): \(name)",
                "needs an address: the channel has no 'to', and the guide gives none for it")
        }
        routes[index].steps = routes[index].steps.compactMap { step in
            var step = step
            step.channels = channels(for: step.contact, among: named)
            return step.channels.isEmpty ? nil : step
        }
    }

    /// Those that the guide names, else the only one of the configuration that reaches somebody; empty where there is none,
    /// which is told.
    private mutating func channels(for person: GuideContact, among named: [String]) -> [String] {
        let reaching = settings.channels.filter { channel in
            person.addresses.contains(where: channel.access.understands)
        }
        .map(\.name)
        let own = reaching.filter(named.contains)
        let ways = own.isEmpty && reaching.count == 1 ? reaching : own
        if !ways.isEmpty {
            let used = settings.channels.filter { ways.contains($0.name) }
            for address in person.addresses where !used.contains(where: { $0.access.understands(address) }) {
                remark(person.line, person.text, "needs a channel: none that is used here reaches '\(address)'")
            }
            return ways
        }
        remark(
            person.line, person.text,
            reaching.isEmpty
                ? "needs a channel: none of 'alerts.channels' reaches '\(person.addresses.joined(separator: "', '"))'"
                : "somebody has to say which channel is meant: \(reaching.joined(separator: ", "))")
        return []
    }

    /// What was said of alerts that nothing carries anywhere.
    private mutating func leave(_ route: Route) {
        let reason = "needs a channel for \(route.severity.rawValue) alerts, and the guide names none that is there"
        if let source = route.timing?.source { remark(source.line, source.text, reason) }
        for step in route.steps { remark(step.contact.line, step.contact.text, reason) }
    }

    /// A time to respond is held by telling the next one, and by nothing else.
    private mutating func weigh(_ response: GuideResponse) {
        guard case .within = response.time, isOpen(response.severity, response.line, response.text),
            routes.first(where: { $0.severity == response.severity })?.steps.isEmpty ?? true
        else { return }
        remark(response.line, response.text, "nobody is told when it is over: no further level has an address")
    }

    private mutating func isOpen(_ severity: Severity, _ line: Int, _ text: String) -> Bool {
        let route =
            switch severity {
            case .critical: settings.critical
            case .warning: settings.warning
            case .info: settings.info
            }
        guard let route, route.location.file != own else { return true }
        remark(line, text, "another route is in force for \(severity.rawValue) (\(route.location))")
        return false
    }

    private mutating func index(of severity: Severity) -> Int {
        if let index = routes.firstIndex(where: { $0.severity == severity }) { return index }
        routes.append(Route(severity: severity))
        return routes.count - 1
    }

    private mutating func needsAddress(_ contact: GuideContact) {
        remark(contact.line, contact.text, "needs an address: the guide gives none for '\(contact.role)'")
    }

    private mutating func remark(_ line: Int, _ text: String, _ reason: String) {
        let remark = GuideRemark(line, text, reason)
        if told.insert(remark).inserted { remarks.append(remark) }
    }
}

extension CompiledAlerts {
    func yaml(_ file: String) -> [String] {
        routes.isEmpty ? [] : ["alerts:"] + routes.flatMap { lines($0, file) }
    }

    private func lines(_ route: Route, _ file: String) -> [String] {
        let named = route.lines.isEmpty ? route.recipients.map(\.line) : route.lines
        let places = named.isEmpty ? "" : "  # \(file):\(named.map(String.init).joined(separator: ", "))"
        var lines = ["  \(route.severity.rawValue):\(places)", "    channels: \(Self.list(route.channels))"]
        if !route.recipients.isEmpty {
            lines += route.recipients.map { "    # \(file):\($0.line) \($0.text.guideRemark)" }
            lines.append("    recipients: \(Self.list(reached(route.recipients, route.channels)))")
        }
        if let (key, source) = route.timing {
            lines.append("    \(key): true  # \(file):\(source.line) \(source.text.guideRemark)")
        }
        if !route.steps.isEmpty { lines.append("    escalate:") }
        for step in route.steps {
            lines += [
                "      # \(file):\(step.contact.line) \(step.contact.text.guideRemark)",
                "      - after: \(step.after.canonical)", "        channels: \(Self.list(step.channels))",
                "        recipients: \(Self.list(reached([step.contact], step.channels)))",
            ]
        }
        return lines
    }

    /// The addresses that one of these channels understands, each once.
    private func reached(_ people: [GuideContact], _ channels: [String]) -> [String] {
        let ways = channels.compactMap { settings[channel: $0] }
        var seen: Set<String> = []
        return people.flatMap(\.addresses).filter { address in
            ways.contains { $0.access.understands(address) } && seen.insert(address).inserted
        }
    }

    private static func list(_ texts: [String]) -> String {
        "[\(texts.map(\.yamlQuoted).joined(separator: ", "))]"
    }
}

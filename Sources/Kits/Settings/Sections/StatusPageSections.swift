import Calendar
import Maintenance

/// The `server.status-page` mapping.
struct StatusPageSections: Sendable {
    static let path = "server.status-page"

    /// The names of all checks.
    var checks: [String]
    var zones: ZoneDirectory

    var format: Format<StatusPageSettings> {
        Section<StatusPageSettings>(
            prototype: { _ in StatusPageSettings() },
            keys: [
                Key("title", \.title, .text, standard: StatusPageSettings.standardTitle, "What stands above all."),
                Key(
                    "components", \.components, components, "What is shown, by a word that is public too."),
                Key("maintenance", \.maintenance, maintenance, "What work is announced, by a word that is public too."),
                Key(
                    "days", \.days, .integer(1...StatusPageSettings.longest), standard: StatusPageSettings.longest,
                    "How many days of history and incidents are shown."),
            ],
            later: ["path", "groups", "logo", "language", "listen", "time-zone", "messages", "password", "style"],
            rules: [.atLeastOne(["components"])]
        ).format
    }

    private var components: Format<[StatusComponent]> {
        let section = Section<ComponentDraft>(
            prototype: { _ in ComponentDraft() },
            keys: [
                Key("name", \.name, .text, isRequired: true, "What people call it; public."),
                Key("description", \.description, .text, "A sentence about it; public."),
                Key("environment", \.environment, .text, isRequired: true, "Whose checks say how it stands."),
                Key(
                    "resources", \.resources, .list(of: .name), "Only what is asked about these; without it, about all."
                ),
                Key("checks", \.checks, .list(of: .text), "Only these checks; without it, all."),
            ], later: ["group", "hidden", "link", "values", "severity"])
        return Format<[Named<ComponentDraft>]>.named("component", section.format).map(
            { items, tree, keyPath, reading in
                guard !items.isEmpty else {
                    reading.report("no component is named", at: tree.location, keyPath, allowed: "at least one")
                    return nil
                }
                return items.compactMap { item in
                    guard let name = item.value.name, let environment = item.value.environment else { return nil }
                    var component = StatusComponent(key: item.name, name: name, environment: environment)
                    component.description = item.value.description
                    component.resources = item.value.resources
                    component.checks = item.value.checks
                    return component
                }
            },
            writing: { components in
                components.map { component in
                    Named(
                        name: component.key,
                        value: ComponentDraft(
                            name: component.name, description: component.description,
                            environment: component.environment, resources: component.resources,
                            checks: component.checks),
                        location: SourceLocation(file: "", line: 0, column: 0))
                }
            })
    }

    private var maintenance: Format<[StatusMaintenance]> {
        let section = Section<MaintenanceDraft>(
            prototype: { _ in MaintenanceDraft() },
            keys: [
                Key("name", \.name, .text, isRequired: true, "What it is announced as; public."),
                Key("during", \.during, .window(zones), "When, such as 'Sundays 02:00-04:00 UTC'."),
                Key("windows", \.windows, .text, "In the primary windows of this environment."),
                Key("routine", \.routine, .text, "Whenever this routine starts by itself; needs 'takes'."),
                Key(
                    "takes", \.takes, .duration(.seconds(60)...(.seconds(7 * 86_400))),
                    "For how long each start of the routine is announced."),
                Key("components", \.components, .list(of: .name), "What it is about; without it, everything."),
            ], later: ["description", "at", "notify"],
            rules: [
                .exactlyOne(["during", "windows", "routine"]), .needs("routine", "takes"), .needs("takes", "routine"),
            ])
        return Format<[Named<MaintenanceDraft>]>.named("announcement", section.format).map(
            { items, _, _, _ in
                items.compactMap { item in
                    guard let name = item.value.name, let time = item.value.time else { return nil }
                    var maintenance = StatusMaintenance(key: item.name, name: name, time: time)
                    maintenance.components = item.value.components
                    return maintenance
                }
            },
            writing: { items in
                items.map { item in
                    Named(
                        name: item.key, value: MaintenanceDraft(item),
                        location: SourceLocation(file: "", line: 0, column: 0))
                }
            })
    }

    /// What only shows when everything is put together.
    func judge(_ inventory: Inventory, _ routines: [String], _ reading: Reading) {
        guard let page = inventory.server?.statusPage else { return }
        func report(_ problem: String, _ path: String, _ wrong: String? = nil, among names: [String] = []) {
            reading.report(
                problem, at: reading.locations[path] ?? SourceLocation(file: "", line: 1, column: 1), path,
                allowed: names.isEmpty ? nil : names.joined(separator: ", "),
                nearest: wrong.flatMap { nearest(to: $0, among: names) })
        }
        if inventory.monitoring == nil {
            report("nothing would be known: it needs 'monitoring' beside 'server'", Self.path)
        }
        let environments = inventory.environments.map(\.name)
        func known(_ name: String, _ noun: String, _ names: [String], _ path: String) {
            guard !names.contains(name) else { return }
            report("there is no \(noun) '\(name.printable)'", path, name, among: names)
        }
        for component in page.components {
            let path = "\(Self.path).components.\(component.key)"
            known(component.environment, "environment", environments, "\(path).environment")
            let resources = inventory[environment: component.environment]?.resources.map(\.name)
            for resource in component.resources ?? [] {
                if let resources { known(resource, "resource", resources, "\(path).resources") }
            }
            for check in component.checks ?? [] { known(check, "check", checks, "\(path).checks") }
        }
        for item in page.maintenance {
            let path = "\(Self.path).maintenance.\(item.key)"
            for component in item.components ?? [] {
                known(component, "component", page.components.map(\.key), "\(path).components")
            }
            switch item.time {
            case .during(let window): reading.judge(window, in: inventory, zones, "\(path).during")
            case .windows(let environment): known(environment, "environment", environments, "\(path).windows")
            case .routine(let routine, _):
                let names = Set(routines + inventory.routines.map(\.name)).sorted()
                known(routine, "routine", names, "\(path).routine")
            }
        }
    }

    private struct ComponentDraft: Sendable {
        var name: String?
        var description: String?
        var environment: String?
        var resources: [String]?
        var checks: [String]?
    }

    private struct MaintenanceDraft: Sendable {
        var name: String?
        var during: Written<ScheduleExpression>?
        var windows: String?
        var routine: String?
        var takes: Duration?
        var components: [String]?

        init() {}

        init(_ maintenance: StatusMaintenance) {
            name = maintenance.name
            components = maintenance.components
            switch maintenance.time {
            case .during(let written): during = written
            case .windows(let environment): windows = environment
            case .routine(let name, let takes): (routine, self.takes) = (name, takes)
            }
        }

        var time: StatusMaintenance.Time? {
            if let during { return .during(during) }
            if let windows { return .windows(of: windows) }
            guard let routine, let takes else { return nil }
            return .routine(routine, takes: takes)
        }
    }
}

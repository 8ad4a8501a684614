import Maintenance

/// The `checklists` mapping.
struct ChecklistSections: Sendable {
    /// Names of the health checks.
    var checks: [String]
    /// Whose tasks an item's are read like.
    var steps: StepSections

    private static let span = Format.duration(.seconds(60)...(.seconds(366 * 86_400)))

    var format: Format<[ChecklistSettings]> {
        let section = Section<ListDraft>(
            prototype: { _ in ListDraft() },
            keys: [
                Key("description", \.summary, .text, "What it is for."),
                Key(
                    "cadence", \.cadence, .choice(),
                    "How often it is gone through; one of your own needs it. An answer counts for 24h, 7d, 31d or 92d, "
                        + "and for 24h where it is gone through on occasion."),
                Key("counts-for", \.countsFor, Self.span, "How long an answer counts; after that nothing is known."),
                Key(
                    "environments", \.environments, .list(of: .name),
                    "The environments it is kept for; without it, all."),
                Key("leave-out", \.leftOut, .list(of: .name), "Items of the shipped checklist that do not stay."),
                Key(
                    "items", \.items, items,
                    "Items by name: in place of the shipped one of that name, or behind the others."),
            ],
            later: ["schedule", "owner", "owners", "notify", "assignee", "approvals", "attachments", "reminder"])
        return Format<[Named<ListDraft>]>.named("checklist", section.format).map(
            { lists, _, _, _ in
                lists.map {
                    ChecklistSettings(
                        name: $0.name, summary: $0.value.summary, cadence: $0.value.cadence,
                        countsFor: $0.value.countsFor, environments: $0.value.environments,
                        leftOut: $0.value.leftOut, items: $0.value.items, location: $0.location)
                }
            },
            writing: { lists in
                lists.map {
                    Named(
                        name: $0.name,
                        value: ListDraft(
                            summary: $0.summary, cadence: $0.cadence, countsFor: $0.countsFor,
                            environments: $0.environments, leftOut: $0.leftOut, items: $0.items),
                        location: $0.location)
                }
            })
    }

    private var items: Format<[ChecklistSettings.Item]> {
        Format<[Named<ItemDraft>]>.named("item", item).map(
            { items, _, _, _ in
                items.map { item in
                    ChecklistSettings.Item(
                        name: item.name, text: item.value.text, answer: item.value.answer,
                        severity: item.value.findings ?? item.value.severity, countsFor: item.value.countsFor,
                        location: item.location)
                }
            },
            writing: { items in
                items.map { Named(name: $0.name, value: ItemDraft($0), location: $0.location) }
            })
    }

    /// An item is its text, or a mapping.
    private var item: Format<ItemDraft> {
        let text = Format<String>.text
        let section = MappedSection(
            Section<ItemDraft>(
                prototype: { _ in ItemDraft() },
                keys: [
                    Key("text", \.text, .text, "What people read; without it, the shipped item's."),
                    Key("task", \.task, task, "Answered by the newest run of this task with exactly these options."),
                    Key(
                        "checks", \.checks, .oneOrMore(check), "Answered by the newest answers of these health checks."),
                    Key(
                        "findings", \.findings, .choice(),
                        "Answered by a whole health check, and no finding of this severity or above for as long as an "
                            + "answer counts."),
                    Key("manual", \.isManual, Self.onlyTrue, "Signed by a person, whatever the shipped item says."),
                    Key(
                        "severity", \.severity, .choice(), standard: .plain(Severity.warning.rawValue),
                        "With 'task' or 'checks': a finding of this severity or above is a no."),
                    Key("counts-for", \.countsFor, Self.span, "How long an answer counts."),
                ],
                later: ["owner", "owners", "sql", "command", "shell", "routine", "metric", "url", "needs", "when"]),
            { draft, tree, keyPath, reading in draft.isSound(tree, keyPath, reading) ? draft : nil },
            writing: { $0 })
        return Format(
            shape: .either([text.shape, .section(section.shape)]),
            read: { tree, keyPath, reading in
                guard case .scalar = tree.value, !tree.isEmpty else {
                    return section.format.read(tree, keyPath, reading)
                }
                return text.read(tree, keyPath, reading).map { ItemDraft(text: $0) }
            },
            write: section.format.write)
    }

    private var task: Format<[String]> { steps.arguments }

    private var check: Format<String> {
        let names = checks
        return Format<String>.text.map(
            { name, tree, keyPath, reading in
                guard !names.contains(name) else { return name }
                reading.report(
                    "there is no check \(Tree.quoted(name))", at: tree.location, keyPath,
                    nearest: nearest(to: name, among: names))
                return nil
            }, writing: { $0 })
    }

    private static var onlyTrue: Format<Bool> {
        .scalar("true", schema: ["const": true]) {
            $0 == "true" ? true : nil
        } write: { _ in
            .plain("true")
        }
    }

    private struct ListDraft: Sendable {
        var summary: String?
        var cadence: Checklist.Cadence?
        var countsFor: Duration?
        var environments: [String]?
        var leftOut: [String] = []
        var items: [ChecklistSettings.Item] = []
    }

    private struct ItemDraft: Sendable {
        var text: String?
        var task: [String]?
        var checks: [String]?
        var findings: Severity?
        var isManual: Bool?
        var severity: Severity?
        var countsFor: Duration?

        init(text: String? = nil) { self.text = text }

        init(_ item: ChecklistSettings.Item) {
            text = item.text
            countsFor = item.countsFor
            severity = item.severity
            switch item.answer {
            case .task(let words): task = words
            case .checks(let names): checks = names
            case .findings: (findings, severity) = (item.severity, nil)
            case .person: isManual = true
            case nil: break
            }
        }

        var answer: ChecklistItem.Answer? {
            if let task { return .task(task) }
            if let checks { return .checks(checks) }
            if findings != nil { return .findings }
            return isManual == true ? .person : nil
        }

        func isSound(_ tree: Tree, _ keyPath: String, _ reading: Reading) -> Bool {
            let answers = ["task", "checks", "findings", "manual"].filter { tree[$0] != nil }
            if answers.count > 1 {
                let list = answers.map { "'\($0)'" }.joined(separator: ", ")
                reading.report("only one of \(list) may answer an item", at: tree.location, keyPath)
                return false
            }
            if severity != nil, findings != nil || isManual != nil {
                reading.report(
                    "'severity' belongs to an item with 'task' or 'checks'", at: tree.location,
                    keyPath.appending(key: "severity"))
                return false
            }
            return true
        }
    }
}

extension ChecklistSections {
    /// Steps of routines that name a checklist which is not there.
    private static func judgeSteps(_ inventory: Inventory, _ vocabulary: SettingsVocabulary, _ reading: Reading) {
        let known = Set(vocabulary.checklists.map(\.name) + inventory.checklists.map(\.name)).sorted()
        for routine in inventory.routines {
            for (index, step) in routine.steps.enumerated() {
                guard case .checklist(let name) = step.action, !known.contains(name) else { continue }
                let path = "routines.\(routine.name).steps".appending(index: index).appending(key: "checklist")
                reading.report(
                    "there is no checklist '\(name)'", at: reading.locations[path] ?? step.location, path,
                    nearest: nearest(to: name, among: known))
            }
        }
    }

    /// What only shows when everything is put together: names that are not there, and lists of which nothing is left.
    static func judge(_ inventory: Inventory, _ vocabulary: SettingsVocabulary, _ reading: Reading) {
        judgeSteps(inventory, vocabulary, reading)
        let environments = inventory.environments.map(\.name)
        for list in inventory.checklists {
            let path = "checklists.\(list.name)"
            let shipped = vocabulary.checklists.first { $0.name == list.name }
            let items = shipped?.items.map(\.name) ?? []
            func known(_ names: [String], _ key: String, _ noun: String, _ there: [String]) {
                let path = path.appending(key: key)
                for name in names where !there.contains(name) {
                    reading.report(
                        "there is no \(noun) '\(name)'", at: reading.locations[path] ?? list.location, path,
                        allowed: there.isEmpty ? nil : there.joined(separator: ", "),
                        nearest: nearest(to: name, among: there))
                }
            }
            known(list.environments ?? [], "environments", "environment", environments)
            known(list.leftOut, "leave-out", "shipped item", items)
            if shipped == nil, list.cadence == nil {
                reading.report(
                    "a checklist of one's own needs 'cadence'", at: list.location, path,
                    allowed: Checklist.Cadence.allCases.map(\.rawValue).joined(separator: ", "),
                    nearest: nearest(to: list.name, among: vocabulary.checklists.map(\.name)))
            }
            for item in list.items where item.text == nil && !items.contains(item.name) {
                reading.report(
                    "the key 'text' is missing: there is no shipped item '\(item.name)'", at: item.location,
                    path.appending(key: "items").appending(key: item.name),
                    nearest: nearest(to: item.name, among: items))
            }
            for item in list.items where list.leftOut.contains(item.name) {
                reading.report(
                    "'\(item.name)' is left out and written at once", at: item.location,
                    path.appending(key: "items").appending(key: item.name))
            }
            if Checklist(list, over: shipped).items.isEmpty {
                reading.report("the checklist has no items", at: list.location, path)
            }
        }
    }
}

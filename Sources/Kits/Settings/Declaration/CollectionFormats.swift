import Maintenance

extension Format {
    /// At least `minimum` of them.
    static func list<Item: Sendable>(of item: Format<Item>, minimum: Int = 1) -> Format where Value == [Item] {
        Format(
            shape: .list(item.shape, minimum: minimum),
            read: { tree, keyPath, reading in
                guard case .list(let trees) = tree.value else {
                    reading.refuse(
                        tree, keyPath, "stands where a list is needed", allowed: "a list of: \(item.shape.words)")
                    return nil
                }
                guard trees.count >= minimum else {
                    reading.report("the list is empty", at: tree.location, keyPath, allowed: "at least \(minimum)")
                    return nil
                }
                var values: [Item] = []
                for (index, tree) in trees.enumerated() {
                    if let value = item.read(tree, keyPath.appending(index: index), reading) { values.append(value) }
                }
                return values.count == trees.count ? values : nil
            },
            write: { .list($0.map(item.write)) })
    }

    /// One of them alone, or a list of them.
    static func oneOrMore<Item: Sendable>(_ item: Format<Item>) -> Format where Value == [Item] {
        let list = Format<[Item]>.list(of: item)
        return Format(
            shape: .either([item.shape, list.shape]),
            read: { tree, keyPath, reading in
                guard case .scalar = tree.value else { return list.read(tree, keyPath, reading) }
                return item.read(tree, keyPath, reading).map { [$0] }
            },
            write: list.write)
    }

    /// What people name, in the order of the file.
    static func named<Item: Sendable>(_ noun: String, _ item: Format<Item>) -> Format where Value == [Named<Item>] {
        Format(
            shape: .names(item.shape, noun: noun),
            read: { tree, keyPath, reading in
                guard let entries = tree.entries else {
                    reading.refuse(tree, keyPath, "stands where a mapping from \(noun)s is needed")
                    return nil
                }
                var values: [Named<Item>] = []
                for entry in entries {
                    let path = keyPath.appending(key: entry.key)
                    guard Name.isValid(entry.key) else {
                        reading.report(
                            "\(Tree.quoted(entry.key)) cannot be the \(noun)'s name", at: entry.location, path,
                            allowed: Name.rule)
                        continue
                    }
                    reading.note(entry.location, of: path)
                    guard let value = item.read(entry.value, path, reading) else { continue }
                    values.append(Named(name: entry.key, value: value, location: entry.location))
                }
                return values.count == entries.count ? values : nil
            },
            write: { .mapping($0.map { Output.Field(key: $0.name, value: item.write($0.value)) }) })
    }

    /// The same without order and places.
    static func dictionary<Item: Sendable>(_ noun: String, _ item: Format<Item>) -> Format
    where Value == [String: Item] {
        Format<[Named<Item>]>.named(noun, item).map(
            { items, _, _, _ in Dictionary(items.map { ($0.name, $0.value) }) { _, last in last } },
            writing: { items in
                items.sorted { $0.key < $1.key }.map {
                    Named(name: $0.key, value: $0.value, location: SourceLocation(file: "", line: 0, column: 0))
                }
            })
    }

    /// One of the names of an enum; `later` are those that are planned, `isOpen` where every other one is.
    static func choice(later: [String] = [], isOpen: Bool = false) -> Format
    where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
        let names = Value.allCases.map(\.rawValue)
        return Format(
            shape: .scalar(
                words: names.joined(separator: ", "), schema: ["enum": .array(names.map { .text($0) })]),
            read: { tree, keyPath, reading in
                if case .scalar(let text, _) = tree.value, let value = Value(rawValue: text) { return value }
                reading.refuseChoice(tree, keyPath, names, later: later, isOpen: isOpen)
                return nil
            },
            write: { .plain($0.rawValue) })
    }

    /// A mapping whose `key` says which section the other keys belong to.
    static func variants(
        _ key: String, _ variants: [(name: String, section: any SectionFormat<Value>)], later: [String],
        name: @escaping @Sendable (Value) -> String
    ) -> Format {
        let names = variants.map(\.name)
        return Format(
            shape: .variants(key: key, variants.map { ($0.name, $0.section.shape) }),
            read: { tree, keyPath, reading in
                guard let entries = tree.entries else {
                    reading.refuse(tree, keyPath, "stands where a mapping is needed")
                    return nil
                }
                guard let kind = tree[key] else {
                    reading.report(
                        "the key '\(key)' is missing", at: tree.location, keyPath,
                        allowed: names.joined(separator: ", "))
                    return nil
                }
                guard case .scalar(let text, _) = kind.value, let variant = variants.first(where: { $0.name == text })
                else {
                    reading.refuseChoice(kind, keyPath.appending(key: key), names, later: later)
                    return nil
                }
                var rest = tree
                rest.value = .mapping(entries.filter { $0.key != key })
                return variant.section.format.read(rest, keyPath, reading)
            },
            write: { value in
                let chosen = name(value)
                var fields = [Output.Field(key: key, value: .plain(chosen))]
                if let variant = variants.first(where: { $0.name == chosen }),
                    case .mapping(let own) = variant.section.format.write(value)
                {
                    fields += own
                }
                return .mapping(fields)
            })
    }
}

/// A section whose value was made into another type.
protocol SectionFormat<Value>: Sendable {
    associatedtype Value: Sendable
    var shape: SectionShape { get }
    var format: Format<Value> { get }
}

/// A draft's section together with what makes the final value of it.
struct MappedSection<Value: Sendable>: SectionFormat {
    var shape: SectionShape
    var format: Format<Value>

    init<Draft: Sendable>(
        _ section: Section<Draft>, _ read: @escaping @Sendable (Draft, Tree, String, Reading) -> Value?,
        writing write: @escaping @Sendable (Value) -> Draft
    ) {
        shape = section.shape
        format = section.format.map(read, writing: write)
    }
}

/// One entry of a mapping whose keys people choose.
struct Named<Value: Sendable>: Sendable {
    var name: String
    var value: Value
    var location: SourceLocation
}

extension Reading {
    func refuseChoice(
        _ tree: Tree, _ keyPath: String, _ names: [String], later: [String], isOpen: Bool = false
    ) {
        guard case .scalar(let text, _) = tree.value, !tree.isEmpty else {
            refuse(tree, keyPath, "is not allowed here", allowed: names.joined(separator: ", "))
            return
        }
        if isOpen || later.contains(text) {
            refusePlanned(Tree.quoted(text), at: tree.location, keyPath)
        } else {
            refuse(
                tree, keyPath, "is not allowed here", allowed: names.joined(separator: ", "),
                nearest: names.contains(text.lowercased()) || names.contains(text.uppercased())
                    ? names.first { $0.lowercased() == text.lowercased() } : nearest(to: text, among: names))
        }
    }
}

extension Format where Value == ConfiguredText {
    /// Text that may come from elsewhere. A value that may be a secret is never part of a problem's text.
    static func configured(
        _ words: String, _ secrecy: ConfiguredText.Secrecy, pattern: String = ".",
        judge: @escaping @Sendable (ConfiguredText) -> String? = { _ in nil }
    ) -> Format {
        Format(
            shape: .scalar(
                words: "\(words); ${VARIABLE}, file:/path or command:shell line may stand for it",
                schema: ["type": "string", "pattern": .text(pattern)]),
            read: { tree, keyPath, reading in
                guard case .scalar(let written, _) = tree.value, !tree.isEmpty, !written.isEmpty else {
                    reading.report("\(words) is missing here", at: tree.location, keyPath)
                    return nil
                }
                do throws(MalformedText) {
                    let text = try ConfiguredText(written, secrecy: secrecy, location: tree.location)
                    if let problem = judge(text) {
                        reading.report(problem, at: tree.location, keyPath, allowed: words)
                        return nil
                    }
                    reading.note(text, of: keyPath)
                    return text
                } catch {
                    reading.report(error.problem, at: tree.location, keyPath)
                    return nil
                }
            },
            write: { .text($0.description) })
    }
}

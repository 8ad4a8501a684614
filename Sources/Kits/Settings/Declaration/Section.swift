import Maintenance

/// A mapping with known keys, read into a struct by key paths; the struct's own defaults are the keys' defaults.
struct Section<Root: Sendable>: Sendable {
    /// What its keys change: a value in which everything not written is as it should be.
    var prototype: @Sendable (SourceLocation) -> Root
    var keys: [Key<Root>]
    /// Keys whose meaning is planned and not built: refused as such instead of being called unknown.
    var later: Set<String> = []
    var rules: [SectionRule] = []

    var format: Format<Root> {
        Format(
            shape: .section(shape),
            read: { tree, keyPath, reading in self.read(tree, keyPath, reading) },
            write: { root in self.write(root) })
    }

    var shape: SectionShape { SectionShape(keys: keys.map(\.shape), rules: rules) }

    private func read(_ tree: Tree, _ keyPath: String, _ reading: Reading) -> Root? {
        guard let entries = tree.entries else {
            reading.refuse(tree, keyPath, "stands where a mapping is needed", allowed: keyList)
            return nil
        }
        var root = prototype(tree.location)
        var isComplete = true
        for entry in entries {
            let path = keyPath.appending(key: entry.key)
            guard let key = keys.first(where: { $0.shape.name == entry.key }) else {
                refuse(entry, path, reading)
                continue
            }
            reading.note(entry.location, of: path)
            if !key.read(entry.value, path, reading, &root), key.shape.isRequired { isComplete = false }
        }
        for key in keys where key.shape.isRequired && !entries.contains(where: { $0.key == key.shape.name }) {
            reading.report(
                "the key '\(key.shape.name)' is missing", at: tree.location, keyPath, allowed: key.shape.shape.words)
            isComplete = false
        }
        for rule in rules where !judge(rule, tree, Set(entries.map(\.key)), keyPath, reading) { isComplete = false }
        return isComplete ? root : nil
    }

    private func refuse(_ entry: Tree.Entry, _ path: String, _ reading: Reading) {
        if later.contains(entry.key) {
            reading.refusePlanned(Tree.quoted(entry.key), at: entry.location, path)
            return
        }
        let names = keys.map(\.shape.name)
        // Other tools write keys with '_' or in camel case.
        let kebab = entry.key.reduce(into: "") { result, character in
            result += character == "_" ? "-" : character.isUppercase ? "-\(character.lowercased())" : "\(character)"
        }
        let nearest = names.contains(kebab) ? kebab : Maintenance.nearest(to: entry.key, among: names)
        reading.report(
            "unknown key \(Tree.quoted(entry.key))", at: entry.location, path, allowed: nearest == nil ? keyList : nil,
            nearest: nearest)
    }

    private func judge(
        _ rule: SectionRule, _ tree: Tree, _ written: Set<String>, _ keyPath: String, _ reading: Reading
    ) -> Bool {
        switch rule {
        case .exactlyOne(let names):
            let count = names.count(where: written.contains)
            guard count != 1 else { return true }
            let list = names.map { "'\($0)'" }.joined(separator: ", ")
            let words =
                count == 0 ? "one of the keys \(list) is missing" : "only one of the keys \(list) may stand here"
            reading.report(words, at: tree.location, keyPath)
        case .atLeastOne(let names):
            guard written.isDisjoint(with: names) else { return true }
            let list = names.map { "'\($0)'" }.joined(separator: ", ")
            reading.report("at least one of the keys \(list) is needed", at: tree.location, keyPath)
        case .needs(let name, let other):
            guard written.contains(name), !written.contains(other) else { return true }
            reading.report("'\(name)' needs '\(other)' beside it", at: tree.location, keyPath)
        }
        return false
    }

    private func write(_ root: Root) -> Output {
        .mapping(
            keys.compactMap { key in
                key.write(root).map {
                    Output.Field(key: key.shape.name, value: $0, isStandard: $0 == key.shape.standard)
                }
            })
    }

    private var keyList: String { keys.map(\.shape.name).joined(separator: ", ") }
}

/// One key of a section.
struct Key<Root: Sendable>: Sendable {
    var shape: KeyShape
    /// False where the value could not be read.
    var read: @Sendable (Tree, String, Reading, inout Root) -> Bool
    /// Nil where there is nothing to write.
    var write: @Sendable (Root) -> Output?

    /// A key whose absence leaves what `standard` holds.
    init<Value: Sendable>(
        _ name: String, _ path: any WritableKeyPath<Root, Value> & Sendable, _ format: Format<Value>, standard: Value,
        _ summary: String
    ) {
        self.init(name, path, format, standard: format.write(standard), summary)
    }

    /// A key with a value in every case, without a default worth showing.
    init<Value: Sendable>(
        _ name: String, _ path: any WritableKeyPath<Root, Value> & Sendable, _ format: Format<Value>,
        standard: Output? = nil, _ summary: String
    ) {
        shape = KeyShape(
            name: name, summary: summary, isRequired: false, standard: standard, shape: format.shape)
        read = { tree, keyPath, reading, root in
            guard let value = format.read(tree, keyPath, reading) else { return false }
            root[keyPath: path] = value
            return true
        }
        write = { root in
            let output = format.write(root[keyPath: path])
            return output == .mapping([]) || output == .list([]) ? nil : output
        }
    }

    /// A key that may be missing, or that has to be there and is nil only until it is read.
    init<Value: Sendable>(
        _ name: String, _ path: any WritableKeyPath<Root, Value?> & Sendable, _ format: Format<Value>,
        isRequired: Bool = false, standard: Output? = nil, _ summary: String
    ) {
        shape = KeyShape(
            name: name, summary: summary, isRequired: isRequired, standard: standard, shape: format.shape)
        read = { tree, keyPath, reading, root in
            guard let value = format.read(tree, keyPath, reading) else { return false }
            root[keyPath: path] = value
            return true
        }
        write = { root in root[keyPath: path].map(format.write) }
    }
}

extension Key {
    /// The key of a section whose keys stand among others here.
    init<Inner: Sendable>(_ inner: Key<Inner>, in path: any WritableKeyPath<Root, Inner> & Sendable) {
        shape = inner.shape
        read = { tree, keyPath, reading, root in inner.read(tree, keyPath, reading, &root[keyPath: path]) }
        write = { root in inner.write(root[keyPath: path]) }
    }
}

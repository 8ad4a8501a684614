import Maintenance

/// The configuration as JSON Schema (draft 2020-12), so that an editor completes keys and marks mistakes while somebody
/// types. It says less than the reader: what only shows across keys and files is the reader's alone.
package struct ConfigurationSchema: Sendable {
    private let declaration: ConfigurationSection

    package init(vocabulary: SettingsVocabulary) { declaration = ConfigurationSection(vocabulary: vocabulary) }

    /// Ends with a line break.
    package var json: String {
        let root = Self.section(declaration.section.shape, extra: [])
        let head: JSON = [
            "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Mainstay configuration",
            "description": "mainstay.yaml and the files of mainstay.d beside it",
        ]
        guard case .object(let members) = root else { return head.rendered() }
        return head.adding(members.map { ($0.key, $0.value) }).rendered() + "\n"
    }

    private static func schema(_ shape: Shape) -> JSON {
        switch shape {
        case .scalar(_, let schema): return schema
        case .list(let item, let minimum):
            return ["type": "array", "items": schema(item), "minItems": .number(Double(minimum))]
        case .names(let item, _):
            return [
                "type": "object", "propertyNames": ["pattern": .text(Name.pattern)],
                "additionalProperties": schema(item),
            ]
        case .section(let shape): return section(shape, extra: [])
        case .variants(let key, let variants):
            return ["oneOf": .array(variants.map { section($0.section, extra: [(key, ["const": .text($0.name)])]) })]
        case .either(let shapes): return ["anyOf": .array(shapes.map(schema))]
        case .same(let key, _): return ["$ref": .text("#/properties/\(key)")]
        }
    }

    /// `extra` are further keys, all of them required.
    private static func section(_ shape: SectionShape, extra: [(String, JSON)]) -> JSON {
        var result: JSON = ["type": "object", "additionalProperties": false]
        let properties = shape.keys.map { key in
            var members = [("description", JSON.text("\(key.summary) (\(key.shape.words))"))]
            if let standard = key.standard { members.append(("default", json(standard))) }
            return (key.name, schema(key.shape).adding(members))
        }
        result = result.adding([("properties", JSON.object([]).adding(extra + properties))])
        let required = extra.map(\.0) + shape.keys.filter(\.isRequired).map(\.name)
        if !required.isEmpty { result = result.adding([("required", .array(required.map { .text($0) }))]) }
        let rules = shape.rules.map(rule)
        return rules.isEmpty ? result : result.adding([("allOf", .array(rules))])
    }

    private static func rule(_ rule: SectionRule) -> JSON {
        let need = { (name: String) -> JSON in ["required": [.text(name)]] }
        switch rule {
        case .exactlyOne(let names): return ["oneOf": .array(names.map(need))]
        case .atLeastOne(let names): return ["anyOf": .array(names.map(need))]
        case .needs(let name, let other):
            return ["dependentRequired": .object([.init(key: name, value: [.text(other)])])]
        }
    }

    private static func json(_ output: Output) -> JSON {
        switch output {
        case .plain("true"): true
        case .plain("false"): false
        case .plain(let text): Double(text).map { .number($0) } ?? .text(text)
        case .text(let text): .text(text)
        case .list(let items): .array(items.map(json))
        case .mapping(let fields): .object(fields.map { .init(key: $0.key, value: json($0.value)) })
        }
    }
}

/// Every key with its meaning, its values and its default, as a Markdown page.
package struct ConfigurationReference: Sendable {
    private let declaration: ConfigurationSection

    package init(vocabulary: SettingsVocabulary) { declaration = ConfigurationSection(vocabulary: vocabulary) }

    package var markdown: String {
        var page = "# Configuration keys\n"
        Self.describe("mainstay.yaml", declaration.section.shape, first: nil, to: &page)
        return page
    }

    private static func describe(_ title: String, _ shape: SectionShape, first: String?, to page: inout String) {
        page += "\n## `\(title)`\n\n"
        if let first { page += "\(first)\n\n" }
        page += "| key | value | default | meaning |\n| --- | --- | --- | --- |\n"
        for key in shape.keys {
            let standard = key.isRequired ? "(required)" : key.standard.map { "`\($0.inline)`" } ?? ""
            page += "| `\(key.name)` | \(cell(key.shape.words)) | \(cell(standard)) | \(cell(key.summary)) |\n"
        }
        for rule in shape.rules {
            let list = { (names: [String]) in names.map { "`\($0)`" }.joined(separator: ", ") }
            switch rule {
            case .exactlyOne(let names): page += "\nExactly one of \(list(names)).\n"
            case .atLeastOne(let names): page += "\nAt least one of \(list(names)).\n"
            case .needs(let name, let other): page += "\n`\(name)` needs `\(other)`.\n"
            }
        }
        let prefix = title == "mainstay.yaml" ? "" : "\(title)."
        for key in shape.keys { descend("\(prefix)\(key.name)", key.shape, to: &page) }
    }

    private static func descend(_ title: String, _ shape: Shape, to page: inout String) {
        switch shape {
        case .scalar, .same: break
        case .list(let item, _): descend("\(title)[]", item, to: &page)
        case .names(let item, let noun): descend("\(title).<\(noun)>", item, to: &page)
        case .section(let section): describe(title, section, first: nil, to: &page)
        case .variants(let key, let variants):
            for variant in variants {
                describe(title, variant.section, first: "With `\(key): \(variant.name)`:", to: &page)
            }
        case .either(let shapes): for shape in shapes { descend(title, shape, to: &page) }
        }
    }

    private static func cell(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}

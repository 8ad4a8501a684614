import Maintenance
import PostgreSQL

/// How an index is built and searched.
enum IndexMethod: String, Hashable, Sendable {
    case btree, brin
    /// HypoPG supposes neither; both are only tried on a copy.
    case gin, gist
}

/// An index that might be worth having.
struct IndexCandidate: Hashable, Sendable {
    var table: QualifiedName
    var method = IndexMethod.btree
    var keys: [Key]
    /// Columns that are only carried, so that the table need not be read.
    var included: [String] = []
    /// The rows it is over, as SQL; nil for all.
    var predicate: String?

    struct Key: Hashable, Sendable {
        var key: IndexKey
        /// `desc`, `desc nulls last`; empty for the order of an index that says nothing.
        var order = ""
        /// `"public"."gin_trgm_ops"`; empty for the type's default.
        var operatorClass = ""

        var sql: String { [key.sql, operatorClass, order].filter { !$0.isEmpty }.joined(separator: " ") }
    }

    /// What stands behind the table's name.
    var body: String {
        var text = "using \(method.rawValue) (\(keys.map(\.sql).joined(separator: ", ")))"
        if !included.isEmpty { text += " include (\(included.map(\.quotedIdentifier).joined(separator: ", ")))" }
        if let predicate { text += " where \(predicate)" }
        return text
    }

    /// What people read of it: a B-tree need not be said.
    var shortBody: String { method == .btree ? String(body.dropFirst("using btree ".count)) : body }

    /// As HypoPG takes it. Columns and tables are quoted here; expressions and conditions are the server's own text.
    var supposed: SQL { SQL(trusted: "create index on \(table.quoted) \(body)") }

    /// At most 63 bytes, and none of those that are there.
    func name(avoiding taken: Set<String>) -> String {
        let words = [table.name.lowercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }]
        let base = String((words + keys.map(\.key.word)).joined(separator: "_").prefix(52))
        var name = "\(base)_idx"
        var number = 1
        while taken.contains(name) {
            number += 1
            name = "\(base)_idx\(number)"
        }
        return name
    }

    /// More of it costs more: what decides between two that gain the same.
    var weight: Int { keys.count + included.count - (predicate == nil ? 0 : 1) }

    /// Whether an index of its table serves all that this one would: the same keys first, over all rows. One that would only
    /// carry more than that is served too: two that begin alike are one too many.
    func isServed(by indexes: [String]) -> Bool {
        guard predicate == nil else { return false }
        let own = keys.map { Self.plain($0.sql) }
        // A B-tree finds all that summaries of pages would.
        let methods: [IndexMethod] = method == .brin ? [.brin, .btree] : [method]
        return methods.contains { method in
            let start = "\(method.rawValue) ("
            return indexes.contains { index in
                guard index.hasPrefix(start), let theirs = Self.keys(index.utf8.dropFirst(start.utf8.count)) else {
                    return false
                }
                return theirs.count >= own.count && Array(theirs.prefix(own.count)) == own
            }
        }
    }

    /// Whether another one begins with the same keys, over the same rows.
    func isContained(in other: IndexCandidate) -> Bool {
        table == other.table && method == other.method && predicate == other.predicate && keys.count <= other.keys.count
            && Array(other.keys.prefix(keys.count)) == keys
    }

    private static func plain(_ key: String) -> String {
        var text = key.replacing("\"", with: "").lowercased().trimmingWhitespace()
        // Around the call of a function the server leaves parentheses away, around all else it writes two.
        while text.hasPrefix("("), let end = closing(Array(text.utf8)) {
            let bytes = Array(text.utf8)
            text = String(decoding: bytes[1..<end] + bytes[(end + 1)...], as: UTF8.self)
        }
        return text
    }

    /// Where the parenthesis that a text begins with is closed; nil where it is not.
    private static func closing(_ text: [UInt8]) -> Int? {
        var depth = 0
        var isQuoted = false
        for (place, byte) in text.enumerated() {
            if byte == UInt8(ascii: "'") { isQuoted.toggle() }
            guard !isQuoted else { continue }
            if byte == UInt8(ascii: "(") { depth += 1 }
            if byte == UInt8(ascii: ")") { depth -= 1 }
            if depth == 0 { return place }
        }
        return nil
    }

    /// The keys that stand before the closing parenthesis; nil where anything follows it: what is carried, a condition.
    /// A comma or a parenthesis within an expression, a name or a text parts nothing.
    private static func keys(_ text: some Collection<UInt8>) -> [String]? {
        var keys: [String] = []
        var key: [UInt8] = []
        var depth = 0
        var quote: UInt8?
        var left = text.count
        for byte in text {
            left -= 1
            if let open = quote {
                if byte == open { quote = nil }
            } else {
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "'"): quote = byte
                case UInt8(ascii: "("): depth += 1
                case UInt8(ascii: ")"):
                    if depth == 0 { return left == 0 ? keys + [plain(String(decoding: key, as: UTF8.self))] : nil }
                    depth -= 1
                case UInt8(ascii: ","):
                    guard depth == 0 else { break }
                    keys.append(plain(String(decoding: key, as: UTF8.self)))
                    key = []
                    continue
                default: break
                }
            }
            key.append(byte)
        }
        return nil
    }
}

/// What the plan of a statement would go by if it were there: read off the conditions, joins and orders of the plan
/// itself, so that views, functions and inferred equalities are in it.
struct CandidateSource: Sendable {
    let plan: PlanNode
    let tables: [QualifiedName: AdviceTable]
    /// What can be searched by GIN and GiST, where that can be tried; nil where it cannot.
    var classes: OperatorClasses?

    /// At most as many key columns; more seldom tell rows apart that three did not.
    static let mostKeys = 3
    /// What an index may carry beside its keys, in bytes a row.
    static let widestIncluded = 64.0

    func candidates() -> [IndexCandidate] {
        let nodes = plan.all
        let aliases = Set(nodes.compactMap(\.alias))
        var found: [IndexCandidate] = []
        for node in nodes {
            guard let alias = node.alias, let schema = node.schema, let relation = node.relation,
                let table = tables[QualifiedName(schema: schema, name: relation)],
                node.kind == "Seq Scan" || node.kind == "Index Scan" || node.kind == "Bitmap Heap Scan"
                    || node.kind == "Index Only Scan"
            else { continue }
            var reader = ConditionReader(alias: alias, aliases: aliases, columns: table.columns.mapValues(\.type))
            reader.searches = classes?.operators ?? []
            found += candidates(node, table, reader, nodes)
        }
        var seen = Set<IndexCandidate>()
        return found.filter { !$0.isServed(by: tables[$0.table]?.indexes ?? []) && seen.insert($0).inserted }
    }

    private func candidates(
        _ node: PlanNode, _ table: AdviceTable, _ reader: ConditionReader, _ nodes: [PlanNode]
    ) -> [IndexCandidate] {
        let own =
            reader.conditions(node.filter) + reader.conditions(node.indexCondition)
            + reader.conditions(node.recheckCondition)
        // What joins it stands at the join above, or, in a nested loop, at its own index condition.
        let joins =
            nodes.flatMap(\.joinConditions).flatMap { reader.conditions($0) }.filter { $0.kind == .join }.map(\.key)
            + own.filter { $0.kind == .join }.map(\.key)
        let equal = unique(own.filter { $0.kind == .equality }.map(\.key)).sorted { rank($0, table) > rank($1, table) }
        let ranges = unique(own.filter { $0.kind == .range }.map(\.key))
        let fixed = own.filter { $0.kind == .fixed }
        let base = equal.prefix(Self.mostKeys).map { IndexCandidate.Key(key: $0) }
        var lists: [[IndexCandidate.Key]] = [Array(base)]
        for range in ranges { lists.append(base.prefix(2) + [.init(key: range)]) }
        for join in unique(joins) {
            lists.append([.init(key: join)])
            if !base.isEmpty { lists.append(base.prefix(2) + [.init(key: join)]) }
        }
        if let order = order(nodes, reader), order.count + base.count <= Self.mostKeys + 1 {
            lists.append(base + order.filter { key in !base.contains { $0.key == key.key } })
        }
        if let first = fixed.first, base.isEmpty { lists.append([.init(key: first.key)]) }
        let other = summaries(ranges, table) + searches(own, table)
        let predicate = fixed.isEmpty ? nil : unique(fixed.compactMap(\.constant)).joined(separator: " and ")
        let needed = self.needed(of: node, reader, nodes)
        var found: [IndexCandidate] = []
        for keys in unique(lists.map(uniqueKeys)) where !keys.isEmpty {
            let plain = IndexCandidate(table: table.name, keys: keys)
            let partial = predicate.map { predicate in
                var partial = plain
                partial.predicate = predicate
                return partial
            }
            // One that only says what its condition says already is worth nothing over all rows.
            let isFixed = keys.allSatisfy { key in fixed.contains { $0.key == key.key } }
            for one in (isFixed ? [] : [plain]) + [partial].compactMap(\.self) {
                found.append(one)
                if let carried = carried(needed, keys, table) {
                    var covering = one
                    covering.included = carried
                    found.append(covering)
                }
            }
        }
        return found + other
    }

    /// A range over rows that lie on disk as their values go is found by summaries of their pages too, in a thousandth of
    /// a B-tree's size (manual, "BRIN Indexes").
    private func summaries(_ ranges: [IndexKey], _ table: AdviceTable) -> [IndexCandidate] {
        guard table.bytes >= Self.leastSummarised else { return [] }
        return ranges.filter { key in
            guard case .column(let name) = key, let correlation = table.columns[name]?.correlation else { return false }
            return abs(correlation) >= Self.leastCorrelation
        }.map { IndexCandidate(table: table.name, method: .brin, keys: [.init(key: $0)]) }
    }

    /// Eight times the 128 pages that one summary is of.
    static let leastSummarised: Int64 = 8 * 128 * 8_192
    /// With less each summary spans nearly all values.
    static let leastCorrelation = 0.9

    /// What GIN and GiST can find that a B-tree cannot: a value within a document, a text or an array, overlaps.
    private func searches(_ conditions: [PlanCondition], _ table: AdviceTable) -> [IndexCandidate] {
        guard let classes else { return [] }
        return conditions.flatMap { condition -> [IndexCandidate] in
            guard case .search(let sign) = condition.kind else { return [] }
            var column: AdviceTable.Column?
            if case .column(let name) = condition.key { column = table.columns[name] }
            return classes.able(sign, column).map { one in
                IndexCandidate(
                    table: table.name, method: one.method,
                    keys: [.init(key: condition.key, operatorClass: one.sql)])
            }
        }
    }

    /// Columns beside the keys, where all that the statement needs of the table fits into the index.
    private func carried(_ needed: Set<String>?, _ keys: [IndexCandidate.Key], _ table: AdviceTable) -> [String]? {
        guard let needed else { return nil }
        let rest = needed.filter { name in !keys.contains { $0.key == .column(name) } }.sorted()
        let width = rest.map { table.columns[$0]?.width ?? .infinity }.reduce(0, +)
        return rest.isEmpty || rest.count > 4 || width > Self.widestIncluded ? nil : rest
    }

    /// The columns that the statement reads of a relation; nil where that cannot be told. A scan beneath others shows all
    /// its columns whoever wants them, so its own output counts only at the top.
    private func needed(of node: PlanNode, _ reader: ConditionReader, _ nodes: [PlanNode]) -> Set<String>? {
        var texts = nodes.flatMap { other -> [String] in
            let conditions =
                [other.filter, other.indexCondition, other.recheckCondition].compactMap(\.self) + other.joinConditions
            let output = other.relation == nil || nodes.count == 1 ? other.output ?? [] : []
            return conditions + output + (other.sortKey ?? []) + (other.groupKey ?? [])
        }
        if nodes.first?.relation != nil, nodes.count == 1 {
            // Without another relation the output names its columns bare.
            texts += (node.output ?? []).map { "\(reader.alias).\($0)" }
        }
        // A change writes the row itself.
        guard nodes.first?.kind != "ModifyTable" else { return nil }
        let needed = texts.reduce(into: Set<String>()) { $0.formUnion(reader.columns(in: $1)) }
        return needed.isEmpty ? nil : needed
    }

    /// The first order that is of this relation alone.
    private func order(_ nodes: [PlanNode], _ reader: ConditionReader) -> [IndexCandidate.Key]? {
        for node in nodes {
            guard let sort = node.sortKey else { continue }
            let keys = sort.compactMap { text -> IndexCandidate.Key? in
                var words = ConditionReader.words(text)
                var order: [String] = []
                while let last = words.last, ["DESC", "ASC", "NULLS", "FIRST", "LAST"].contains(last), words.count > 1 {
                    order.insert(words.removeLast().lowercased(), at: 0)
                }
                return reader.key(words.joined(separator: " ")).map {
                    IndexCandidate.Key(key: $0, order: order.joined(separator: " "))
                }
            }
            if keys.count == sort.count, !keys.isEmpty { return keys }
        }
        return nil
    }

    /// What tells most rows apart comes first.
    private func rank(_ key: IndexKey, _ table: AdviceTable) -> Double {
        guard case .column(let name) = key else { return table.rows / 10 }
        return table.columns[name]?.distinct ?? 0
    }

    private func unique<Value: Hashable>(_ values: [Value]) -> [Value] {
        var seen = Set<Value>()
        return values.filter { seen.insert($0).inserted }
    }

    private func uniqueKeys(_ keys: [IndexCandidate.Key]) -> [IndexCandidate.Key] {
        var seen = Set<IndexKey>()
        return keys.filter { seen.insert($0.key).inserted }
    }
}

import Maintenance

/// Puts the trees of several files together: each of the mappings people spread over files is the union of its parts,
/// and anything else may be defined only once.
enum TreeMerge {
    /// Where two files may both say something. `*` is any one key.
    private static let shared: [[String]] = [
        [], ["environments"], ["environments", "*"], ["environments", "*", "resources"],
        ["environments", "*", "labels"], ["environments", "*", "checks"], ["environments", "*", "checks", "*"],
        ["environments", "*", "backups"], ["checks"], ["checks", "*"], ["routines"], ["backups"], ["alerts"],
        ["alerts", "channels"], ["monitoring"], ["monitoring", "kinds"], ["checklists"], ["approvals"],
    ]

    /// Lists to which several files may add, in the order of the files: each element of them stands for itself.
    private static let joined: [[String]] = [
        ["approvals", "rules"], ["windows"], ["environments", "*", "windows"], ["environments", "*", "approvals"],
        ["alerts", "routes"],
    ]

    static func merge(_ trees: [Tree], _ reading: Reading) -> Tree? {
        guard var result = trees.first else { return nil }
        for tree in trees.dropFirst() { result = merge(result, tree, [], reading) }
        return result
    }

    private static func isOne(of patterns: [[String]], _ keyPath: [String]) -> Bool {
        patterns.contains { pattern in
            pattern.count == keyPath.count && zip(pattern, keyPath).allSatisfy { $0 == "*" || $0 == $1 }
        }
    }

    private static func merge(_ left: Tree, _ right: Tree, _ path: [String], _ reading: Reading) -> Tree {
        guard case .mapping(var entries) = left.value, case .mapping(let others) = right.value else { return left }
        for other in others {
            let keyPath = path + [other.key]
            guard let index = entries.firstIndex(where: { $0.key == other.key }) else {
                entries.append(other)
                continue
            }
            if isOne(of: shared, keyPath), entries[index].value.entries != nil, other.value.entries != nil {
                entries[index].value = merge(entries[index].value, other.value, keyPath, reading)
            } else if isOne(of: joined, keyPath), case .list(let first) = entries[index].value.value,
                case .list(let more) = other.value.value
            {
                entries[index].value.value = .list(first + more)
            } else {
                reading.report(
                    "\(Tree.quoted(other.key)) is already defined at \(entries[index].location)", at: other.location,
                    keyPath.joined(separator: "."))
            }
        }
        var result = left
        result.value = .mapping(entries)
        return result
    }
}

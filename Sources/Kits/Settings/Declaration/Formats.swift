import Maintenance

extension Format where Value == String {
    /// Any text that is not empty.
    static var text: Format {
        scalar("text", schema: ["type": ["string", "number", "boolean"], "minLength": 1]) {
            $0.isEmpty ? nil : $0
        } write: {
            .text($0)
        }
    }

    /// What we name ourselves: environments, resources, routines, labels.
    static var name: Format {
        scalar("a name: \(Name.rule)", schema: ["type": "string", "pattern": .text(Name.pattern)]) {
            Name.isValid($0) ? $0 : nil
        } write: {
            .text($0)
        }
    }

    /// A path from the root, as it is without `.`, `..` and doubled slashes. Variables are not filled in: what may be
    /// deleted is to be read in the file.
    static var absolutePath: Format { path(isRelativeAllowed: false) }

    /// A path from the root, or from the directory of the main configuration file; read as absolute.
    static var path: Format { path(isRelativeAllowed: true) }

    private static func path(isRelativeAllowed: Bool) -> Format {
        let words = isRelativeAllowed ? "a path" : "an absolute path"
        let pattern = isRelativeAllowed ? #"^(?!.*\$\{)(?!~).+$"# : #"^/(?!.*\$\{)(?!(.*/)?\.\.(/|$))"#
        return Format(
            shape: .scalar(words: words, schema: ["type": "string", "pattern": .text(pattern)]),
            read: { tree, keyPath, reading in
                guard case .scalar(let text, _) = tree.value, !tree.isEmpty, !text.isEmpty else {
                    reading.refuse(tree, keyPath, "is not \(words)")
                    return nil
                }
                if text.containsBytes("${") {
                    reading.refuse(tree, keyPath, "holds a variable, and variables are not filled in in paths")
                } else if text.utf8.first == UInt8(ascii: "~") {
                    reading.refuse(tree, keyPath, "begins with '~', which only a shell understands", allowed: words)
                } else if text.utf8.first == UInt8(ascii: "/") {
                    guard !text.unicodeScalars.split(separator: "/").map(Substring.init).contains("..") else {
                        reading.refuse(tree, keyPath, "holds '..'", allowed: "\(words) without '..'")
                        return nil
                    }
                    return normalised(text)
                } else if isRelativeAllowed {
                    return normalised("\(reading.directory)/\(text)")
                } else {
                    reading.refuse(tree, keyPath, "is not \(words)", allowed: "a path that begins with '/'")
                }
                return nil
            },
            write: { .text($0) })
    }

    /// Without empty and `.` parts, `..` taken literally (no symbolic link is followed).
    static func normalised(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.unicodeScalars.split(separator: "/").map(Substring.init) where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// A shell pattern for file names, without directories.
    static var glob: Format {
        scalar(
            "a pattern for file names such as *.log", schema: ["type": "string", "pattern": #"^[^/]+$"#]
        ) {
            $0.isEmpty || $0.contains("/") ? nil : $0
        } write: {
            .text($0)
        }
    }
}

extension Format {
    /// A scalar that one function reads; `words` says what is allowed.
    static func scalar(
        _ words: String, schema: JSON, read: @escaping @Sendable (String) -> Value?,
        write: @escaping @Sendable (Value) -> Output
    ) -> Format {
        Format(
            shape: .scalar(words: words, schema: schema),
            read: { tree, keyPath, reading in
                guard case .scalar(let text, _) = tree.value, !tree.isEmpty, let value = read(text) else {
                    reading.refuse(tree, keyPath, "is not allowed here", allowed: words)
                    return nil
                }
                return value
            },
            write: write)
    }
}

extension Format where Value == Bool {
    static var boolean: Format {
        scalar("true or false", schema: ["type": "boolean"]) {
            ["true": true, "false": false][$0]
        } write: {
            .plain($0 ? "true" : "false")
        }
    }
}

extension Format where Value == Int {
    static func integer(_ range: ClosedRange<Int>) -> Format {
        let words =
            range.upperBound == .max
            ? "a whole number from \(range.lowerBound)"
            : "a whole number from \(range.lowerBound) to \(range.upperBound)"
        var schema: JSON = ["type": "integer", "minimum": .number(Double(range.lowerBound))]
        if range.upperBound != .max { schema = schema.adding([("maximum", .number(Double(range.upperBound)))]) }
        return scalar(words, schema: schema) {
            Int($0).flatMap { range.contains($0) ? $0 : nil }
        } write: {
            .plain(String($0))
        }
    }
}

extension Format where Value == Duration {
    static func duration(_ range: ClosedRange<Duration>) -> Format {
        let words =
            "a duration from \(range.lowerBound.canonical) to \(range.upperBound.canonical), such as 30s or 1h30m"
        return Format(
            shape: .scalar(words: words, schema: ["type": "string", "pattern": .text(DurationPattern.duration)]),
            read: { tree, keyPath, reading in
                guard case .scalar(let text, _) = tree.value, !tree.isEmpty, let duration = Duration(text) else {
                    reading.refuseSpan(tree, keyPath, words, hasMonths: false)
                    return nil
                }
                guard range.contains(duration) else {
                    reading.refuse(tree, keyPath, "is out of range", allowed: words)
                    return nil
                }
                return duration
            },
            write: { .plain($0.canonical) })
    }
}

extension Format where Value == Period {
    /// At least a minute, since what it decides about is deletion.
    static var age: Format {
        let words = "an age of at least 1m, such as 7d, 12mo or 7y"
        return Format(
            shape: .scalar(words: words, schema: ["type": "string", "pattern": .text(DurationPattern.period)]),
            read: { tree, keyPath, reading in
                guard case .scalar(let text, _) = tree.value, !tree.isEmpty, let period = Period(text) else {
                    reading.refuseSpan(tree, keyPath, words, hasMonths: true)
                    return nil
                }
                guard period.months > 0 || period.duration >= .seconds(60) else {
                    reading.refuse(tree, keyPath, "is out of range", allowed: words)
                    return nil
                }
                return period
            },
            write: { .plain($0.description) })
    }
}

/// What `Duration` and `Period` read, for the schema.
enum DurationPattern {
    private static let units =
        "(us|µs|ms|s|sec|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?)"
    static let duration = "^ *([0-9]+(\\.[0-9]+)? *\(units) *)+$"
    static let period = "^ *(([0-9]+(\\.[0-9]+)? *\(units) *)+|[0-9]+ *(mo|months?|y|years?) *)$"
}

extension Reading {
    fileprivate func refuseSpan(_ tree: Tree, _ keyPath: String, _ words: String, hasMonths: Bool) {
        if case .scalar(let text, _) = tree.value, !tree.isEmpty, Double(text) != nil {
            refuse(tree, keyPath, "has no unit", allowed: words, nearest: hasMonths ? "\(text)d" : "\(text)s")
        } else if !hasMonths, case .scalar(let text, _) = tree.value, Period(text) != nil {
            refuse(tree, keyPath, "counts months, whose length depends on the date", allowed: words)
        } else {
            refuse(tree, keyPath, "is no duration", allowed: words)
        }
    }
}

extension Format where Value == ByteCount {
    static func size(_ range: ClosedRange<ByteCount>) -> Format {
        let words = "a size from \(range.lowerBound.canonical) to \(range.upperBound.canonical), such as 100M or 2G"
        let schema: JSON = [
            "anyOf": [
                ["type": "integer", "minimum": .number(Double(range.lowerBound.bytes))],
                ["type": "string", "pattern": #"^ *[0-9]+(\.[0-9]+)? *([kKmMgGtT]?([iI]?[bB])?) *$"#],
            ]
        ]
        return scalar(words, schema: schema) {
            ByteCount($0).flatMap { range.contains($0) ? $0 : nil }
        } write: {
            .plain($0.canonical)
        }
    }

    /// A size anything may have.
    static var size: Format { size(ByteCount(1)...ByteCount(1 << 60)) }
}

extension ByteCount {
    /// As it is written in a configuration, exactly: `100M`, `1536`.
    package var canonical: String {
        for (suffix, shift) in [("T", 40), ("G", 30), ("M", 20), ("K", 10)] as [(String, Int64)]
        where bytes != 0 && bytes % (1 << shift) == 0 {
            return "\(bytes >> shift)\(suffix)"
        }
        return String(bytes)
    }
}

/// The names people give to environments, resources, routines and labels: they stand in commands, paths, tables and
/// pages, so nothing in them needs quoting anywhere.
enum Name {
    static let rule = "letters a-z, digits, '-', '_', '.', at most 63, beginning with a letter or digit"
    static let pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"

    static func isValid(_ name: String) -> Bool {
        let bytes = name.utf8
        guard let first = bytes.first, bytes.count <= 63, isAlphanumeric(first) else { return false }
        return bytes.allSatisfy { isAlphanumeric($0) || "._-".utf8.contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}

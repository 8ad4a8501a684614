import Maintenance

extension Format where Value == [CheckCondition] {
    /// One condition, or a list of them, about what one kind of probe gives.
    static func conditions(about subjects: [ConditionSubject], isOpen: Bool = false) -> Format {
        let text = ConditionText(subjects: subjects, isOpen: isOpen)
        let words = "SUBJECT OPERATOR VALUE, the subject one of \(subjects.names)\(isOpen ? ", any column" : "")"
        let condition = Format<CheckCondition>(
            shape: .scalar(words: words, schema: ["type": "string", "minLength": 3]),
            read: { tree, keyPath, reading in
                guard case .scalar(let written, _) = tree.value, !tree.isEmpty else {
                    reading.refuse(
                        tree, keyPath, "stands where a condition is needed", allowed: "such as 'response-time < 300ms'")
                    return nil
                }
                do throws(MalformedCondition) {
                    return try text.condition(written)
                } catch {
                    reading.report(
                        error.problem, at: tree.location, keyPath, allowed: error.allowed, nearest: error.nearest)
                    return nil
                }
            },
            write: { .text($0.text) })
        return .oneOrMore(condition)
    }
}

extension Key {
    /// The two keys of what is expected of a probe.
    static func expectations(
        _ path: any WritableKeyPath<Root, ConditionSet> & Sendable, about subjects: [ConditionSubject],
        isOpen: Bool = false
    ) -> [Key] {
        let format = Format<[CheckCondition]>.conditions(about: subjects, isOpen: isOpen)
        return [
            Key<ConditionSet>("conditions", \.conditions, format, "What has to hold; what does not is critical."),
            Key<ConditionSet>("warnings", \.warnings, format, "What should hold; what does not is a warning."),
        ].map { Key($0, in: path) }
    }
}

extension Format where Value == HostPort {
    /// `host:port`.
    static var hostPort: Format {
        scalar(
            "a host and a port such as mail.example:25 or [::1]:25",
            schema: ["type": "string", "pattern": #"^(\[[0-9a-fA-F:.%]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}$"#]
        ) {
            HostPort($0)
        } write: {
            .text($0.description)
        }
    }
}

extension Format where Value == String {
    /// A host's name or address, without a port.
    static var host: Format {
        scalar(
            "a host's name or address",
            schema: ["type": "string", "pattern": #"^[A-Za-z0-9._:%][A-Za-z0-9._:%-]{0,254}$"#]
        ) {
            HostPort.isHost($0) ? $0 : nil
        } write: {
            .text($0)
        }
    }
}

import Maintenance

extension MappedSection where Value == ResourceAccess {
    static var suite: MappedSection {
        let standard = SuiteDraft()
        return MappedSection(
            Section<SuiteDraft>(
                prototype: { _ in SuiteDraft() },
                keys: [
                    Key(
                        "url", \.url, .url("a URL such as https://shop.example", ["http", "https"]), isRequired: true,
                        "Where all requests go; the steps' paths stand behind it."),
                    Key("steps", \.steps, .list(of: step), isRequired: true, "The requests, in their order."),
                    Key(
                        "timeout", \.timeout, .duration(.milliseconds(100)...(.seconds(600))),
                        standard: standard.timeout,
                        "How long each request may take."),
                    Key(
                        "cookies", \.keepsCookies, .boolean, standard: standard.keepsCookies,
                        "Whether cookies that a step was given are sent by the following ones."),
                    Key(
                        "ca-file", \.certificateAuthorityFile, .path,
                        "Certificates (PEM) to trust instead of the system's."),
                ],
                later: ["parallel", "repeat", "browser", "variables"])
        ) { draft, _, _, _ in
            guard let url = draft.url, let steps = draft.steps else { return nil }
            var access = SuiteAccess(url: url, steps: steps)
            access.timeout = draft.timeout
            access.keepsCookies = draft.keepsCookies
            access.certificateAuthorityFile = draft.certificateAuthorityFile
            return .suite(access)
        } writing: { access in
            guard case .suite(let access) = access else { return SuiteDraft() }
            return SuiteDraft(
                url: access.url, steps: access.steps, timeout: access.timeout, keepsCookies: access.keepsCookies,
                certificateAuthorityFile: access.certificateAuthorityFile)
        }
    }

    private static var step: Format<SuiteAccess.Step> {
        let standard = SuiteAccess.Step(name: "", path: "/")
        return MappedSection<SuiteAccess.Step>(
            Section<StepDraft>(
                prototype: { _ in StepDraft() },
                keys: [
                    Key("name", \.name, .name, isRequired: true, "What the step is called in findings and samples."),
                    Key(
                        "path", \.step.path, path, standard: standard.path, "What is asked for, behind the suite's URL."
                    ),
                    Key("method", \.step.method, .choice(), standard: standard.method, "How it is asked for."),
                    Key(
                        "headers", \.step.headers, .dictionary("header", .configured("a header's value", .whole)),
                        "Headers to send."),
                    Key(
                        "content", \.step.content, .configured("the request's content", .whole),
                        "What is sent with the request."),
                    Key(
                        "keep", \.step.keep, .dictionary("value", .keptSubject),
                        "What later steps may use as {{NAME}}: body.PATH or header.NAME."),
                    Key(
                        "always", \.step.isAlways, .boolean, standard: standard.isAlways,
                        "Whether it is done after a step that failed, too."),
                ] + Key.expectations(\.step.expected, about: .http),
                later: ["timeout", "retries", "follow-redirects", "expect"])
        ) { draft, _, _, _ in
            draft.name.map { name in
                var step = draft.step
                step.name = name
                return step
            }
        } writing: { step in
            StepDraft(name: step.name, step: step)
        }.format
    }

    private static var path: Format<String> {
        .scalar("a path that begins with '/'", schema: ["type": "string", "pattern": "^/[^\\s]*$"]) { text in
            text.utf8.first == UInt8(ascii: "/") && !text.unicodeScalars.contains { $0.properties.isWhitespace }
                ? text : nil
        } write: {
            .text($0)
        }
    }
}

private struct SuiteDraft: Sendable {
    var url: ConfiguredText?
    var steps: [SuiteAccess.Step]?
    var timeout: Duration = .seconds(30)
    var keepsCookies = false
    var certificateAuthorityFile: String?
}

private struct StepDraft: Sendable {
    var name: String?
    var step = SuiteAccess.Step(name: "", path: "/")
}

extension Format where Value == CheckCondition.Subject {
    /// Where in an answer a value stands.
    fileprivate static var keptSubject: Format {
        let subjects = [ConditionSubject].http.filter { $0.name == "body" || $0.name == "header" }
        return Format(
            shape: .scalar(
                words: "body, body.PATH or header.NAME",
                schema: ["type": "string", "pattern": #"^(body$|body[.\[]|header\.)"#]),
            read: { tree, keyPath, reading in
                guard case .scalar(let written, _) = tree.value, !tree.isEmpty else {
                    reading.refuse(
                        tree, keyPath, "stands where a value's place is needed", allowed: "body.PATH, header.NAME")
                    return nil
                }
                do throws(MalformedCondition) {
                    return try ConditionText(subjects: subjects).subject(written)
                } catch {
                    reading.report(
                        error.problem, at: tree.location, keyPath, allowed: error.allowed, nearest: error.nearest)
                    return nil
                }
            },
            write: { .text($0.description) })
    }
}

enum SuiteSections {
    /// A step may only use what a step before it keeps.
    static func judge(_ inventory: Inventory, _ reading: Reading) {
        for environment in inventory.environments {
            for resource in environment.resources {
                guard case .suite(let suite) = resource.access else { continue }
                let path = "environments.\(environment.name).resources.\(resource.name).steps"
                var kept: Set<String> = []
                var names: Set<String> = []
                for (index, step) in suite.steps.enumerated() {
                    let place = inventory.locations[path.appending(index: index).appending(key: "name")]
                    if !names.insert(step.name).inserted {
                        reading.report(
                            "two steps are called '\(step.name)'", at: place ?? resource.location,
                            path.appending(index: index))
                    }
                    let texts = [step.path] + step.headers.values.map(\.pattern) + [step.content?.pattern ?? ""]
                    for name in Set(texts.flatMap { KeptText($0).names }).subtracting(kept).sorted() {
                        reading.report(
                            "no step before '\(step.name)' keeps '\(name)'", at: place ?? resource.location,
                            path.appending(index: index),
                            allowed: kept.isEmpty ? nil : kept.sorted().joined(separator: ", "),
                            nearest: nearest(to: name, among: kept.sorted()))
                    }
                    kept.formUnion(step.keep.keys)
                }
            }
        }
    }
}

extension ConfiguredText {
    /// The literal parts, in which kept values stand.
    var pattern: String {
        guard case .template(let pieces) = source else { return "" }
        return pieces.map { piece in
            if case .literal(let text) = piece { text } else { " " }
        }.joined()
    }
}

extension CheckCondition.Subject: CustomStringConvertible {
    /// As it is written.
    package var description: String {
        path.reduce(name) { text, step in
            switch step {
            case .key(let key): "\(text).\(key)"
            case .index(let index): "\(text)[\(index)]"
            }
        }
    }
}

import Maintenance

extension GuideChecking {
    /// Links to headings that are not there, and to files that are not there.
    package func linkFindings() -> [GuideFinding] {
        let anchors = guide.anchors
        var found: [GuideFinding] = []
        for link in guide.links {
            let target = link.destination
            guard !target.isEmpty, !target.hasPrefix("//"), !target.hasPrefix("mailto:"), !target.containsBytes("://")
            else {
                continue
            }
            if target.hasPrefix("#") {
                let name = String(target.dropFirst()).lowercased()
                guard !anchors.contains(name),
                    !guide.lines.contains(where: {
                        $0.containsBytes("id=\"\(name)\"") || $0.containsBytes("name=\"\(name)\"")
                    })
                else { continue }
                found.append(
                    finding(
                        .brokenLink, link.line, "no heading of this guide is '\(target.printable)'",
                        fix: nearest(to: name, among: anchors.sorted()).map { "Write '#\($0)'." }))
            } else if !target.hasPrefix("/"), let path = Self.path(of: target), exists(path) == false {
                found.append(finding(.brokenLink, link.line, "the file '\(path.printable)' is not there"))
            }
        }
        var named: Set<String> = []
        for procedure in procedures {
            for (command, _) in commands(of: procedure) {
                for (path, line) in command.scripts where named.insert(path).inserted && exists(path) == false {
                    found.append(
                        finding(
                            .missingFile, line,
                            "'\(command.program.printable)' needs '\(path.printable)', which is not there",
                            fix: "Put it beside the guide, or write what it would do."))
                }
            }
        }
        return found
    }

    private static func path(of link: String) -> String? {
        let path = String(link.prefix { $0 != "#" && $0 != "?" })
        return path.isEmpty ? nil : path
    }
}

extension Guide {
    /// As GitHub makes them: lower case, blanks as hyphens, without signs; a number behind those that repeat.
    var anchors: Set<String> {
        var anchors: Set<String> = []
        for heading in headings {
            var slug = ""
            for scalar in heading.title.lowercased().unicodeScalars {
                if scalar == " " || scalar == "-" { slug += "-" }
                let isLetter = scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "_"
                if isLetter { slug.unicodeScalars.append(scalar) }
            }
            var name = slug
            var count = 0
            while !anchors.insert(name).inserted {
                count += 1
                name = "\(slug)-\(count)"
            }
        }
        return anchors
    }
}

extension ShellCommand {
    /// Files of the team's own that it starts or reads.
    var scripts: [(path: String, line: Int)] {
        var found: [(String, Int)] = []
        if let first = words.first, first.text.hasPrefix("./"), !first.isExpanded {
            found.append((first.text, first.line))
        }
        if ["node", "python", "python3", "bash", "sh", "ts-node", "tsx", "ruby", "php"].contains(program),
            let script = arguments.first, !script.text.hasPrefix("-"), !script.isExpanded, script.placeholders.isEmpty,
            script.text.containsBytes("."), !script.isQuoted
        {
            found.append((script.text, script.line))
        }
        for option in ["--file", "--config", "--thresholds", "--rules", "--strategy"] {
            guard let word = value(of: option), !word.isExpanded, !word.text.isEmpty, !word.text.hasPrefix("/") else {
                continue
            }
            found.append((word.text, word.line))
        }
        for redirection in redirections where redirection.sign == "<" && !redirection.target.isExpanded {
            guard !redirection.target.text.hasPrefix("/") else { continue }
            found.append((redirection.target.text, redirection.target.line))
        }
        return found
    }
}

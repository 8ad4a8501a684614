import Maintenance

extension GuideChecking {
    /// Links to headings that are not there, and to files that are not there.
    package func linkFindings() -> [GuideFinding] {
        let anchors = guide.anchors
        // Of HTML; looked for only where a link leads to no heading.
        lazy var marks = guide.marks
        var suggestions = 0
        var found: [GuideFinding] = []
        for link in guide.links {
            let target = link.destination
            guard !target.isEmpty, !target.hasPrefix("//"), !target.hasPrefix("mailto:"), !target.containsBytes("://")
            else {
                continue
            }
            if target.hasPrefix("#") {
                let name = String(target.dropFirst()).lowercased()
                guard !anchors.contains(name), !marks.contains(name) else { continue }
                // Each is held against every heading, and a hostile guide has thousands of both.
                suggestions += 1
                let near = suggestions <= 50 ? nearest(to: name, among: anchors.sorted()) : nil
                found.append(
                    finding(
                        .brokenLink, link.line, "no heading of this guide is '\(target.printable)'",
                        fix: near.map { "Write '#\($0)'." }))
            } else if !target.hasPrefix("/"), let path = Self.path(of: target), exists(path) == false {
                found.append(finding(.brokenLink, link.line, "the file '\(path.printable)' is not there"))
            }
        }
        var named: Set<String> = []
        for command in programs.lazy.flatMap({ $0 }).map(\.command) {
            for (path, line) in command.scripts where named.insert(path).inserted && exists(path) == false {
                found.append(
                    finding(
                        .missingFile, line,
                        "'\(command.program.printable)' needs '\(path.printable)', which is not there",
                        fix: "Put it beside the guide, or write what it would do."))
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
        var counts: [String: Int] = [:]
        for heading in headings {
            var slug = ""
            for scalar in heading.title.lowercased().unicodeScalars {
                if scalar == " " || scalar == "-" { slug += "-" }
                let isLetter = scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "_"
                if isLetter { slug.unicodeScalars.append(scalar) }
            }
            var name = slug
            var count = counts[slug] ?? 0
            while !anchors.insert(name).inserted {
                count += 1
                name = "\(slug)-\(count)"
            }
            counts[slug] = count
        }
        return anchors
    }

    /// What `id="…"` and `name="…"` of HTML in it are called.
    fileprivate var marks: Set<String> {
        var marks: Set<String> = []
        for line in lines where line.containsBytes("=\"") {
            for attribute in ["id=\"", "name=\""] {
                var rest = line.utf8[...]
                while let begin = rest.firstRange(of: attribute.utf8) {
                    rest = rest[begin.upperBound...]
                    guard let end = rest.firstIndex(of: UInt8(ascii: "\"")) else { break }
                    marks.insert(String(line[rest.startIndex..<end]))
                    rest = rest[end...]
                }
            }
        }
        return marks
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
            guard let word = value(of: option), !word.isExpanded, !word.text.isEmpty, word.text != "-",
                !word.text.hasPrefix("/")
            else {
                continue
            }
            found.append((word.text, word.line))
        }
        // '-' is what it reads from elsewhere.
        if program == "psql", let word = value(of: "-f"), !word.isExpanded, !word.text.isEmpty, word.text != "-",
            word.placeholders.isEmpty, !word.text.hasPrefix("/")
        {
            found.append((word.text, word.line))
        }
        for redirection in redirections where redirection.sign == "<" && !redirection.target.isExpanded {
            guard !redirection.target.text.hasPrefix("/") else { continue }
            found.append((redirection.target.text, redirection.target.line))
        }
        return found
    }
}

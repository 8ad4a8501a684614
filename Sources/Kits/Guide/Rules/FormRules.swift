import Maintenance

extension GuideChecking {
    /// What is wrong with a guide as a text: blocks, JSON, dates, procedures without commands.
    func formFindings() -> [GuideFinding] {
        guide.blocks.flatMap(blockFindings) + procedures.flatMap(procedureFindings) + unexpandedFindings()
    }

    private func blockFindings(_ block: Guide.Block) -> [GuideFinding] {
        var found: [GuideFinding] = []
        if !block.isClosed {
            found.append(
                finding(
                    .openFence, block.line, "the block that begins here is not closed, so the rest belongs to it",
                    fix: "End it with a line of the same fence."))
        }
        if ["json", "jsonc", "json5"].contains(block.language), block.isWholeJSON,
            let mistake = JSONReading.mistake(in: block.text, line: block.firstLine)
        {
            found.append(
                finding(.brokenJSON, mistake.line, "this JSON cannot be read: \(mistake.text)"))
        }
        return found
    }

    private func procedureFindings(_ procedure: Procedure) -> [GuideFinding] {
        var found: [GuideFinding] = []
        let block = procedure.block
        if procedure.problems.isEmpty, procedure.entries.isEmpty, hasComments(procedure) {
            let comments = procedure.comments.filter { !$0.text.hasPrefix("!") }.count
            found.append(
                finding(
                    .nothingDone, block.line,
                    "this block has \("comment".counted(max(1, comments))) and no command, so nothing is done by it",
                    fix: "Write the commands, or make a checklist of it."))
        }
        let isShebang: (String) -> Bool = { $0.hasPrefix("!/") }
        if let late = procedure.comments.first(where: { isShebang($0.text) && $0.line > block.firstLine }) {
            found.append(
                finding(
                    .lateShebang, late.line,
                    "'#!' counts only on the first line, and this is line "
                        + "\(late.line - block.firstLine + 1) of the block",
                    fix: "Put it above the comment."))
        }
        return found + foreignFindings(procedure)
    }

    private func hasComments(_ procedure: Procedure) -> Bool {
        procedure.block.isSQL
            ? procedure.block.text.contains("--") && !procedure.block.text.trimmingWhitespace().isEmpty
            : !procedure.comments.isEmpty
    }

    /// Lists and SQL among commands of the shell; one finding for what stands together.
    private func foreignFindings(_ procedure: Procedure) -> [GuideFinding] {
        guard procedure.block.isShell else { return [] }
        var found: [GuideFinding] = []
        var list: (line: Int, count: Int)?
        func endList() {
            if let list {
                found.append(
                    finding(
                        .noCommand, list.line,
                        "\("line".counted(list.count)) of a list \(list.count == 1 ? "stands" : "stand") in a block of "
                            + "the shell, which would look for programs of these names",
                        fix: "Put the list behind the block."))
            }
            list = nil
        }
        for entry in procedure.entries {
            if case .list = entry.kind {
                list = (list?.line ?? entry.line, (list?.count ?? 0) + 1)
                continue
            }
            endList()
            if case .statement(let statement) = entry.kind {
                found.append(
                    finding(
                        .noCommand, entry.line,
                        "'\(statement.verb.printable)' is SQL in a block of the shell, which would look for a program",
                        fix: "Put it into a block of SQL."))
            }
        }
        endList()
        return found
    }

    /// `$(date)` in running text.
    private func unexpandedFindings() -> [GuideFinding] {
        // Thousands of items may stand on one line.
        var seen: Set<Int> = []
        return (guide.paragraphs + guide.items.map { .init(text: $0.text, line: $0.line) }).compactMap { paragraph in
            guard paragraph.text.containsBytes("$("), seen.insert(paragraph.line).inserted else { return nil }
            guard guide.lines.indices.contains(paragraph.line - 1) else { return nil }
            let raw = guide.lines[paragraph.line - 1]
            let outside = raw.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset % 2 == 0 }.map(\.element).joined()
            guard outside.containsBytes("$("), let begin = outside.utf8.firstRange(of: "$(".utf8) else { return nil }
            let tail = outside[begin.lowerBound...]
            guard let end = tail.firstIndex(of: ")") else { return nil }
            return finding(
                .notExpanded, paragraph.line,
                "'\(String(tail[...end]).printable)' stands in running text, where nothing puts a value in",
                fix: "Write the value.")
        }
    }

    /// Whoever reads a guide in trouble has to know whom to ask.
    func ownerFindings() -> [GuideFinding] {
        guard procedures.contains(where: { $0.entries.contains(where: \.isCommand) }) else { return [] }
        let words = ["owner", "author", "responsib", "contact", "on-call", "escalation", "maintained by", "maintainer"]
        let texts =
            guide.headings.map(\.title) + guide.paragraphs.map(\.text) + guide.items.map(\.text)
            + guide.tables.flatMap { $0.header + $0.rows.flatMap(\.cells) }
        let isOwned = texts.contains { text in
            let lower = text.lowercased()
            return words.contains { lower.containsBytes($0) }
        }
        guard !isOwned else { return [] }
        return [
            finding(
                .nobodyOwns, 1, "the guide says nowhere who owns it or whom to ask",
                fix: "Name an owner and a contact.")
        ]
    }
}

extension Guide.Block {
    /// Whether it means to be a whole document: parts of one, and those with something left out, are for people.
    fileprivate var isWholeJSON: Bool {
        guard !text.containsBytes("..."), !text.containsBytes("…") else { return false }
        let first = text.split(separator: "\n").map { $0.trimmingWhitespace() }.first { line in
            !line.isEmpty && !line.hasPrefix("//") && !line.hasPrefix("/*") && !line.hasPrefix("*")
        }
        return first.map { $0.hasPrefix("{") || $0.hasPrefix("[") } ?? false
    }
}

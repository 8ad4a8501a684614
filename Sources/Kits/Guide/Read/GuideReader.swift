import CMarkGFM
import Maintenance

extension Guide {
    /// Larger files are refused: a guide is read by people.
    package static let most = 4 << 20

    /// Reads CommonMark with GitHub's tables and task lists.
    ///
    /// - Throws: `GuideError` for what is too large or no text; any Markdown can be read.
    package init(file: String, bytes: [UInt8]) throws {
        guard bytes.count <= Self.most else {
            throw GuideError.tooLarge(file, bytes: bytes.count, most: Self.most)
        }
        guard let text = String(validating: bytes, as: UTF8.self), !text.utf8.contains(0) else {
            throw GuideError.notText(file)
        }
        self.init(file: file, lines: Self.lines(of: text))
        guard let parser = cmark_parser_new(CMARK_OPT_DEFAULT) else { throw GuideError.notUnderstood(file) }
        defer { cmark_parser_free(parser) }
        guard MarkdownExtensions.areRegistered else { throw GuideError.notUnderstood(file) }
        for name in ["table", "tasklist"] {
            guard let part = cmark_find_syntax_extension(name) else { throw GuideError.notUnderstood(file) }
            cmark_parser_attach_syntax_extension(parser, part)
        }
        bytes.withUnsafeBytes { raw in
            cmark_parser_feed(parser, raw.baseAddress?.assumingMemoryBound(to: CChar.self), raw.count)
        }
        guard let document = cmark_parser_finish(parser) else { throw GuideError.notUnderstood(file) }
        defer { cmark_node_free(document) }
        collect(MarkdownNode(document))
        parents = Self.parents(headings)
    }

    private static func parents(_ headings: [Heading]) -> [Int] {
        var parents: [Int] = []
        var open: [Int] = []
        for (index, heading) in headings.enumerated() {
            while let last = open.last, headings[last].level >= heading.level { open.removeLast() }
            parents.append(open.last ?? -1)
            open.append(index)
        }
        return parents
    }

    private init(file: String, lines: [String]) {
        self.file = file
        self.lines = lines
    }

    private static func lines(of text: String) -> [String] {
        var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
            String(Substring($0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0))
        }
        if lines.last?.isEmpty ?? false { lines.removeLast() }
        return lines
    }

    /// Walks without recursion: nesting is the guide's, and it may be hostile.
    private mutating func collect(_ document: MarkdownNode) {
        var captions = Captions()
        var next: MarkdownNode? = document.firstChild
        while let node = next {
            let isEntered = add(node, &captions)
            next = isEntered ? node.firstChild : nil
            var behind: MarkdownNode? = node
            while next == nil, let present = behind {
                next = present.next
                behind = present.parent
            }
        }
    }

    /// - Returns: whether what stands in the node is to be looked at as well.
    private mutating func add(_ node: MarkdownNode, _ captions: inout Captions) -> Bool {
        switch node.kind {
        case "heading":
            headings.append(Heading(level: node.headingLevel, title: node.text, line: node.line))
            addLinks(in: node)
            return false
        case "paragraph":
            addLinks(in: node)
            if node.parent?.isItem ?? false, node.previous == nil { return false }
            for (index, text) in node.textLines.enumerated() {
                paragraphs.append(Paragraph(text: text, line: node.line + index))
            }
            return false
        case "item", "tasklist":
            items.append(
                ListItem(
                    text: node.itemTitle ?? "", line: node.line,
                    isTicked: node.kind == "tasklist" ? node.isTicked : nil,
                    caption: node.parent.flatMap { captions.caption(of: $0) },
                    isCaption: node.children.contains { $0.kind == "list" }))
            return true
        case "table":
            let rows = node.children.map { row in Table.Row(cells: row.children.map(\.text), line: row.line) }
            if let header = rows.first {
                tables.append(Table(header: header.cells, rows: Array(rows.dropFirst()), line: node.line))
            }
            addLinks(in: node)
            return false
        case "code_block":
            blocks.append(block(node, &captions))
            return false
        case "html_block":
            remarks.append(Paragraph(text: node.literal, line: node.line))
            return false
        default: return true
        }
    }

    private mutating func addLinks(in node: MarkdownNode) {
        var line = node.line
        for inline in node.inlines {
            switch inline.kind {
            case "softbreak", "linebreak": line += 1
            case "link", "image": links.append(Link(destination: inline.destination, line: line))
            default: break
            }
        }
    }

    private func block(_ node: MarkdownNode, _ captions: inout Captions) -> Block {
        let text = node.literal
        let firstLine = node.isFenced ? node.line + 1 : node.line
        return Block(
            language: node.fenceInfo.split(whereSeparator: { " \t,{".contains($0) }).first.map {
                $0.lowercased()
            } ?? "",
            text: text, line: node.line, firstLine: firstLine,
            isClosed: !node.isFenced || isFence(firstLine + text.utf8.count { $0 == UInt8(ascii: "\n") }),
            caption: node.parent.flatMap { captions.title(of: $0) } ?? node.previous?.asCaption)
    }

    /// Whether a line of the file ends a fenced block.
    private func isFence(_ number: Int) -> Bool {
        guard lines.indices.contains(number - 1) else { return false }
        let marks = lines[number - 1].utf8.drop { " \t>".utf8.contains($0) }
        let end = marks.drop { $0 == UInt8(ascii: "`") || $0 == UInt8(ascii: "~") }
        return marks.count - end.count >= 3 && end.allSatisfy { " \t".utf8.contains($0) }
    }
}

/// What lists and blocks are about, each text read once: a hostile one has thousands of items below a long line.
private struct Captions {
    private var titles: [MarkdownNode: String?] = [:]
    private var captions: [MarkdownNode: String?] = [:]

    /// The first paragraph of an item; nil for a node that is none.
    mutating func title(of node: MarkdownNode) -> String? {
        guard node.isItem else { return nil }
        if let known = titles[node] { return known }
        let title = node.itemTitle
        titles[node] = .some(title)
        return title
    }

    /// Of a list: the item it stands in, or the paragraph before it that ends with a colon.
    mutating func caption(of list: MarkdownNode) -> String? {
        if let known = captions[list] { return known }
        let caption = list.parent.flatMap { title(of: $0) } ?? list.previous?.asCaption
        captions[list] = .some(caption)
        return caption
    }
}

/// What cmark-gfm keeps once for the process; its own registration is not safe on several threads.
enum MarkdownExtensions {
    static let areRegistered: Bool = {
        cmark_gfm_core_extensions_ensure_registered()
        return true
    }()
}

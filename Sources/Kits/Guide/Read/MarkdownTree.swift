import CMarkGFM
import Maintenance

/// Markdown as values, for whoever shows it. What is HTML in it is left out: nothing of it is believed.
package indirect enum MarkdownPiece: Hashable, Sendable {
    case heading(level: Int, [MarkdownPiece])
    case paragraph([MarkdownPiece])
    case list(isNumbered: Bool, items: [[MarkdownPiece]])
    case quote([MarkdownPiece])
    case block(String)
    case table(head: [[MarkdownPiece]], rows: [[[MarkdownPiece]]])
    case rule
    case text(String)
    case code(String)
    case emphasis([MarkdownPiece])
    case strong([MarkdownPiece])
    case link(to: String, [MarkdownPiece])
    /// Where a line ends; the author's own choice, or the width of their screen.
    case lineEnd(isForced: Bool)

    /// What a reader sees, without emphasis.
    package var plain: String {
        switch self {
        case .text(let text), .code(let text), .block(let text): text
        case .heading(_, let pieces), .paragraph(let pieces), .quote(let pieces), .emphasis(let pieces),
            .strong(let pieces), .link(_, let pieces):
            pieces.plain
        case .list(_, let items): items.map(\.plain).joined(separator: " ")
        case .table(let head, let rows): ([head] + rows).joined().map(\.plain).joined(separator: " ")
        case .rule, .lineEnd: " "
        }
    }
}

extension [MarkdownPiece] {
    package var plain: String { map(\.plain).joined() }

    /// Deeper than that nobody writes by hand; what stands deeper is left out.
    private static var deepest: Int { 24 }

    /// CommonMark with GitHub's tables.
    ///
    /// - Throws: `GuideError.notUnderstood`.
    package init(markdown text: String, from file: String) throws(GuideError) {
        guard let parser = cmark_parser_new(CMARK_OPT_DEFAULT) else { throw .notUnderstood(file) }
        defer { cmark_parser_free(parser) }
        guard MarkdownExtensions.areRegistered, let tables = cmark_find_syntax_extension("table") else {
            throw .notUnderstood(file)
        }
        cmark_parser_attach_syntax_extension(parser, tables)
        var text = text
        text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { cmark_parser_feed(parser, $0.baseAddress, $0.count) }
        }
        guard let document = cmark_parser_finish(parser) else { throw .notUnderstood(file) }
        defer { cmark_node_free(document) }
        self = Self.pieces(of: MarkdownNode(document), depth: 0)
    }

    private static func pieces(of node: MarkdownNode, depth: Int) -> [MarkdownPiece] {
        guard depth < deepest else { return [] }
        return node.children.flatMap { child -> [MarkdownPiece] in
            func inner() -> [MarkdownPiece] { pieces(of: child, depth: depth + 1) }
            switch child.kind {
            case "heading": return [.heading(level: child.headingLevel, inner())]
            case "paragraph": return [.paragraph(inner())]
            case "list":
                return [
                    .list(
                        isNumbered: child.isNumbered,
                        items: child.children.map { pieces(of: $0, depth: depth + 2) })
                ]
            case "block_quote": return [.quote(inner())]
            case "code_block": return [.block(child.literal)]
            case "table":
                let rows = child.children.map { row in row.children.map { pieces(of: $0, depth: depth + 3) } }
                return [.table(head: rows.first ?? [], rows: Array<[[MarkdownPiece]]>(rows.dropFirst()))]
            case "thematic_break": return [.rule]
            case "text": return [.text(child.literal)]
            case "code": return [.code(child.literal)]
            case "emph": return [.emphasis(inner())]
            case "strong": return [.strong(inner())]
            case "link": return [.link(to: child.destination, inner())]
            case "softbreak": return [.lineEnd(isForced: false)]
            case "linebreak": return [.lineEnd(isForced: true)]
            case "html_block", "html_inline": return []
            default: return inner()
            }
        }
    }
}

extension MarkdownNode {
    fileprivate var isNumbered: Bool { cmark_node_get_list_type(pointer) == CMARK_ORDERED_LIST }
}

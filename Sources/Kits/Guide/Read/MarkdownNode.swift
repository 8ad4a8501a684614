import CMarkGFM
import Maintenance

/// A node of cmark-gfm's tree; valid as long as its document.
struct MarkdownNode: Hashable {
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    private init?(_ pointer: OpaquePointer?) {
        guard let pointer else { return nil }
        self.pointer = pointer
    }

    /// `heading`, `item`, `tasklist`, `table_row`
    var kind: String { String(cString: cmark_node_get_type_string(pointer)) }
    var line: Int { Int(cmark_node_get_start_line(pointer)) }
    var literal: String { cmark_node_get_literal(pointer).map { String(cString: $0) } ?? "" }
    var destination: String { cmark_node_get_url(pointer).map { String(cString: $0) } ?? "" }
    var headingLevel: Int { Int(cmark_node_get_heading_level(pointer)) }
    var fenceInfo: String { cmark_node_get_fence_info(pointer).map { String(cString: $0) } ?? "" }
    var isTicked: Bool { cmark_gfm_extensions_get_tasklist_item_checked(pointer) }
    var isItem: Bool { kind == "item" || kind == "tasklist" }

    var isFenced: Bool {
        var length: Int32 = 0
        var offset: Int32 = 0
        var character: CChar = 0
        return cmark_node_get_fenced(pointer, &length, &offset, &character) != 0
    }

    var parent: MarkdownNode? { MarkdownNode(cmark_node_parent(pointer)) }
    var next: MarkdownNode? { MarkdownNode(cmark_node_next(pointer)) }
    var previous: MarkdownNode? { MarkdownNode(cmark_node_previous(pointer)) }
    var firstChild: MarkdownNode? { MarkdownNode(cmark_node_first_child(pointer)) }

    var children: [MarkdownNode] {
        Array(sequence(first: firstChild) { $0?.next }.prefix { $0 != nil }).compactMap(\.self)
    }

    /// All that stands in it, however deep, in the order of the text.
    var inlines: [MarkdownNode] {
        var found: [MarkdownNode] = []
        guard let iterator = cmark_iter_new(pointer) else { return [] }
        defer { cmark_iter_free(iterator) }
        while true {
            let event = cmark_iter_next(iterator)
            if event == CMARK_EVENT_DONE { return found }
            guard event == CMARK_EVENT_ENTER, let node = cmark_iter_get_node(iterator), node != pointer else {
                continue
            }
            found.append(MarkdownNode(node))
        }
    }

    /// What a reader sees, without emphasis; one element a line.
    var textLines: [String] {
        var lines = [""]
        for node in inlines {
            switch node.kind {
            case "text", "code", "html_inline": lines[lines.count - 1] += node.literal
            case "softbreak", "linebreak": lines.append("")
            default: break
            }
        }
        return lines
    }

    var text: String { textLines.joined(separator: " ").trimmingWhitespace() }

    /// The first paragraph of an item; nil where it begins with something else, which may be as deep as the guide likes.
    var itemTitle: String? {
        guard let first = firstChild, first.kind == "paragraph" else { return nil }
        return first.text
    }

    /// What a list or block behind it is about.
    var asCaption: String? {
        guard kind == "paragraph" else { return nil }
        let text = text
        return text.hasSuffix(":") ? String(text.dropLast()) : nil
    }
}

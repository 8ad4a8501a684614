/// A team's own guide as it was read: what stands in it, each thing with its line. Nothing in it has been run.
package struct Guide: Sendable {
    /// As it was given: `docs/maintenance.md`.
    package var file: String
    /// Without the line breaks.
    package var lines: [String]
    /// By line.
    package internal(set) var headings: [Heading] = []
    package var blocks: [Block] = []
    package var items: [ListItem] = []
    package var tables: [Table] = []
    package var paragraphs: [Paragraph] = []
    package var links: [Link] = []
    /// HTML comments: where waivers are written.
    package var remarks: [Paragraph] = []
    /// Of each heading the index of the one it stands below; -1 for the highest.
    var parents: [Int] = []

    package struct Heading: Sendable, Hashable {
        package var level: Int
        package var title: String
        package var line: Int
    }

    /// A code block.
    package struct Block: Sendable, Hashable {
        /// The first word behind the fence, in lower case; empty where there is none, or no fence.
        package var language: String
        package var text: String
        /// Of the fence, or of the first line where there is none.
        package var line: Int
        /// Of the first line of `text`.
        package var firstLine: Int
        /// False where the file, or what the block stands in, ends before the closing fence.
        package var isClosed: Bool
        /// What the block is about: the list item it stands in, or the paragraph before it that ends with a colon.
        package var caption: String?
    }

    package struct ListItem: Sendable, Hashable {
        package var text: String
        package var line: Int
        /// Nil where it is no item of a checklist.
        package var isTicked: Bool?
        /// What the list is about: the item above it, or the paragraph before it that ends with a colon.
        package var caption: String?
        /// Whether items stand beneath it, so that it is a caption itself.
        package var isCaption = false
    }

    package struct Table: Sendable, Hashable {
        package var header: [String]
        package var rows: [Row]
        package var line: Int

        package struct Row: Sendable, Hashable {
            package var cells: [String]
            package var line: Int
        }
    }

    /// One line of running text.
    package struct Paragraph: Sendable, Hashable {
        package var text: String
        package var line: Int
    }

    package struct Link: Sendable, Hashable {
        package var destination: String
        package var line: Int
    }

    /// The headings above a line, from the highest to the nearest.
    package func path(of line: Int) -> [Heading] {
        var (low, high) = (0, headings.count)
        while low < high {
            let middle = (low + high) / 2
            if headings[middle].line <= line { low = middle + 1 } else { high = middle }
        }
        var path: [Heading] = []
        var index = low - 1
        while index >= 0 {
            path.append(headings[index])
            index = parents[index]
        }
        return path.reversed()
    }
}

extension Guide.Block {
    package var isShell: Bool { Self.shells.contains(language) }
    package var isSQL: Bool { Self.queries.contains(language) }

    private static let shells: Set = ["bash", "sh", "shell", "zsh", "ksh", "console", "shell-session", "terminal"]
    private static let queries: Set = ["sql", "psql", "pgsql", "postgresql", "postgres", "plpgsql"]
}

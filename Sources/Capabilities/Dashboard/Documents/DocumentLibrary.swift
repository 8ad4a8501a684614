import Command
import Engine
import Foundation
import Guide
import Maintenance
import Page
import Synchronization

/// The reference pages of the program that runs, as pages of the dashboard, with what of them is looked for by words.
struct DocumentLibrary: Sendable {
    struct Document: Sendable {
        /// Beneath `/docs`; empty for the first page.
        var path: String
        var title: String
        /// What stands before the first heading of the second level, the title left out, is the first.
        var sections: [Section]
    }

    /// A heading with what stands behind it.
    struct Section: Sendable {
        var title: String
        /// Nil for what stands above all headings.
        var anchor: String?
        var head: HTML
        var body: HTML
        /// All words of it.
        var text: String
    }

    struct Hit: Sendable {
        var document: Document
        var section: Section
        /// What stands around the first word that was found.
        var passage: String

        var address: String {
            let path = document.path.isEmpty ? "/docs" : "/docs/\(document.path)"
            return section.anchor.map { "\(path)#\($0)" } ?? path
        }
    }

    private let documents: [String: Document]
    /// Where each check and each code of a finding is explained, by its name and its code, in small letters.
    private let explanations: [String: (path: String, anchor: String)]

    init(_ application: Application) throws {
        var documents: [String: Document] = [:]
        for (file, text) in try application.referencePages() {
            let path = file == "README.md" ? "" : String(file.dropLast(3))
            documents[path] = try Document(path: path, text, from: file)
        }
        self.documents = documents
        var explanations: [String: (path: String, anchor: String)] = [:]
        for check in application.checks {
            let place = (path: "checks", anchor: DocumentHTML.slug(check.name))
            explanations[check.name.lowercased()] = place
            explanations[check.code.lowercased()] = place
        }
        for finding in application.findingPages {
            let place = (path: "findings", anchor: DocumentHTML.slug("\(finding.code) \(finding.name)"))
            explanations[finding.name.lowercased()] = place
            explanations[finding.code.lowercased()] = place
        }
        self.explanations = explanations
    }

    subscript(path: String) -> Document? { documents[path] }

    var paths: [String] { documents.keys.sorted() }

    /// What a code or the name of a check means, as `mainstay explain` says it; nil where nothing has that name.
    func explanation(_ name: String) -> (document: Document, section: Section)? {
        guard let place = explanations[name.lowercased()], let document = documents[place.path],
            let section = document.sections.first(where: { $0.anchor == place.anchor })
        else { return nil }
        return (document, section)
    }

    /// So many hits are shown.
    static let most = 50
    /// So many words are looked for.
    private static let mostWords = 8

    /// Sections in which every word stands, those with the words in their title first.
    func search(_ query: String) -> [Hit] {
        let words = Self.words(query)
        guard !words.isEmpty else { return [] }
        var found: [(rank: Int, hit: Hit)] = []
        for path in paths {
            guard let document = documents[path] else { continue }
            for section in document.sections {
                let title = "\(document.title) \(section.title)".lowercased()
                let text = section.text.lowercased()
                guard words.allSatisfy({ title.containsBytes($0) || text.containsBytes($0) }) else { continue }
                let rank =
                    words.count { section.title.lowercased().containsBytes($0) } * 2
                    + words.count { title.containsBytes($0) }
                found.append((rank, Hit(document: document, section: section, passage: section.passage(words))))
            }
        }
        // Of equals in the order of the pages.
        return found.enumerated().sorted { ($1.element.rank, $0.offset) < ($0.element.rank, $1.offset) }.prefix(
            Self.most
        )
        .map(\.element.hit)
    }

    static func words(_ query: String) -> [String] {
        Array(
            query.lowercased().split { !($0.isLetter || $0.isNumber || "-_.:".contains($0)) }.map(String.init)
                .filter { $0.utf8.count <= 60 }.prefix(mostWords))
    }
}

extension DocumentLibrary.Document {
    fileprivate init(path: String, _ markdown: String, from file: String) throws {
        self.init(path: path, title: path, sections: [])
        var writer = DocumentHTML(path: path)
        var open: (heading: MarkdownPiece?, rest: [MarkdownPiece]) = (nil, [])
        func close() {
            guard open.heading != nil || !open.rest.isEmpty else { return }
            sections.append(DocumentLibrary.Section(open.heading, open.rest, &writer))
        }
        for piece in try [MarkdownPiece](markdown: markdown, from: file) {
            if case .heading(let level, let pieces) = piece {
                if level == 1 {
                    title = pieces.plain
                } else {
                    close()
                    open = (piece, [])
                }
            } else {
                open.rest.append(piece)
            }
        }
        close()
    }

    var html: HTML {
        var result = HTML()
        for section in sections { result += section.head + section.body }
        return result
    }
}

extension DocumentLibrary.Section {
    fileprivate init(_ heading: MarkdownPiece?, _ rest: [MarkdownPiece], _ writer: inout DocumentHTML) {
        title = ""
        head = HTML()
        if case .heading(let level, let pieces)? = heading {
            title = pieces.plain
            let (html, anchor) = writer.heading(level, pieces)
            head = html
            self.anchor = anchor
        }
        body = writer.html(rest)
        text = rest.map(\.plain).joined(separator: " ")
    }

    /// A line of its text, from a little before the first of the words on.
    fileprivate func passage(_ words: [String]) -> String {
        let around = 70
        let lowered = text.lowercased()
        let place = words.compactMap { lowered.range(of: $0)?.lowerBound }.min()
        let offset = place.map { lowered.distance(from: lowered.startIndex, to: $0) } ?? 0
        let begin = max(0, offset - around)
        let part = text.dropFirst(begin).prefix(around * 3)
        return (begin > 0 ? "… " : "") + part + (begin + part.count < text.count ? " …" : "")
    }
}

/// The library of the program that runs, made when somebody asks for it first.
final class DocumentShelf: Sendable {
    private let kept = Mutex<DocumentLibrary?>(nil)

    func library(_ application: Application) throws -> DocumentLibrary {
        if let library = kept.withLock({ $0 }) { return library }
        let library = try DocumentLibrary(application)
        kept.withLock { $0 = library }
        return library
    }
}

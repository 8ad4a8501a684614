import Foundation

/// The repository's own sources as text: what the architecture tests read.
struct SourceTree {
    struct File {
        /// From the root of the repository.
        var path: String
        var text: String
        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

        /// The modules it imports, with `@testable` and attributes taken off.
        var imports: [String] {
            lines.compactMap { line in
                let words = line.split(separator: " ")
                guard let place = words.firstIndex(of: "import"), words.prefix(place).allSatisfy({ $0.hasPrefix("@") })
                else { return nil }
                return words.last.map { String($0.split(separator: ".")[0]) }
            }
        }
    }

    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    static func files(under folder: String) throws -> [File] {
        guard let walker = FileManager.default.enumerator(atPath: "\(root)/\(folder)") else { return [] }
        return try walker.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.sorted().map { name in
            let path = "\(folder)/\(name)"
            return File(path: path, text: try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8))
        }
    }

    /// What each target of Package.swift says it imports, by its name: kits and capabilities from their helper calls.
    static func declaredImports() throws -> [String: Set<String>] {
        let text = try String(contentsOfFile: "\(root)/Package.swift", encoding: .utf8)
        var result: [String: Set<String>] = [:]
        for match in text.matches(of: /(?:kit|capability)\(\s*"(\w+)"(?:,\s*\[([^\]]*)\])?/) {
            let names = match.output.2?.matches(of: /"(\w+)"/).map { String($0.output.1) } ?? []
            result[String(match.output.1)] = Set(names)
        }
        return result
    }
}

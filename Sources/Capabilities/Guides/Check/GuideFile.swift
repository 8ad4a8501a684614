import Foundation
import Glibc
import Guide
import Maintenance
import Outside

/// A guide on disk, with what stands beside it.
struct GuideFile {
    /// As it was given.
    var path: String
    var guide: Guide
    /// Whether it can be read again: a pipe cannot.
    let isRegular: Bool
    private let directory: String
    /// The root of the repository it stands in: where a directory has `.git` or `package.json`; nil where none has.
    let root: String?

    init(_ path: String) throws {
        self.path = path
        let descriptor = try Descriptor.open(path)
        guard let bytes = try descriptor.contents(limit: Guide.most) else {
            throw GuideError.tooLarge(path, bytes: Int(try descriptor.status().size.bytes), most: Guide.most)
        }
        isRegular = try descriptor.status().kind == .file
        guide = try Guide(file: path, bytes: bytes)
        directory = URL(fileURLWithPath: path).deletingLastPathComponent().standardizedFileURL.path
        root = Self.root(above: directory)
    }

    private static func root(above directory: String) -> String? {
        var place = URL(fileURLWithPath: directory)
        for _ in 0..<16 {
            if [".git", "package.json"].contains(where: { isThere("\(place.path)/\($0)") }) { return place.path }
            guard place.path != "/" else { return nil }
            place.deleteLastPathComponent()
        }
        return nil
    }

    private static func isThere(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// What the checking asks about files: relative to the guide's directory, or to the repository's root. Nil
    /// without a repository, since then nobody can tell where the guide's commands are typed.
    var exists: @Sendable (String) -> Bool? {
        { [directory, root] path in
            guard let root else { return nil }
            return Self.isThere("\(directory)/\(path)") || Self.isThere("\(root)/\(path)")
        }
    }

    /// The scripts of the repository's `package.json`.
    enum Scripts {
        /// There is no such file.
        case none
        case named(Set<String>)
        /// The file is there and says nothing that could be read; why, in one clause.
        case broken(String)

        /// Nil where nobody knows.
        var names: Set<String>? { if case .named(let names) = self { names } else { nil } }
    }

    func scripts() throws -> Scripts {
        guard let root, Self.isThere("\(root)/package.json") else { return .none }
        let limit = 4 << 20
        guard let bytes = try Descriptor.open("\(root)/package.json").contents(limit: limit) else {
            return .broken("it has more than \(limit.grouped) bytes")
        }
        if let mistake = JSONReading.mistake(in: String(decoding: bytes, as: UTF8.self), line: 1) {
            return .broken("line \(mistake.line): \(mistake.text)")
        }
        do {
            return .named(Set((try JSONDecoder().decode(Package.self, from: Data(bytes)).scripts ?? [:]).keys))
        } catch {
            return .broken("'scripts' is no object of texts, or comments stand in it")
        }
    }

    private struct Package: Decodable {
        var scripts: [String: String]?
    }
}

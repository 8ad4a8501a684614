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
    private let directory: String
    /// The root of the repository it stands in: where a directory has `.git` or `package.json`; nil where none has.
    private let root: String?

    init(_ path: String) throws {
        self.path = path
        let descriptor = try Descriptor.open(path)
        guard let bytes = try descriptor.contents(limit: Guide.most) else {
            throw GuideError.tooLarge(path, bytes: Int(try descriptor.status().size.bytes), most: Guide.most)
        }
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

    /// What the checking asks about files: relative to the guide's directory, or to the repository's root. Nil without a
    /// repository, since then nobody can tell where the guide's commands are typed.
    var exists: @Sendable (String) -> Bool? {
        { [directory, root] path in
            guard let root else { return nil }
            return Self.isThere("\(directory)/\(path)") || Self.isThere("\(root)/\(path)")
        }
    }

    /// The names of the scripts of the repository's `package.json`; nil where there is none.
    func scripts() throws -> Set<String>? {
        guard let root, Self.isThere("\(root)/package.json") else { return nil }
        let descriptor = try Descriptor.open("\(root)/package.json")
        guard let bytes = try descriptor.contents(limit: 4 << 20),
            let package = try? JSONDecoder().decode(Package.self, from: Data(bytes))
        else { return nil }
        return Set((package.scripts ?? [:]).keys)
    }

    private struct Package: Decodable {
        var scripts: [String: String]?
    }
}

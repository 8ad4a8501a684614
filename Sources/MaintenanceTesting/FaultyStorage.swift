import Foundation
import Maintenance
import Outside

/// A directory on a storage that does not do what it says: one that says "it is on the disk" and lets it go with the power,
/// or one that is full at a chosen moment.
///
/// A library stands between programs and their files (`Tests/Fixtures/storage/storage.c`, built by the test itself). It
/// knows what POSIX promises would still be there after a power cut. Programs that do not call the C library, as those in
/// Go, go past it: for them the storage can only lie.
package struct FaultyStorage: Sendable {
    /// What is lost.
    package enum Loss: Sendable {
        /// All that nobody synchronised, names and contents.
        case everything
        /// The names were written down in time, as a file system's own journal does: their contents are empty or old.
        case contents
        /// Of each file that nobody synchronised the whole, a half or nothing is there, as a drive's own cache goes.
        case some(seed: Int)

        fileprivate var word: String {
            switch self {
            case .everything: "everything"
            case .contents: "contents"
            case .some(let seed): "\(seed)"
            }
        }
    }

    package let root: String
    private let shadow: String
    private let library: String
    private let program: String

    private static let programs = Programs(environment: ["PATH": "/usr/bin:/bin"])

    /// - Parameters:
    ///   - root: a directory that is there.
    ///   - place: another one, for what it needs itself.
    package init(root: String, place: String = TemporaryDirectory.current) async throws {
        self.root = root
        let own = "\(place)/storage-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
        shadow = "\(own)/shadow"
        library = "\(own)/storage.so"
        program = "\(own)/storage"
        try FileManager.default.createDirectory(atPath: shadow, withIntermediateDirectories: true)
        // Programs of other users come here too.
        for path in [place, own] { _ = chmod(path, 0o755) }
        _ = chmod(shadow, 0o777)
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Tests/Fixtures/storage/storage.c").path
        let strict = ["-O1", "-Wall", "-Wextra", "-Werror", source, "-o"]
        for arguments in [["-shared", "-fPIC"] + strict + [library], ["-DPROGRAM"] + strict + [program]] {
            _ = try await Self.programs.run(ChildProgram("gcc", arguments + ["-ldl"], timeLimit: .seconds(60)))
                .checked()
        }
        try await begin()
    }

    /// For a program that goes through it.
    ///
    /// - Parameters:
    ///   - lies: whether it drops what programs ask to be made durable.
    ///   - fullAt: a part of a path: the disk is full from the moment when something is made or written there.
    package func environment(lies: Bool = false, fullAt: String? = nil) -> [String: String] {
        var variables = variables
        variables["LD_PRELOAD"] = library
        if lies { variables["STORAGE_LIES"] = "1" }
        if let fullAt { variables["STORAGE_FULL_AT"] = fullAt }
        return variables
    }

    private var variables: [String: String] { ["STORAGE_ROOT": root, "STORAGE_SHADOW": shadow] }

    /// Puts a program of the same name into a directory that goes before the others in a search path, since Mainstay's
    /// children get few of its variables.
    package func wrap(_ path: String, in directory: String, lies: Bool = false, fullAt: String? = nil) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let words = environment(lies: lies, fullAt: fullAt).map { "\($0)=\($1.shellQuoted)" }.sorted()
        let script = "#!/bin/sh\n\(words.map { "export \($0)\n" }.joined())exec \(path.shellQuoted) \"$@\"\n"
        let place = "\(directory)/\(URL(fileURLWithPath: path).lastPathComponent)"
        try script.write(toFile: place, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: place)
    }

    /// All that is there now is on the disk.
    package func begin() async throws { try await run("begin") }

    /// All below a directory is on the disk, by a program that goes past the library and synchronises what it writes.
    package func keep(_ directory: String) async throws { try await run("keep", directory) }

    /// The power goes, and comes back.
    package func cut(_ loss: Loss) async throws { try await run("cut", loss.word) }

    /// Nothing is refused any more. False where nothing ever was.
    @discardableResult
    package func makeRoom() throws -> Bool {
        guard FileManager.default.fileExists(atPath: "\(shadow)/full") else { return false }
        try FileManager.default.removeItem(atPath: "\(shadow)/full")
        return true
    }

    /// The paths of all that was to be made durable since the beginning or the last power cut: what was kept, and what was
    /// dropped.
    package func synchronised() throws -> (kept: [String], dropped: [String]) {
        let path = "\(shadow)/syncs"
        guard FileManager.default.fileExists(atPath: path) else { return ([], []) }
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        func paths(_ word: String) -> [String] {
            lines.filter { $0.hasPrefix(word) }.map { String($0.dropFirst(word.utf8.count)) }
        }
        return (paths("kept "), paths("dropped "))
    }

    private func run(_ words: String...) async throws {
        let values = variables.mapValues { ChildEnvironment.Value.plain($0) }
        _ = try await Self.programs.run(
            ChildProgram(program, words, environment: ChildEnvironment(values), timeLimit: .seconds(60))
        ).checked()
    }
}

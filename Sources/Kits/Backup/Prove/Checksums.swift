import Crypto
import Foundation
import Maintenance
import Outside

/// A file of a backup that is not as its manifest says.
package struct FileProblem: Codable, Hashable, Sendable, Comparable {
    package enum Kind: String, Codable, Sendable {
        case missing, extra, size, content, unreadable
    }

    /// Relative to the backup's directory. Hostile text.
    package var path: String
    package var kind: Kind
    /// What was found against what the manifest says.
    package var detail: String

    package static func < (left: FileProblem, right: FileProblem) -> Bool { left.path < right.path }

    /// What is wrong with it, in one clause. Hostile text.
    var clause: String {
        switch kind {
        case .missing: "it is missing"
        case .extra: "it does not belong to the backup: \(detail)"
        case .size: "it has another length: \(detail)"
        case .content: "it has other content: \(detail)"
        case .unreadable: "it cannot be read: \(detail)"
        }
    }
}

/// Compares every file of a backup with the length and the SHA-256 its manifest gives, and looks for what does not
/// belong there. Finds all problems and not only the first.
package struct Checksums: Sendable {
    let manifest: BackupManifest
    let path: String
    var width = 2

    private static let own: Set<String> = [BackupLayout.manifest, BackupLayout.signature]
    /// So many files in one go of a thread.
    private static let share = 16

    /// - Parameter path: the backup's directory.
    package init(_ manifest: BackupManifest, at path: String) {
        self.manifest = manifest
        self.path = path
    }

    /// - Returns: what is wrong, by path; nothing when every file is exactly as it was written.
    package func problems() async throws -> [FileProblem] {
        let blocking = Blocking(label: "mainstay.checksums")
        var problems = try await blocking.run { try strangers($0) }
        // The largest first, and the many small ones in shares.
        let files = manifest.files.sorted { $0.size > $1.size }
        var shares = stride(from: 0, to: files.count, by: Self.share).map {
            Array(files[$0..<min($0 + Self.share, files.count)])
        }[...]
        try await withThrowingTaskGroup(of: [FileProblem].self) { group in
            for _ in 0..<width {
                guard let share = shares.popFirst() else { break }
                group.addTask { try await check(share, blocking) }
            }
            while let found = try await group.next() {
                problems += found
                if let share = shares.popFirst() { group.addTask { try await check(share, blocking) } }
            }
        }
        return problems.sorted()
    }

    private func check(_ files: [BackupManifest.File], _ blocking: Blocking) async throws -> [FileProblem] {
        try await blocking.run { cancellation in try files.compactMap { try problem($0, cancellation) } }
    }

    /// The whole of a small file, believed only with its checksum.
    ///
    /// - Throws: `FileError`, `RestoreError.damaged`.
    func believed(_ name: String, limit: Int = 64 * 1_048_576) throws -> [UInt8] {
        let file = try open(name)
        let expected = manifest.files.first { $0.path == name }
        guard let bytes = try file.contents(limit: limit) else {
            throw FileError.tooLong(path: file.path, limit: ByteCount(Int64(limit)))
        }
        guard Array(SHA256.hash(data: bytes)).hexadecimal == expected?.sha256 else {
            throw RestoreError.damaged(path: file.path, reason: "its SHA-256 is not the manifest's")
        }
        return bytes
    }

    private func problem(
        _ file: BackupManifest.File, _ cancellation: Blocking.Cancellation
    ) throws -> FileProblem? {
        do {
            let opened = try open(file.path)
            let size = try opened.status().size.bytes
            guard size == file.size.bytes else {
                return FileProblem(
                    path: file.path, kind: .size,
                    detail: "\(size.grouped) bytes, and the manifest says \(file.size.bytes.grouped)")
            }
            var hash = SHA256()
            var read: Int64 = 0
            while true {
                try cancellation.check()
                let chunk = try opened.read(upTo: 524_288)
                if chunk.isEmpty { break }
                read += Int64(chunk.count)
                hash.update(data: chunk)
            }
            let digits = Array(hash.finalize()).hexadecimal
            guard read == file.size.bytes, digits == file.sha256 else {
                return FileProblem(
                    path: file.path, kind: .content,
                    detail: "SHA-256 is \(digits.prefix(16))…, and the manifest says \(file.sha256.prefix(16))…")
            }
            return nil
        } catch let error as FileError {
            let kind: FileProblem.Kind = error.isMissing ? .missing : .unreadable
            return FileProblem(path: file.path, kind: kind, detail: error.problem)
        }
    }

    /// Never through a link, and only what is a file.
    private func open(_ relative: String) throws(FileError) -> Descriptor {
        var directory = try SafeDirectory(path)
        let parts = relative.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        for part in parts.dropLast() { directory = try directory.subdirectory(try FileName(part)) }
        return try directory.open(try FileName(parts.last ?? ""))
    }

    private func strangers(_ cancellation: Blocking.Cancellation) throws -> [FileProblem] {
        let known = Set(manifest.files.map(\.path)).union(Self.own)
        let directories = Set(
            known.compactMap { path in path.lastIndex(of: "/").map { String(path[..<$0]) } })
        var problems: [FileProblem] = []
        func found(_ entry: FileTree.Entry) {
            let name = entry.relativePath
            if entry.status.kind == .directory, directories.contains(name) { return }
            if entry.status.kind != .directory, known.contains(name) { return }
            problems.append(FileProblem(path: name, kind: .extra, detail: "the manifest does not name it"))
        }
        try FileTree(try SafeDirectory(path)).walk(cancellation) { event in
            switch event {
            case .found(let entry): found(entry)
            case .left: break
            case .skipped(let path, let reason):
                problems.append(FileProblem(path: path, kind: .unreadable, detail: reason.problem))
            }
        }
        return problems
    }
}

import CShims
import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// Runs `body` with the rights of an unprivileged user on files; only this thread changes (setfsuid(2)).
func asNobody<Result>(_ body: () throws -> Result) rethrows -> Result {
    mainstay_set_filesystem_user(65_534)
    defer { mainstay_set_filesystem_user(geteuid()) }
    return try body()
}

@Suite("files", .temporaryDirectory)
struct FileTests {
    static let hostileNames: [[UInt8]] = [
        Array("plain.log".utf8), Array("with space".utf8), Array("new\nline".utf8), Array("\u{1b}[31mred".utf8),
        Array("ünïcode 文".utf8), [0xFF, 0xFE, 0x41], [0x80], Array("a\\b\\x41".utf8), Array("-rf".utf8),
        Array("'; rm -rf ~; '".utf8), Array("<script>".utf8), Array(String(repeating: "n", count: 255).utf8), [0xC3],
        Array("...".utf8), Array("*".utf8), Array("\u{202e}gpj.exe".utf8),
    ]

    private func directory() throws -> SafeDirectory { try SafeDirectory(TemporaryDirectory.current) }

    private func make(_ names: String..., content: String = "x") throws {
        for name in names {
            let url = URL(fileURLWithPath: TemporaryDirectory.current).appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(content.utf8).write(to: url)
        }
    }

    @Test("a name keeps its bytes, through text and back, and shows no control character", arguments: hostileNames)
    func names(bytes: [UInt8]) throws {
        let name = try FileName(bytes: bytes)
        #expect(try FileName(encoded: name.encoded).bytes == bytes)
        #expect(name.description == name.description.printable)
        let decoded = try JSONDecoder().decode([FileName].self, from: JSONEncoder().encode([name]))
        #expect(decoded == [name])
    }

    @Test(
        "what leads out of a directory is no name",
        arguments: ["", ".", "..", "a/b", "/", "a\0b", String(repeating: "x", count: 256)])
    func invalidNames(text: String) {
        #expect(throws: FileError.invalidName(text)) { try FileName(text) }
    }

    @Test("files of hostile names are written, listed, read and removed as they are", arguments: hostileNames)
    func hostile(bytes: [UInt8]) throws {
        let directory = try directory()
        let name = try FileName(bytes: bytes)
        try directory.write(name, Array("content".utf8))
        var listed: [FileName] = []
        try directory.forEachName { listed.append($0) }
        #expect(listed == [name])
        #expect(try directory.open(name).contents(limit: 100) == Array("content".utf8))
        let seen = try #require(try directory.status(of: name))
        #expect(try directory.remove(name, seen: seen))
        #expect(try directory.status(of: name) == nil)
    }

    @Test("only the file that was seen is removed: not one that replaced it, grew or was touched")
    func exactRemoval() throws {
        let directory = try directory()
        let name = try FileName("a")
        try directory.write(name, [1, 2, 3])
        let seen = try #require(try directory.status(of: name))
        let changes: [() throws -> Void] = [
            { try directory.write(name, [1, 2, 3]) },
            { try directory.open(name, flags: O_WRONLY | O_APPEND).write([4]) },
        ]
        for change in changes {
            try change()
            #expect(throws: FileError.changed(path: directory.shown(name))) { try directory.remove(name, seen: seen) }
            #expect(try directory.status(of: name) != nil)
        }
        let present = try #require(try directory.status(of: name))
        #expect(try directory.remove(name, seen: present))
        #expect(try !directory.remove(name, seen: present))
    }

    @Test("a symbolic link is never followed, at the root, on the way or as a file")
    func symbolicLinks() throws {
        try make("real/inside")
        let base = TemporaryDirectory.current
        try FileManager.default.createSymbolicLink(atPath: base + "/link", withDestinationPath: base + "/real")
        try FileManager.default.createSymbolicLink(
            atPath: base + "/real/file", withDestinationPath: base + "/real/inside")
        #expect(throws: FileError.symbolicLink(path: base + "/link")) { try SafeDirectory(base + "/link") }
        let directory = try directory()
        #expect(throws: FileError.symbolicLink(path: base + "/link")) { try directory.subdirectory(FileName("link")) }
        let real = try directory.subdirectory(FileName("real"))
        #expect(throws: FileError.symbolicLink(path: base + "/real/file")) { try real.open(FileName("file")) }
        #expect(try real.status(of: FileName("file"))?.kind == .symbolicLink)
    }

    @Test("a directory that is moved away and replaced by a link is still the one that was opened")
    func replacedParent() throws {
        try make("victim/keep", "temporary/old")
        let base = TemporaryDirectory.current
        let opened = try directory().subdirectory(FileName("temporary"))
        try FileManager.default.moveItem(atPath: base + "/temporary", toPath: base + "/elsewhere")
        try FileManager.default.createSymbolicLink(atPath: base + "/temporary", withDestinationPath: base + "/victim")
        var names: [String] = []
        try opened.forEachName { names.append($0.description) }
        #expect(names == ["old"])
    }

    @Test("a pipe in a file's place blocks nobody")
    func pipe() throws {
        #expect(mkfifo(TemporaryDirectory.current + "/pipe", 0o600) == 0)
        let directory = try directory()
        let name = try FileName("pipe")
        #expect(throws: FileError.notFile(path: directory.shown(name))) { try directory.open(name) }
    }

    @Test("a walk finds everything once, goes through no link and says what it could not look at")
    func walk() throws {
        try make("a/b/c/deep", "a/one", "two", "shut/secret")
        let base = TemporaryDirectory.current
        try FileManager.default.createSymbolicLink(atPath: base + "/a/loop", withDestinationPath: base)
        try FileManager.default.setAttributes([.posixPermissions: 0o000], ofItemAtPath: base + "/shut")
        defer { chmod(base + "/shut", 0o700) }
        var found: [String] = []
        var left: [String] = []
        var skipped: [String] = []
        chmod(base, 0o755)
        let tree = FileTree(try directory())
        try asNobody {
            try tree.walk { event in
                switch event {
                case .found(let entry): found.append(entry.relativePath)
                case .left(let entry): left.append(entry.relativePath)
                case .skipped(let path, let reason):
                    skipped.append(path)
                    #expect(reason.isPermissionDenied)
                }
            }
        }
        #expect(found.sorted() == ["a", "a/b", "a/b/c", "a/b/c/deep", "a/loop", "a/one", "shut", "two"])
        #expect(left == ["a/b/c", "a/b", "a"])
        #expect(skipped == [base + "/shut"])
    }

    @Test("a walk goes no deeper than its limit, and says so")
    func depth() throws {
        try make((0..<40).map { "d\($0)" }.joined(separator: "/") + "/bottom")
        var tree = FileTree(try directory())
        var deepest = 0
        try tree.walk { if case .found(let entry) = $0 { deepest = max(deepest, entry.path.count) } }
        #expect(deepest == 41)
        tree.depthLimit = 5
        var codes: [String] = []
        try tree.walk { if case .skipped(_, let reason) = $0 { codes.append(reason.code) } }
        #expect(codes == ["file.too-deep"])
    }

    @Test("an error of the visitor ends the walk and is thrown on")
    func walkEnds() throws {
        try make("a/b", "a/c")
        let tree = FileTree(try directory())
        #expect(throws: FileError.locked(path: "mine", holder: nil)) {
            try tree.walk {
                if case .found(let entry) = $0, entry.path.count == 2 {
                    throw FileError.locked(path: "mine", holder: nil)
                }
            }
        }
    }

    @Test("a cancelled walk ends at its next entry")
    func cancelledWalk() async throws {
        try make("a", "b", "c")
        let tree = FileTree(try directory())
        let (begun, signal) = AsyncStream<Void>.makeStream()
        let visits = Box(0)
        await #expect(throws: CancellationError.self) {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    try await Blocking().run { cancellation in
                        try tree.walk(cancellation) { _ in
                            visits.value += 1
                            signal.finish()
                            while !cancellation.isCancelled { sched_yield() }
                        }
                    }
                }
                for await _ in begun {}
                tasks.cancelAll()
                try await tasks.waitForAll()
            }
        }
        #expect(visits.value == 1)
    }

    @Test("a directory is removed only when it is empty")
    func emptyDirectories() throws {
        try make("full/file", "empty/file")
        try FileManager.default.removeItem(atPath: TemporaryDirectory.current + "/empty/file")
        let directory = try directory()
        for (name, isRemoved) in [("full", false), ("empty", true)] {
            let identity = try #require(try directory.status(of: FileName(name))).identity
            #expect(try directory.removeIfEmpty(FileName(name), identity: identity) == isRemoved)
        }
    }

    @Test("a rename replaces nothing unless it is asked to")
    func rename() throws {
        let directory = try directory()
        let (a, b) = (try FileName("a"), try FileName("b"))
        try directory.write(a, [1])
        try directory.write(b, [2])
        #expect(throws: FileError.exists(path: directory.shown(b))) { try directory.rename(a, to: b) }
        try directory.rename(a, replacing: b)
        #expect(try directory.open(b).contents(limit: 9) == [1])
    }

    @Test("a write that fails leaves the old file and nothing else")
    func failedWrite() throws {
        struct Failure: Error {}
        let directory = try directory()
        let name = try FileName("config")
        try directory.write(name, Array("old".utf8), mode: 0o640)
        #expect(throws: Failure.self) {
            try directory.write(name) { file in
                try file.write(Array("half".utf8))
                throw Failure()
            }
        }
        var names: [FileName] = []
        try directory.forEachName { names.append($0) }
        #expect(names == [name])
        #expect(try directory.open(name).contents(limit: 9) == Array("old".utf8))
        try directory.write(name, Array("new".utf8), mode: 0o600)
        #expect(try directory.status(of: name)?.mode == 0o640)
    }

    @Test("a lock keeps a second one out, names its holder, and ends with its value")
    func locks() throws {
        let directory = try directory()
        var lock: FileLock? = try directory.lock()
        #expect(lock != nil)
        let error = #expect(throws: FileError.self) { try SafeDirectory(TemporaryDirectory.current).lock() }
        #expect(error == .locked(path: TemporaryDirectory.current, holder: getpid()))
        #expect(error?.isRetryable == true)
        lock = nil
        try directory.lock().release()
        _ = try directory.lock()
    }

    @Test("a directory without write permission is one clear error", .enabled(if: SystemUser.isRoot))
    func readOnlyDirectory() throws {
        chmod(TemporaryDirectory.current, 0o555)
        let directory = try directory()
        let error = #expect(throws: FileError.self) { try asNobody { try directory.write(FileName("a"), [1]) } }
        #expect(error?.code == "file.permission")
        #expect(error?.problem.hasSuffix("cannot be created: permission denied") == true)
    }

    @Test("a full disk is one clear error, and the file that was there stays", .enabled(if: SystemUser.isRoot))
    func fullDisk() async throws {
        let place = TemporaryDirectory.current + "/small"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        let mount = ChildProgram("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", place])
        _ = try await programs.run(mount).checked()
        do {
            let directory = try SafeDirectory(place)
            let name = try FileName("a")
            try directory.write(name, [7])
            #expect(try directory.availableSpace() < ByteCount(262_144))
            let error = #expect(throws: FileError.self) {
                try directory.write(name, [UInt8](repeating: 1, count: 1_048_576))
            }
            #expect(error?.code == "file.disk-full")
            #expect(error?.problem.contains("the disk is full") == true)
            #expect(try directory.open(name).contents(limit: 9) == [7])
            _ = try await programs.run(ChildProgram("mount", ["-o", "remount,ro", place])).checked()
            let readOnly = #expect(throws: FileError.self) { try directory.write(name, [8]) }
            #expect(readOnly?.code == "file.read-only")
            var tree = FileTree(try self.directory())
            var skipped: [String] = []
            try tree.walk { if case .skipped(_, .otherFilesystem(let path)) = $0 { skipped.append(path) } }
            #expect(skipped == [place])
            tree.crossesFilesystems = true
            var found: [String] = []
            try tree.walk { if case .found(let entry) = $0 { found.append(entry.relativePath) } }
            #expect(found.contains("small/a"))
        } catch {
            _ = try await programs.run(ChildProgram("umount", [place])).checked()
            throw error
        }
        _ = try await programs.run(ChildProgram("umount", [place])).checked()
    }
}

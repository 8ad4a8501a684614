import Foundation
import Glibc
import Maintenance
import MaintenanceTesting
import Outside
import Testing

/// Configuration files and application trees, as the guide of a portal archives them, into an encrypted repository.
@Suite("backup files from end to end", .temporaryDirectory, .cluster, .timeLimit(.minutes(5)))
struct FileBackupTests {
    private let estate = StorageEstate()
    private var app: String { "\(estate.program.directory)/app" }

    private func write(_ path: String, _ text: String) throws {
        let url = URL(fileURLWithPath: "\(app)/\(path)")
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    private func prepare() throws {
        for (path, text) in [
            (".env", "SECRET=abc"), (".env.local", "SECRET=def"), ("app-config.production.yaml", "a: 1"),
            ("docker-compose.yml", "b: 2"), ("src/index.js", "code"), ("src/ü ' \n.txt", "odd"),
            ("node_modules/x/index.js", "left out"), ("src/.git/config", "left out"), ("empty/.keep", ""),
        ] {
            try write(path, text)
        }
        try FileManager.default.createSymbolicLink(atPath: "\(app)/current", withDestinationPath: "src")
        try estate.configure(
            backups: """
                  files:
                    configuration:
                      environment: test
                      directory: "\(app)"
                      include: [".env*", "app-config.*", docker-compose.yml]
                    application:
                      environment: test
                      directory: "\(app)"
                      exclude: [node_modules, .git]
                """)
    }

    @Test("both sets are stored, and come back equal by SHA-256, without what is excluded")
    func storesAndRestores() async throws {
        try prepare()
        let stored = try await estate.run("backup", "files")
        #expect(stored.exitCode == 0, "\(stored.errors)\(stored.output)")
        let out = "\(estate.program.directory)/out"
        let restored = try await estate.run("backup", "restore-files", "--name", "application", "--into", out)
        #expect(restored.exitCode == 0, "\(restored.errors)\(restored.output)")
        let difference = try await estate.program.shell(
            "diff -r --no-dereference -x node_modules -x .git '\(app)' '\(out)'")
        #expect(difference.exitCode == 0, "\(difference.output)")
        #expect(!FileManager.default.fileExists(atPath: "\(out)/node_modules"))
        let few = "\(estate.program.directory)/few"
        #expect(
            try await estate.run("backup", "restore-files", "--name", "configuration", "--into", few).exitCode == 0)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: few).sorted()
                == [".env", ".env.local", "app-config.production.yaml", "docker-compose.yml"])
    }

    @Test("a pattern of what is left out means what is below the directory, not what it lies in")
    func anchorsPatterns() async throws {
        try prepare()
        let inside = "\(app)/app/[x] *"
        try write("app/[x] */kept", "1")
        try write("app/[x] */deep/app/gone", "2")
        try estate.configure(
            backups: """
                  files:
                    odd:
                      environment: test
                      directory: "\(inside)"
                      exclude: [app]
                """)
        let stored = try await estate.run("backup", "files")
        #expect(stored.exitCode == 0, "\(stored.errors)\(stored.output)")
        let out = "\(estate.program.directory)/out"
        #expect(try await estate.run("backup", "restore-files", "--name", "odd", "--into", out).exitCode == 0)
        let found = try await estate.program.shell("cd '\(out)' && find . | sort | tr '\\n' ' '")
        #expect(found.output == ". ./deep ./kept ", "\(found.output)")
    }

    @Test(
        "another filesystem below the directory is left out by name, at the top and deeper",
        .enabled(if: geteuid() == 0, "only root mounts"))
    func leavesOutMounts() async throws {
        try prepare()
        for name in ["top", "src/deep"] {
            try FileManager.default.createDirectory(atPath: "\(app)/\(name)", withIntermediateDirectories: true)
            _ = try await estate.program.shell("mount -t tmpfs none '\(app)/\(name)' && touch '\(app)/\(name)/other'")
        }
        let stored = try await estate.run("backup", "files", "--name", "application")
        let out = "\(estate.program.directory)/out"
        let restored = try await estate.run("backup", "restore-files", "--name", "application", "--into", out)
        _ = try await estate.program.shell("umount '\(app)/top'; umount '\(app)/src/deep'")
        #expect(stored.exitCode != 0 && stored.output.contains("BK007"), "\(stored.output)")
        #expect(stored.output.contains("top") && stored.output.contains("src/deep"), "\(stored.output)")
        #expect(restored.exitCode == 0, "\(restored.errors)\(restored.output)")
        #expect(!FileManager.default.fileExists(atPath: "\(out)/top/other"))
        #expect(!FileManager.default.fileExists(atPath: "\(out)/src/deep/other"))
        #expect(FileManager.default.fileExists(atPath: "\(out)/src/index.js"))
    }

    @Test("files that come, go and change while a set is stored do not keep the others from being stored")
    func movingFiles() async throws {
        try prepare()
        let mover = Task {
            var number = 0
            while !Task.isCancelled {
                number += 1
                try write("moving/\(number).txt", "\(number)")
                try write("moving/same.txt", String(repeating: "x", count: number % 977))
                if number > 20 { try FileManager.default.removeItem(atPath: "\(app)/moving/\(number - 20).txt") }
                await Task.yield()
            }
        }
        defer { mover.cancel() }
        let stored = try await estate.run("backup", "files", "--name", "application")
        #expect(stored.exitCode == 0 || stored.output.contains("BK007"), "\(stored.errors)\(stored.output)")
        mover.cancel()
        _ = try? await mover.value
        let out = "\(estate.program.directory)/out"
        let restored = try await estate.run("backup", "restore-files", "--name", "application", "--into", out)
        #expect(restored.exitCode == 0, "\(restored.errors)\(restored.output)")
        #expect(try String(contentsOfFile: "\(out)/src/index.js", encoding: .utf8) == "code")
    }

    @Test("directories that come, go and become something else while a set is stored come back as restic saw them")
    func movingDirectories() async throws {
        try prepare()
        for name in ["went", "turned"] {
            try FileManager.default.createDirectory(atPath: "\(app)/src/\(name)", withIntermediateDirectories: true)
        }
        try write("src/turns", "a file")
        // restic, before which all of that happens.
        let programs = "\(estate.program.directory)/programs"
        try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: true)
        let script = """
            #!/bin/bash
            cd '\(app)/src'
            if [[ " $* " == *" backup "* && -d went ]]; then
                mkdir -p came/deep; echo new > came/deep/file; rmdir went
                rmdir turned; echo now > turned; rm turns; mkdir turns
            fi
            cd "$OLDPWD"
            exec /usr/bin/restic "$@"
            """
        #expect(
            FileManager.default.createFile(
                atPath: "\(programs)/restic", contents: Data(script.utf8), attributes: [.posixPermissions: 0o755]))
        var moving = estate
        let own = URL(fileURLWithPath: Program.path).deletingLastPathComponent().path
        moving.program.environment["PATH"] = "\(programs):\(own):/usr/sbin:/usr/bin:/sbin:/bin"
        let stored = try await moving.run("backup", "files", "--name", "application")
        #expect(stored.exitCode == 0, "\(stored.errors)\(stored.output)")
        #expect(!FileManager.default.fileExists(atPath: "\(app)/src/went"), "\(stored.output)")
        let out = "\(estate.program.directory)/out"
        let restored = try await estate.run("backup", "restore-files", "--name", "application", "--into", out)
        #expect(restored.exitCode == 0, "\(restored.errors)\(restored.output)")
        #expect(try String(contentsOfFile: "\(out)/src/came/deep/file", encoding: .utf8) == "new\n")
        #expect(!FileManager.default.fileExists(atPath: "\(out)/src/went"))
    }

    @Test("nothing that is there is written over")
    func refusesExisting() async throws {
        try prepare()
        #expect(try await estate.run("backup", "files", "--name", "configuration").exitCode == 0)
        let refused = try await estate.run("backup", "restore-files", "--name", "configuration", "--into", app)
        #expect(refused.exitCode != 0)
        #expect(try String(contentsOfFile: "\(app)/.env", encoding: .utf8) == "SECRET=abc")
    }

    @Test("a socket, and a file that cannot be read, are named, and the step is not green")
    func namesWhatItLeavesOut() async throws {
        try prepare()
        #expect(mkfifo("\(app)/src/pipe", 0o600) == 0)
        let stored = try await estate.run("backup", "files", "--name", "application")
        #expect(stored.exitCode != 0, "\(stored.output)")
        #expect(stored.output.contains("src/pipe"), "\(stored.output)")
        #expect(stored.output.contains("BK007"), "\(stored.output)")
    }

    @Test("a pipe that comes while files are stored is named, and leaves nothing that a person has to decide")
    func pipeComes() async throws {
        try prepare()
        let programs = "\(estate.program.directory)/programs"
        try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: true)
        let script =
            "#!/bin/bash\n[[ -e '\(app)/src/pipe' || \" $* \" != *\" backup \"* ]] || mkfifo '\(app)/src/pipe'\n"
            + "exec /usr/bin/restic \"$@\"\n"
        #expect(
            FileManager.default.createFile(
                atPath: "\(programs)/restic", contents: Data(script.utf8), attributes: [.posixPermissions: 0o755]))
        var moving = estate
        let own = URL(fileURLWithPath: Program.path).deletingLastPathComponent().path
        moving.program.environment["PATH"] = "\(programs):\(own):/usr/sbin:/usr/bin:/sbin:/bin"
        let stored = try await moving.run("backup", "files", "--name", "application")
        let said = "\(stored.errors)\(stored.output)".inOneLine
        #expect(stored.exitCode == 1 && said.contains("src/pipe") && !said.contains("undecided"), "\(said)")
        let runs = try await estate.run("runs", "--format", "csv")
        #expect(!runs.output.contains("uncertain"), "\(runs.output)")
        // With the pipe gone again nothing of it is left over.
        #expect(unlink("\(app)/src/pipe") == 0)
        #expect(try await estate.run("backup", "files", "--name", "application").exitCode == 0)
    }

    @Test(
        "a file and a directory that cannot be read are said before anything is stored",
        .enabled(if: geteuid() == 0, "only root runs it as somebody else"))
    func unreadable() async throws {
        try prepare()
        try write("closed/inside.txt", "1")
        let root = estate.program.directory
        _ = try await estate.program.shell(
            "chmod 755 '\(root)'; chmod -R a+rX '\(root)'; chmod 0 '\(app)/closed' '\(app)/src/index.js'; "
                + "mkdir -m 777 '\(root)/theirs'; chmod 644 '\(root)/mainstay.yaml' '\(root)/restic.password'")
        var child = estate.program.command(["backup", "files", "--name", "application", "--dry-run"])
        child.user = try SystemUser.named("nobody")
        child.environment.values["MAINSTAY_STATE"] = .plain("\(root)/theirs/state")
        child.environment.values["HOME"] = .plain("\(root)/theirs")
        let told = try await Programs(environment: [:]).run(child)
        let said = "\(told.errorOutput.text)\(told.output.text)".inOneLine
        #expect(said.contains("BK007") && said.contains("src/index.js"), "\(said)")
        #expect(said.contains("closed") && said.contains("with all below it"), "\(said)")
    }

    @Test("files that were stored under a key that is a former one now come back, and new ones lie beside them")
    func formerKey() async throws {
        try prepare()
        #expect(try await estate.run("backup", "files", "--name", "application").exitCode == 0)
        let state = "\(estate.program.directory)/state"
        let key = try #require(
            try FileManager.default.contentsOfDirectory(atPath: state).first { $0.hasSuffix(".key") }, "no key")
        try FileManager.default.moveItem(atPath: "\(state)/\(key)", toPath: "\(state)/former.key")
        let path = "\(estate.program.directory)/mainstay.yaml"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        func restore(_ into: String) async throws -> Program.Result {
            try await estate.run(
                "backup", "restore-files", "--name", "application", "--into", "\(estate.program.directory)/\(into)")
        }
        let unknown = try await restore("unknown")
        #expect(unknown.exitCode != 0, "\(unknown.output)")
        try text.replacing(
            "backups:\n", with: "backups:\n  former-keys: [\"\(state)/former.key\"]\n", maxReplacements: 1
        )
        .write(toFile: path, atomically: true, encoding: .utf8)
        let back = try await restore("back")
        #expect(back.exitCode == 0, "\(back.errors)\(back.output)")
        try write("src/index.js", "changed")
        let again = try await estate.run("backup", "files", "--name", "application")
        #expect(again.exitCode == 0, "\(again.errors)\(again.output)")
        #expect(try await restore("newer").exitCode == 0)
        let read = try String(contentsOfFile: "\(estate.program.directory)/newer/src/index.js", encoding: .utf8)
        #expect(read == "changed")
    }

    @Test("the secrets of a configuration stand nowhere in the repository or the state")
    func encrypts() async throws {
        try prepare()
        #expect(try await estate.run("backup", "files").exitCode == 0)
        let found = try await estate.program.shell(
            "grep -rl 'SECRET=abc' '\(estate.repository)' '\(estate.program.directory)/state' | wc -l")
        #expect(found.output.trimmingWhitespace() == "0")
    }

    @Test("without a repository the configuration is refused with the reason")
    func needsRepository() async throws {
        try estate.program.configureTestDatabase(
            "backups: {files: {app: {environment: test, directory: /app}}}")
        let checked = try await estate.run("config", "check")
        #expect(
            checked.exitCode == 4 && checked.errors.contains("a plain archive would show them"), "\(checked.errors)")
    }

    @Test("a listing that somebody changed is not believed")
    func changedListing() async throws {
        try prepare()
        #expect(try await estate.run("backup", "files", "--name", "configuration").exitCode == 0)
        let dumped = try await estate.restic("dump", "--tag", "listing", "latest", "/test/configuration.json")
        let listing = "\(TemporaryDirectory.current)/listing.json"
        try dumped.output.replacing("\"listing\":\"e", with: "\"listing\":\"f").write(
            toFile: listing, atomically: true, encoding: .utf8)
        let snapshots = try await estate.restic("snapshots", "--json", "--no-lock")
        let key = try #require(snapshots.output.firstMatch(of: /key=([0-9a-f]{16})/)).output.1
        let stored = try await estate.program.shell(
            "RESTIC_PASSWORD=\(StorageEstate.password) restic --no-cache -r '\(estate.repository)' backup --stdin --stdin-filename test/configuration.json --tag 'mainstay,files=configuration,environment=test,key=\(key),listing' < '\(listing)'"
        )
        #expect(stored.exitCode == 0, "\(stored.errors)")
        let out = "\(estate.program.directory)/out"
        let restored = try await estate.run("backup", "restore-files", "--name", "configuration", "--into", out)
        #expect(restored.exitCode != 0)
        #expect(!FileManager.default.fileExists(atPath: out))
    }
}

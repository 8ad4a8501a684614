import Foundation
import Glibc
import Maintenance
import Outside

/// A unit file where systemd looks for it, and systemd itself where it runs.
struct InstalledUnit: Sendable {
    var directory: String
    /// Without `.service`.
    var name: String
    var scope: ServiceUnit.Scope
    var programs: Programs

    var path: String { directory.hasSuffix("/") ? "\(directory)\(file)" : "\(directory)/\(file)" }
    private var file: String { "\(name).service" }

    /// Nil where there is none.
    func text() throws -> String? {
        guard FileManager.default.fileExists(atPath: directory) else { return nil }
        let folder = try SafeDirectory(directory)
        let name = try FileName(file)
        guard try folder.status(of: name) != nil else { return nil }
        guard let bytes = try folder.open(name).contents(limit: 1_048_576) else {
            throw ServiceError.notOurs(path: path)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    func write(_ text: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw ServiceError.noDirectory(directory, reason: error.localizedDescription)
        }
        try SafeDirectory(directory).write(try FileName(file), Array(text.utf8))
    }

    func remove() throws {
        let folder = try SafeDirectory(directory)
        let name = try FileName(file)
        if let seen = try folder.status(of: name) { _ = try folder.remove(name, seen: seen) }
        try folder.synchronize()
    }

    /// Has systemd read the text as it would read the unit. Nil where it took it, else why nobody could ask: no
    /// systemd-analyze(1), or one that does not start. Throws what it says against the unit.
    func verify(_ text: String) async throws -> String? {
        let analyze: String
        do throws(ProgramError) {
            analyze = try programs.find("systemd-analyze")
        } catch {
            return error.problem
        }
        let scratch = NSTemporaryDirectory() + "/mainstay-unit-\(UUID().uuidString)"
        let manager = FileManager.default
        try manager.createDirectory(atPath: scratch, withIntermediateDirectories: false)
        // What stays behind is one small text.
        defer { try? manager.removeItem(atPath: scratch) }
        try SafeDirectory(scratch).write(try FileName(file), Array(text.utf8))
        var environment = ChildEnvironment()
        // A user's manager wants to know where sockets go; nothing is put there.
        environment.values["XDG_RUNTIME_DIR"] = .plain(scratch)
        let outcome = try await programs.run(
            ChildProgram(
                analyze, [scope == .user ? "--user" : "--system", "--man=no", "verify", "\(scratch)/\(file)"],
                environment: environment, timeLimit: .seconds(60)))
        if outcome.isSuccess { return nil }
        let lines = outcome.errorOutput.lastLines(100)
        // It reads the machine's other units too, and has one status for all of them.
        let own = lines.filter { $0.containsBytes(file) || $0.containsBytes(scratch) }
        guard own.isEmpty else {
            throw ServiceError.refused(own.joined(separator: "; ").replacingBytes(of: "\(scratch)/", with: ""))
        }
        return "'\(outcome.commandLine)' \(outcome.termination): \(lines.suffix(2).joined(separator: "; "))"
    }

    /// sd_booted(3).
    private var managerRuns: Bool { FileManager.default.fileExists(atPath: "/run/systemd/system") }

    /// Has a systemd that runs read its units again.
    func tellManager() async throws {
        guard managerRuns else { return }
        _ = try await systemctl(["daemon-reload"]).checked()
    }

    func stop() async throws {
        guard managerRuns else { return }
        _ = try await systemctl(["disable", "--now", file]).checked()
    }

    /// What `systemctl is-active` says; nil where no systemd runs.
    func activity() async throws -> String? {
        guard managerRuns else { return nil }
        return try await systemctl(["is-active", file]).output.text.trimmingWhitespace()
    }

    private func systemctl(_ arguments: [String]) async throws -> ProgramOutcome {
        var environment = ChildEnvironment()
        // The way to a user's own manager.
        for name in ["XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"] {
            if let value = programs.environment[name] { environment.values[name] = .plain(value) }
        }
        return try await programs.run(
            ChildProgram(
                "systemctl", (scope == .user ? ["--user"] : []) + arguments, environment: environment,
                timeLimit: .seconds(120)))
    }

    /// The lines that start it.
    func next(account: String?) -> [String] {
        let own = scope == .user ? " --user" : ""
        let reload = managerRuns ? [] : ["systemctl\(own) daemon-reload, once systemd runs here"]
        let linger = account.map { ["loginctl enable-linger \($0.shellQuoted), so that it runs without a login"] } ?? []
        return reload + ["systemctl\(own) enable --now \(name.shellQuoted)"] + linger
    }
}

enum ServiceError: MaintenanceError {
    case differs(path: String)
    case notOurs(path: String)
    case notInstalled(path: String)
    case noDirectory(String, reason: String)
    /// By systemd, in its own words.
    case refused(String)
    case stateOfAnother(directory: String, account: String)

    var code: String {
        switch self {
        case .differs: "service.differs"
        case .notOurs: "service.not-ours"
        case .notInstalled: "service.not-installed"
        case .noDirectory: "service.no-directory"
        case .refused: "service.refused"
        case .stateOfAnother: "service.state"
        }
    }

    var problem: String {
        switch self {
        case .differs(let path): "'\(path.printable)' is there and differs"
        case .notOurs(let path): "'\(path.printable)' was not written by 'mainstay service install'"
        case .notInstalled(let path): "there is no unit '\(path.printable)'"
        case .noDirectory(let path, let reason):
            "the directory '\(path.printable)' cannot be made: \(reason.printable)"
        case .refused(let words): "systemd does not take the unit: \(words.printable)"
        case .stateOfAnother(let directory, let account):
            "the state in '\(directory.printable)' does not belong to \(account.printable)"
        }
    }

    var hint: String? {
        switch self {
        case .differs: "'--replace' replaces it by what is shown above."
        case .notOurs: "Nothing was changed. Remove it yourself, or choose another '--name'."
        case .notInstalled: "'mainstay service install' writes it."
        case .noDirectory, .refused: nil
        case .stateOfAnother(let directory, let account):
            "chown -R \(account.shellQuoted) \(directory.shellQuoted)"
        }
    }

    var exitStatus: ExitStatus { .failure }

    /// Nil where there is no such directory yet.
    static func owner(of directory: String) throws -> UInt32? {
        var status = stat()
        guard stat(directory, &status) == 0 else { return nil }
        return status.st_uid
    }
}

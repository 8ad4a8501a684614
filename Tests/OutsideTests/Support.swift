import Foundation
import Glibc
import Maintenance
import Outside
import Synchronization

/// This process's own programs and environment.
let programs = Programs(environment: ProcessInfo.processInfo.environment)

/// The living (not zombie) members of a process group, by /proc/PID/stat (proc(5)).
func members(ofGroup group: Int32) throws -> [Int32] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { name in
        guard let pid = Int32(name), let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .isoLatin1),
            let end = stat.lastIndex(of: ")")
        else { return nil }
        let fields = stat[end...].dropFirst(2).split(separator: " ")
        return fields[2] == String(group) && fields[0] != "Z" ? pid : nil
    }
}

/// Bytes of memory that are this process's own, by /proc/self/statm.
func residentBytes() throws -> Int {
    let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    return (Int(fields[1]) ?? 0) * Int(getpagesize())
}

/// A value that a `@Sendable` closure may change.
final class Box<Value: Sendable>: Sendable {
    private let storage: Mutex<Value>
    init(_ value: Value) { storage = Mutex(value) }
    var value: Value {
        get { storage.withLock { $0 } }
        set { storage.withLock { $0 = newValue } }
    }
}

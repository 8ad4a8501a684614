import Command
import Engine
import Foundation
import Maintenance
import Outside
import Page
import Settings
import Web

/// The reports that were written. They are about all environments.
enum ReportRequests {
    private static let types = [
        "html": "text/html; charset=utf-8", "pdf": "application/pdf", "md": "text/markdown; charset=utf-8",
        "json": "application/json", "csv": "text/csv; charset=utf-8",
    ]
    /// What is held of one at once, in bytes.
    private static let piece: Int64 = 65_536
    private static let blocking = Blocking(label: "mainstay.dashboard.reports")

    private static func directory(_ visit: Visit) -> String {
        visit.site.inventory.reports.directory ?? "\(visit.site.log.directory)/reports"
    }

    static func all(_ visit: Visit) async throws -> WebResponse {
        try visit.hold(.viewer, in: "")
        let path = directory(visit)
        let found = try await blocking.run { _ in try entries(path) }
        return try visit.page(found) {
            $0.name
        } _: {
            $0
        }
    }

    private static func entries(_ path: String) throws -> [ReportDocumentEntry] {
        guard let directory = try open(path) else { return [] }
        var entries: [ReportDocumentEntry] = []
        try directory.forEachName { name in
            guard type(of: name.description) != nil, let status = try directory.status(of: name), status.kind == .file
            else { return }
            entries.append(
                ReportDocumentEntry(
                    name: name.description, bytes: Int64(status.size.bytes), modifiedAt: status.modified))
        }
        return entries
    }

    /// Nil where no report was ever written.
    private static func open(_ path: String) throws(FileError) -> SafeDirectory? {
        do throws(FileError) {
            return try SafeDirectory(path)
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }

    private static func type(of name: String) -> String? {
        guard !name.hasPrefix("."), let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return nil }
        return types[String(name[name.utf8.index(after: dot)...])]
    }

    static func one(_ visit: Visit) async throws -> WebResponse {
        try visit.hold(.viewer, in: "")
        let name = visit.value(0)
        guard let type = type(of: name), let file = try? FileName(name) else { throw Refusal.notFound }
        let path = directory(visit)
        let found = try await blocking.run { _ -> (file: Descriptor, status: FileStatus)? in
            guard let directory = try open(path) else { return nil }
            // Only what is a file itself; a link leads nowhere.
            guard let status = try directory.status(of: file), status.kind == .file else { return nil }
            let opened = try directory.open(file)
            let own = try opened.status()
            return own.identity == status.identity ? (opened, own) : nil
        }
        guard let (opened, status) = found else { throw Refusal.notFound }
        var response = WebResponse(200, type: type)
        response.set("Content-Security-Policy", "\(Layout.policy); frame-ancestors 'none'")
        response.set("Content-Disposition", "inline; filename=\"\(name.urlComponent)\"")
        if Site.tag(&response, "\(status.size.bytes)-\(status.modified.microseconds)-\(status.identity)", visit.request)
        {
            return response
        }
        if status.size.bytes <= piece {
            let bytes = try await blocking.run { _ in try opened.contents(limit: Int(piece)) }
            guard let bytes else { throw Refusal.notFound }
            response.body = .bytes(bytes)
        } else {
            response.body = .stream { stream in
                // No more than it had when it was opened, and never more in memory than a piece.
                var left = status.size.bytes
                while left > 0 {
                    let most = Int(min(left, piece))
                    let bytes = try await blocking.run { _ in try opened.read(upTo: most) }
                    guard !bytes.isEmpty else { return }
                    try await stream.write(bytes)
                    left -= Int64(bytes.count)
                }
            }
        }
        return response
    }
}

import Backup
import Command
import Engine
import Maintenance
import Page
import Settings
import Web

/// Which backups there are, and until when what proves them counts.
enum BackupsPage {
    static func show(_ visit: Visit) async throws -> WebResponse {
        let inventory = visit.site.inventory
        let targets = inventory.targets(of: [.postgresql]).map(\.target).filter { visit.sees($0.environment) }
        var sections: [HTML] = []
        for target in targets {
            sections.append(section(await BackupLook(target, inventory, state: visit.site.log.directory), visit))
        }
        let none = Pieces.empty(
            "You see no database. Its backups are taken by <code>mainstay backup run --prove</code>, or by the daily routine."
        )
        return visit.page("Backups", "<h1>Backups</h1>\n\(sections.isEmpty ? none : HTML())\(sections)")
    }

    private static func section(_ look: BackupLook, _ visit: Visit) -> HTML {
        let heading: HTML = "<h2>\(look.target.description)</h2>\n"
        if let trouble = look.trouble {
            return
                "\(heading)\(Pieces.list([Pieces.item(.critical, "its backups cannot be read\(Pieces.error(trouble))")]))"
        }
        guard !look.backups.isEmpty else {
            return """
                \(heading)\(Pieces.list([
                    Pieces.item(
                        .critical,
                        "there is no backup\(Pieces.mend("mainstay backup run --prove --environment \(look.target.environment.shellQuoted)"))"),
                ]))
                """
        }
        let rows = look.backups.map { row($0, look.target, visit) }
        let columns = ["backup", "as of", "proof", "counts until", "rows", "size", "restored in", "certificate"]
        return "\(heading)\(Pieces.table("Backups of \(look.target)", columns, rows))"
    }

    private static func row(_ backup: KnownBackup, _ target: Target, _ visit: Visit) -> HTML {
        let standing = backup.standing(at: visit.now)
        let snapshot: HTML? = (backup.manifest?.times.snapshot).map { "\(time: $0)" }
        let until: HTML? = (backup.certificate?.countsUntil).map { "\(time: $0)" }
        let link: HTML? = backup.certificate.map { _ in
            "<a href=\"\(url: path(backup.id, target))\">look at it</a>"
        }
        let restored = (backup.certificate?.times.restore).map { Duration.seconds($0).short } ?? ""
        return """
            <tr><th scope="row"><code>\(backup.id.description)</code></th><td data-name="as of">\(snapshot)</td>\
            <td>\(standing.standing.badge(standing.words))\(Pieces.error(backup.trouble))</td>\
            <td data-name="counts until">\(until)</td>\
            <td class="number" data-name="rows">\(backup.manifest.map { $0.rows.grouped } ?? "")</td>\
            <td class="number" data-name="size">\(backup.manifest.map { $0.storedBytes.description } ?? "")</td>\
            <td data-name="restored in">\(restored)</td><td data-name="certificate">\(link)</td></tr>

            """
    }

    private static func path(_ id: BackupID, _ target: Target) -> String {
        "/backups/\(target.environment.urlComponent)/\(target.resource.urlComponent)/\(id)"
    }

    /// The certificate as it was signed, byte for byte; its own policy forbids it everything but its own style.
    static func certificate(_ visit: Visit) async throws -> WebResponse {
        let target = Target(environment: visit.value(0), resource: visit.value(1))
        guard visit.site.inventory[target]?.kind == .postgresql, visit.sees(target.environment),
            let id = BackupID(visit.value(2)),
            let page = try await BackupLook.page(
                of: id, target, visit.site.inventory, state: visit.site.log.directory)
        else { throw Refusal.notFound }
        var response = WebResponse(200, page, type: "text/html; charset=utf-8")
        response.set("Content-Security-Policy", "\(Layout.policy); frame-ancestors 'none'")
        return response
    }
}

import Maintenance
import Page
import Web

/// What pages need beside themselves, from this server alone; the name has the content's digest in it, so that a browser
/// keeps it for good and gets the new one after an update.
struct Assets: Sendable {
    let path: String
    let bytes: [UInt8]
    let type: String

    private init(_ name: String, _ ending: String, _ html: HTML, _ type: String) {
        bytes = html.bytes
        path = "/assets/\(name)-\(Keys.digest(html.bytes).prefix(12)).\(ending)"
        self.type = type
    }

    static let style = Assets(
        "style", "css", StyleSheet.html + DashboardStyle.html, "text/css; charset=utf-8")
    static let script = Assets("live", "js", LiveScript.source, "text/javascript; charset=utf-8")
    static let icon = Assets(
        "icon", "svg",
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" \
        fill="#1d5fb8"/><path d="M3 12V4l5 4 5-4v8" fill="none" stroke="#fff" stroke-width="2" \
        stroke-linejoin="round"/></svg>
        """, "image/svg+xml")

    static func answer(_ name: String) throws -> WebResponse {
        guard let asset = [style, script, icon].first(where: { $0.path == "/assets/\(name)" }) else {
            throw Refusal.notFound
        }
        var response = WebResponse(200, asset.bytes, type: asset.type)
        response.set("Cache-Control", "public, max-age=31536000, immutable")
        return response
    }
}

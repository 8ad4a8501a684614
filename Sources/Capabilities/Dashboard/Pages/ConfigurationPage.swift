import Command
import Engine
import Maintenance
import Page
import Settings
import Web

/// The configuration as it is in effect, with every default and without secrets. It is written in files; nothing here
/// changes it.
enum ConfigurationPage {
    static func show(_ visit: Visit) async throws -> WebResponse {
        // It names all environments.
        guard visit.sees("") else { throw Refusal.forbidden(.viewer, "") }
        let text = EffectiveConfiguration(vocabulary: visit.site.session.application.vocabulary)
            .text(visit.site.inventory)
        return visit.page(
            "Configuration",
            """
            <h1>Configuration</h1>
            <p class="muted">As it is in effect, with the place each line comes from. To change it, edit the files; \
            <code>mainstay config check</code> judges them, and SIGHUP makes this server read them again.</p>
            <pre tabindex="0"><code>\(lines: Pieces.clipped(text, to: 200_000))</code></pre>

            """)
    }
}

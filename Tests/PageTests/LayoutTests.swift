import Crypto
import Foundation
import Maintenance
import MaintenanceTesting
import Page
import Testing

@Suite("layout")
struct LayoutTests {
    private func page(_ text: String = "x") async throws -> ParsedPage {
        try await ParsedPage(Layout(title: text, generator: text, body: "<main>\(text)</main>").html.bytes)
    }

    @Test("the page's own policy allows its style sheet and nothing else")
    func forbids() async throws {
        let page = try await page()
        let style = try #require(page.styles.first)
        #expect(page.styles.count == 1)
        let digest = Data(SHA256.hash(data: Data(style.utf8))).base64EncodedString()
        let policy = page.elements("meta").first { $0.attributes["http-equiv"] == "Content-Security-Policy" }
        #expect(
            policy?.attributes["content"]
                == "default-src 'none'; style-src 'sha256-\(digest)'; base-uri 'none'; form-action 'none'")
        // The policy has to stand before what it judges.
        let order = page.elements.map(\.name)
        let meta = try #require(page.elements.firstIndex { $0.attributes["http-equiv"] != nil })
        #expect(meta < (order.firstIndex(of: "style") ?? 0))
    }

    @Test("the style sheet asks nobody for anything")
    func isAlone() {
        let text = StyleSheet.html.text
        for word in ["url(", "@import", "http:", "https:", "//", "expression(", "</"] {
            #expect(!text.contains(word), "it has '\(word)'")
        }
    }

    @Test("braces of the style sheet close")
    func closes() {
        var depth = 0
        for character in StyleSheet.html.text {
            if character == "{" { depth += 1 }
            if character == "}" { depth -= 1 }
            #expect(depth >= 0)
        }
        #expect(depth == 0)
    }

    @Test("title and generator are escaped", arguments: HostileText.all)
    func escapes(text: String) async throws {
        let hostile = try await page(text)
        let plain = try await page()
        #expect(hostile.elements.map(\.name) == plain.elements.map(\.name))
        #expect(hostile.mismatches.isEmpty)
    }

    /// Foreground and ground that meet on a page.
    private static let pairs: [(String, String)] = {
        let standings = Standing.allCases.map(\.rawValue)
        let grounds = ["ground", "card", "code"]
        return grounds.flatMap { ground in (["ink", "muted", "accent"] + standings).map { ($0, ground) } }
            + standings.flatMap { [("ink", "\($0)-ground"), ("muted", "\($0)-ground"), ($0, "\($0)-ground")] }
    }()

    @Test("text is readable on what it stands on, in the light, in the dark and on paper", arguments: 0..<3)
    func hasContrast(palette: Int) throws {
        let palettes = StyleSheet.html.text.matches(of: /:root\{([^}]*)\}/).map { String($0.output.1) }
        try #require(palettes.count == 3)
        let colours = Dictionary(
            palettes[palette].matches(of: /--([a-z-]+):(#[0-9a-f]{3,6})/).map { (String($0.1), String($0.2)) },
            uniquingKeysWith: { $1 })
        for (text, ground) in Self.pairs {
            let ratio = try contrast(try #require(colours[text]), try #require(colours[ground]))
            #expect(ratio >= 4.5, "\(text) on \(ground) is only \(ratio.formatted(decimals: 2)) : 1")
        }
        // Lines of a chart are graphics: 3 : 1 (WCAG 2.2, 1.4.11).
        for line in ["accent", "second", "third", "fourth"] {
            #expect(try contrast(try #require(colours[line]), try #require(colours["card"])) >= 3)
        }
    }

    /// WCAG 2.2, "contrast ratio" and "relative luminance".
    private func contrast(_ one: String, _ other: String) throws -> Double {
        let (a, b) = (try luminance(one), try luminance(other))
        return (max(a, b) + 0.05) / (min(a, b) + 0.05)
    }

    private func luminance(_ colour: String) throws -> Double {
        var digits = String(colour.dropFirst())
        if digits.count == 3 { digits = digits.map { "\($0)\($0)" }.joined() }
        let value = try #require(Int(digits, radix: 16))
        let parts = [16, 8, 0].map { shift -> Double in
            let channel = Double(value >> shift & 255) / 255
            return channel <= 0.04045 ? channel / 12.92 : pow((channel + 0.055) / 1.055, 2.4)
        }
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    }
}

import Crypto
import Foundation

/// One page that needs nothing but itself: its style stands in it, its fonts are the system's, and its own policy forbids
/// the browser to run a script or to ask any network for anything, whatever got into the page.
package struct Layout: Sendable {
    package var title: String
    /// What made the page, for programs that read it; `<meta name="generator">`.
    package var generator: String
    package var body: HTML

    package init(title: String, generator: String, body: HTML) {
        self.title = title
        self.generator = generator
        self.body = body
    }

    package var html: HTML {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="\(Self.policy)">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="referrer" content="no-referrer">
        <meta name="generator" content="\(generator)">
        <title>\(title)</title>
        <style>\(StyleSheet.html)</style>
        </head>
        <body>
        \(body)</body>
        </html>

        """
    }

    /// Nothing is allowed but the one style sheet of the page, by its digest (Content Security Policy Level 3, 6.7.3.3
    /// "Does element match source list for type and source?"); not even a `style` attribute.
    package static let policy =
        "default-src 'none'; style-src 'sha256-\(StyleSheet.digest)'; base-uri 'none'; form-action 'none'"
}

extension StyleSheet {
    /// Base 64 of the SHA-256 of what stands between `<style>` and `</style>`.
    package static let digest = Data(SHA256.hash(data: html.bytes)).base64EncodedString()
}

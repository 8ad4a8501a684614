/// What every answer tells the browser: nothing runs and nothing is loaded but what this server itself serves, or what an
/// answer says of itself.
///
/// By the published rules of the MDN HTTP Observatory ("Tests & scoring"): a policy that begins with `default-src
/// 'none'` and allows nothing inline, no framing, no sniffing, no referrer, and over TLS a year of
/// `Strict-Transport-Security`.
package enum SecurityHeaders {
    package static let policy = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
        form-action 'self'; base-uri 'none'; frame-ancestors 'none'
        """

    package static func add(to response: inout WebResponse, isSecure: Bool) {
        if response[header: "Content-Security-Policy"] == nil { response.set("Content-Security-Policy", policy) }
        response.set("X-Content-Type-Options", "nosniff")
        response.set("X-Frame-Options", "DENY")
        // 'no-referrer' would make a browser say of our own forms too that they come from nowhere ('Origin: null'; Fetch
        // Standard, "append a request Origin header").
        response.set("Referrer-Policy", "same-origin")
        response.set("Cross-Origin-Opener-Policy", "same-origin")
        response.set("Cross-Origin-Resource-Policy", "same-origin")
        response.set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
        if isSecure { response.set("Strict-Transport-Security", "max-age=31536000; includeSubDomains") }
        if response[header: "Cache-Control"] == nil { response.set("Cache-Control", "no-store") }
    }
}

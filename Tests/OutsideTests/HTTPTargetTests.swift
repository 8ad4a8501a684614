import Maintenance
import Outside
import Testing

@Suite("targets of probes")
struct HTTPTargetTests {
    @Test(
        "a URL is read into what the request needs",
        arguments: [
            ("http://Shop.Example", "shop.example", 80, "/", "shop.example"),
            ("https://shop.example:8443/a?b=c#d", "shop.example", 8443, "/a?b=c", "shop.example:8443"),
            ("HTTP://[::1]:8080/x", "::1", 8080, "/x", "[::1]:8080"),
            ("https://[2001:DB8::1]", "2001:db8::1", 443, "/", "[2001:db8::1]"),
            ("http://127.0.0.1?q", "127.0.0.1", 80, "/?q", "127.0.0.1"), ("http://a:80/ü", "a", 80, "/%C3%BC", "a"),
            ("https://a:/", "a", 443, "/", "a"),
        ])
    func reads(text: String, host: String, port: Int, path: String, authority: String) throws {
        let target = try HTTPTarget(text)
        #expect(target.host == host)
        #expect(target.port == port)
        #expect(target.path == path)
        #expect(target.authority == authority)
        #expect(try HTTPTarget(target.description) == target)
    }

    @Test(
        "what is no URL of a website is refused",
        arguments: [
            "", "shop.example", "ftp://a", "file:///etc/passwd", "http://", "http:///x", "http://a b/",
            "http://a/\r\nX: y",
            "http://a:99999", "http://a:x", "http://[::1", "http://[zz]/", "http://a/\u{0}", "http://ä.example",
            "http://a/b c",
        ])
    func refuses(text: String) {
        let error = #expect(throws: HTTPError.self) { try HTTPTarget(text) }
        #expect(error?.exitStatus == .configuration)
    }

    @Test("a URL with a password is refused without being shown")
    func credentials() {
        let error = #expect(throws: HTTPError.credentialsInURL) { try HTTPTarget("https://me:hunter2@a/") }
        #expect(error.map { "\($0)" }?.contains("hunter2") == false)
    }

    @Test(
        "a location is resolved as RFC 3986 says, section 5.4",
        arguments: [
            ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"), ("/g", "http://a/g"),
            ("//g", "http://g/"), ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q"),
            ("", "http://a/b/c/d;p?q"), (".", "http://a/b/c/"), ("..", "http://a/b/"), ("../g", "http://a/b/g"),
            ("../../g", "http://a/g"), ("../../../g", "http://a/g"), ("https://x:1/y", "https://x:1/y"),
            ("g;x=1/../y", "http://a/b/c/y"),
        ])
    func resolves(location: String, expected: String) throws {
        #expect(try HTTPTarget("http://a/b/c/d;p?q").resolving(location).description == expected)
    }
}

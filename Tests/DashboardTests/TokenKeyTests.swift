import Command
import Crypto
import Foundation
import Maintenance
import Outside
import Testing

@testable import Dashboard

/// Signatures by every algorithm that counts.
@Suite("signatures of tokens")
struct TokenKeyTests {
    private static let claims: JSONValue = ["sub": "ann"]
    private static let issuer = "https://login.example"

    @Test(
        "a token is believed by its own key and algorithm alone",
        arguments: SignatureAlgorithm.allCases.filter { $0.rawValue.hasPrefix("RS") || $0.rawValue.hasPrefix("PS") })
    func verifies(algorithm: SignatureAlgorithm) throws {
        let key = try TestKey.rsa("one", algorithm)
        let text = key.token(Self.claims)
        let token = try SignedToken(text)
        let published = try #require(TokenKey(key.json))
        #expect(token.algorithm == algorithm && token.isSigned(by: published))
        #expect(token.candidates([published]).count == 1)
        let other = try #require(TokenKey(try TestKey.rsa("one", algorithm, isSecond: true).json))
        #expect(!token.isSigned(by: other))
        // The same key, said to be for another algorithm.
        for wrong in SignatureAlgorithm.allCases where wrong != algorithm {
            let bound = TokenKey(key.json.adding(["alg": .text(wrong.rawValue)]))
            #expect(bound.map { token.isSigned(by: $0) } != true)
            #expect(bound.map { token.candidates([$0]).isEmpty } != false)
        }
        // Another body under the same signature.
        var parts = text.split(separator: ".").map(String.init)
        parts[1] = Base64URL.encode((["sub": "eve"] as JSONValue).bytes)
        #expect(!(try SignedToken(parts.joined(separator: ".")).isSigned(by: published)))
    }

    @Test("longer curves count with their own digests, and their signatures in one form alone")
    func verifiesCurves() throws {
        let middle = P384.Signing.PrivateKey()
        let long = P521.Signing.PrivateKey()
        func key(_ curve: String, _ point: Data) throws -> TokenKey {
            let half = (point.count - 1) / 2
            return try #require(
                TokenKey([
                    "kty": "EC", "crv": .text(curve), "x": .text(Base64URL.encode(point.dropFirst().prefix(half))),
                    "y": .text(Base64URL.encode(point.suffix(half))),
                ]))
        }
        let keys = [
            try key("P-384", middle.publicKey.x963Representation), try key("P-521", long.publicKey.x963Representation),
        ]
        func signers(_ algorithm: String, _ sign: (Data) throws -> Data) throws -> [Bool] {
            let token = try SignedToken(TestKey.token(["alg": .text(algorithm)], Self.claims, sign))
            return keys.map { token.isSigned(by: $0) }
        }
        #expect(
            try signers("ES384") { try middle.signature(for: SHA384.hash(data: $0)).rawRepresentation } == [
                true, false,
            ])
        #expect(
            try signers("ES512") { try long.signature(for: SHA512.hash(data: $0)).rawRepresentation } == [false, true])
        #expect(
            try signers("ES384") { try middle.signature(for: SHA384.hash(data: $0)).derRepresentation }
                == [false, false])
        #expect(
            try signers("ES512") { try long.signature(for: SHA384.hash(data: $0)).rawRepresentation } == [false, false])
    }

    @Test("RFC 7515's own example by ECDSA comes out")
    func agreesWithTheStandard() throws {
        // Appendix A.3.
        let token = try SignedToken(
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
                + "cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
        let key: JSONValue = [
            "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        ]
        #expect(token.isSigned(by: try #require(TokenKey(key))))
        #expect(token.claims["iss"] == "joe")
    }

    @Test(
        "a key that cannot be used for signatures of tokens is none",
        arguments: [
            ["kty": "oct", "k": "c2VjcmV0"], ["kty": "RSA", "n": "AQAB", "e": "AQAB"], ["kty": "RSA"], [:],
            ["kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"],
            ["kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"],
            ["kty": "OKP", "crv": "Ed25519", "x": "AA"],
            // 1,024 bits.
            [
                "kty": "RSA", "e": "AQAB",
                "n": .text(Base64URL.encode([UInt8](repeating: 0xff, count: 128))),
            ],
        ] as [JSONValue])
    func refusesKeys(json: JSONValue) throws {
        #expect(TokenKey(json) == nil)
        let good = try TestKey.rsa("one").json
        #expect(TokenKey(good.adding(["use": "enc"])) == nil)
        #expect(TokenKey(good.adding(["alg": "HS256"])) == nil)
        #expect(TokenKey(good.adding(["key_ops": ["sign"]])) == nil)
    }

    @Test(
        "what is no token is none",
        arguments: [
            "", "a", "a.b.c", "..", "e30.e30.", "eyJhbGciOiJFUzI1NiJ9.W10.AA", "eyJhbGciOiJFUzI1NiJ9.e30=.AA",
            "a.b.c.d.e", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJIUzI1NiJ9.e30.AA",
        ])
    func refusesNonsense(text: String) {
        #expect(throws: OpenIDError.self) { try SignedToken(text) }
    }

    @Test(
        "what two readers could understand differently is not read",
        arguments: [
            (#"{"a": 1, "b": [{"a": 1}, {"a": "{\"a\": 1, \"a\": 2}"}], "c": {"a": "b"}}"#, true),
            (#"{"a": "b", "b": "a\\", "c": ["a", "a", "b"]}"#, true), ("[]", true), (#""a""#, true),
            (#"{"a": 1, "a": 1}"#, false), (#"{"a": 1, "b": 2, "\u0061" : 3}"#, false),
            (#"{"b": [{"a": 1, "c": [], "a": 2}]}"#, false), (#"{"a": {}, "a": {}}"#, false),
            ("{\"K\": 1, \"\u{212A}\": 2}", false), ("", false), ("{", false), (#"{"a" 1}"#, false),
        ])
    func refusesDoubtfulNames(text: String, isRead: Bool) {
        #expect((JSONValue(unambiguous: Data(text.utf8)) != nil) == isRead)
        #expect(JSONValue(unambiguous: Data(text.utf16.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] })) == nil)
    }

    @Test("what the browser keeps gives the same words again, and nothing else does")
    func derivesAttempts() throws {
        let now = Timestamp(microseconds: 1_790_000_000_000_000)
        let attempt = LoginAttempt(to: "/runs?x=1", by: Self.issuer, at: now)
        let again = try #require(LoginAttempt(cookie: attempt.cookie, by: Self.issuer, at: now + .seconds(599)))
        #expect(again == attempt && again.state == attempt.state && again.destination == "/runs?x=1")
        let words = [attempt.state, attempt.nonce, attempt.verifier, attempt.challenge]
        #expect(Set(words).count == 4 && words.allSatisfy { $0.utf8.count == 43 })
        #expect(LoginAttempt(to: "/runs?x=1", by: Self.issuer, at: now).state != attempt.state)
        for cookie in ["", ".", "..", "x.y", "x.y.z", String(attempt.cookie.dropFirst()), "\(attempt.cookie).x"] {
            #expect(LoginAttempt(cookie: cookie, by: Self.issuer, at: now) == nil)
        }
        let other = try #require(LoginAttempt(cookie: attempt.cookie, by: "https://other.example", at: now))
        #expect(other.state != attempt.state && other.verifier != attempt.verifier)
        // It is over after ten minutes, whatever the browser keeps; with another time it is another login.
        #expect(LoginAttempt(cookie: attempt.cookie, by: Self.issuer, at: now + LoginAttempt.time) == nil)
        #expect(LoginAttempt(cookie: attempt.cookie, by: Self.issuer, at: now - ProvedPerson.skew - .seconds(1)) == nil)
        for time in ["\(Int64.min)", "\(Int64.max)", "-0", "+5", "1e9", ""] {
            var parts = attempt.cookie.split(separator: ".").map(String.init)
            parts[1] = time
            #expect(LoginAttempt(cookie: parts.joined(separator: "."), by: Self.issuer, at: now) == nil, "\(time)")
        }
        var parts = attempt.cookie.split(separator: ".").map(String.init)
        parts[1] = String((now + .seconds(60)).microseconds)
        let younger = try #require(
            LoginAttempt(cookie: parts.joined(separator: "."), by: Self.issuer, at: now + LoginAttempt.time))
        #expect(younger.state != attempt.state && younger.nonce != attempt.nonce)
    }
}

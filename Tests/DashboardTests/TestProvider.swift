import Command
import Crypto
import CryptoExtras
import Foundation
import Maintenance
import MaintenanceTesting
import Outside
import Synchronization
import Testing
import Web

@testable import Dashboard

/// A provider of OpenID Connect of the tests' own: real HTTP on loopback, keys of its own, and answers that a test bends.
final class TestProvider: Sendable {
    struct Person: Sendable {
        var claims: [String: JSONValue]

        static func named(_ subject: String, groups: [JSONValue] = []) -> Person {
            Person(claims: [
                "sub": .text(subject), "preferred_username": .text("\(subject.capitalized)@example.org"),
                "groups": .array(groups),
            ])
        }
    }

    private struct Code: Sendable {
        var query: [String: String]
        var person: Person
    }

    private struct State: Sendable {
        var issuer = ""
        var clock = ManualClock()
        var codes: [String: Code] = [:]
        var published: [TestKey] = []
        var signer: TestKey
        var bend: @Sendable (inout [String: JSONValue]) -> Void = { _ in }
        /// Takes head and claims, and gives the token; nil for an honest one.
        var forge: (@Sendable (TestKey, JSONValue) -> String)?
        var looks = 0
        var readings = 0
        var metadata: [String: JSONValue] = [:]
    }

    static let client = "mainstay test"
    static let secret = "s:cr/t%"

    private let state: Mutex<State>

    init() {
        let key = TestKey.elliptic("first")
        state = Mutex(State(published: [key], signer: key))
    }

    var issuer: String { state.withLock { $0.issuer } }
    /// How often the keys were read.
    var looks: Int { state.withLock { $0.looks } }

    /// How often its settings were read.
    var readings: Int { state.withLock { $0.readings } }

    func follow(_ clock: ManualClock) { state.withLock { $0.clock = clock } }

    /// What is said of the next people, differently than it is.
    func bend(_ bend: @escaping @Sendable (inout [String: JSONValue]) -> Void) {
        state.withLock { $0.bend = bend }
    }

    func forge(_ forge: (@Sendable (TestKey, JSONValue) -> String)?) { state.withLock { $0.forge = forge } }

    func describe(_ members: [String: JSONValue]) { state.withLock { $0.metadata = members } }

    /// Signs with another key from now on.
    func sign(with key: TestKey, isPublished: Bool = true) {
        state.withLock { state in
            state.signer = key
            if isPublished { state.published.append(key) }
        }
    }

    func publish(_ keys: [TestKey]) { state.withLock { $0.published = keys } }

    /// Somebody signs in there: what the browser brings back.
    func admit(_ person: Person, _ query: [String: String]) throws -> [String: String] {
        #expect(query["response_type"] == "code" && query["client_id"] == Self.client)
        #expect(query["code_challenge_method"] == "S256" && query["code_challenge"]?.count == 43)
        #expect(query["scope"]?.split(separator: " ").first == "openid")
        let code = Keys.make()
        state.withLock { $0.codes[code] = Code(query: query, person: person) }
        return ["code": code, "state": try #require(query["state"])]
    }

    fileprivate func listens(on port: Int) { state.withLock { $0.issuer = "http://127.0.0.1:\(port)" } }

    fileprivate func answer(_ request: WebRequest) -> WebResponse {
        state.withLock { state in
            switch request.location {
            case "/.well-known/openid-configuration":
                state.readings += 1
                let own: [String: JSONValue] = [
                    "issuer": .text(state.issuer),
                    "authorization_endpoint": .text("\(state.issuer)/authorize?tenant=a"),
                    "token_endpoint": .text("\(state.issuer)/token"), "jwks_uri": .text("\(state.issuer)/keys"),
                    "end_session_endpoint": .text("\(state.issuer)/leave"),
                    "code_challenge_methods_supported": ["plain", "S256"],
                ]
                return Self.json(200, .object(own.merging(state.metadata) { $1 }))
            case "/keys":
                state.looks += 1
                return Self.json(200, ["keys": .array(state.published.map(\.json))])
            case "/token": return Self.exchange(request, &state)
            default: return WebResponse(404)
            }
        }
    }

    private static func exchange(_ request: WebRequest, _ state: inout State) -> WebResponse {
        let form = request.form
        let pair = "\(client.urlComponent):\(secret.urlComponent)"
        guard request[header: "authorization"] == "Basic \(Data(pair.utf8).base64EncodedString())" else {
            return json(401, ["error": "invalid_client"])
        }
        // A code counts once (RFC 6749, 4.1.2).
        guard form["grant_type"] == "authorization_code",
            let code = state.codes.removeValue(forKey: form["code"] ?? ""),
            form["redirect_uri"] == code.query["redirect_uri"], let verifier = form["code_verifier"],
            Base64URL.encode(SHA256.hash(data: Data(verifier.utf8))) == code.query["code_challenge"]
        else { return json(400, ["error": "invalid_grant"]) }
        let now = state.clock.clock.now().microseconds / 1_000_000
        var claims = code.person.claims
        claims["iss"] = .text(state.issuer)
        claims["aud"] = .text(client)
        claims["nonce"] = code.query["nonce"].map(JSONValue.text)
        claims["iat"] = .integer(now)
        claims["exp"] = .integer(now + 300)
        state.bend(&claims)
        let token = state.forge?(state.signer, .object(claims)) ?? state.signer.token(.object(claims))
        return json(200, ["access_token": "x", "token_type": "Bearer", "id_token": .text(token)])
    }

    private static func json(_ status: Int, _ value: JSONValue) -> WebResponse {
        WebResponse(status, value.bytes, type: "application/json")
    }
}

/// Runs a provider for as long as `body` runs.
func withProvider(_ body: @escaping @Sendable (TestProvider) async throws -> Void) async throws {
    let provider = TestProvider()
    let server = WebServer(WebAddress(host: "127.0.0.1", port: 0), clock: .system)
    let (ports, tell) = AsyncStream.makeStream(of: Int.self)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            try await server.run(listening: { tell.yield($0.port) }) { provider.answer($0) }
        }
        group.addTask {
            for await port in ports {
                provider.listens(on: port)
                return try await body(provider)
            }
        }
        defer { group.cancelAll() }
        // The first to end: the server where it cannot listen, else the test.
        try await group.next()
    }
}

/// A key that signs tokens, and what is published of it.
struct TestKey: Sendable {
    var id: String
    var algorithm: SignatureAlgorithm
    var json: JSONValue
    var sign: @Sendable (Data) throws -> Data

    static func elliptic(_ id: String) -> TestKey {
        let key = P256.Signing.PrivateKey()
        let point = key.publicKey.x963Representation
        return TestKey(
            id: id, algorithm: .es256,
            json: [
                "kty": "EC", "crv": "P-256", "kid": .text(id), "use": "sig",
                "x": .text(Base64URL.encode(point.dropFirst().prefix(32))),
                "y": .text(Base64URL.encode(point.suffix(32))),
            ],
            sign: { try key.signature(for: SHA256.hash(data: $0)).rawRepresentation })
    }

    /// One of two keys that are in these sources, since making one takes long, and are used nowhere else.
    static func rsa(_ id: String, _ algorithm: SignatureAlgorithm = .rs256, isSecond: Bool = false) throws -> TestKey {
        let key = try _RSA.Signing.PrivateKey(
            derRepresentation: try #require(Data(base64Encoded: isSecond ? secondKey : firstKey)))
        let parts = try key.publicKey.getKeyPrimitives()
        return TestKey(
            id: id, algorithm: algorithm,
            json: [
                "kty": "RSA", "kid": .text(id), "n": .text(Base64URL.encode(parts.modulus)),
                "e": .text(Base64URL.encode(parts.publicExponent)),
            ],
            sign: { bytes in
                func make(_ digest: some Digest, _ padding: _RSA.Signing.Padding) throws -> Data {
                    try key.signature(for: digest, padding: padding).rawRepresentation
                }
                return switch algorithm {
                case .rs256: try make(SHA256.hash(data: bytes), .insecurePKCS1v1_5)
                case .rs384: try make(SHA384.hash(data: bytes), .insecurePKCS1v1_5)
                case .rs512: try make(SHA512.hash(data: bytes), .insecurePKCS1v1_5)
                case .ps256: try make(SHA256.hash(data: bytes), .PSS)
                case .ps384: try make(SHA384.hash(data: bytes), .PSS)
                default: try make(SHA512.hash(data: bytes), .PSS)
                }
            })
    }

    /// What a provider gives out.
    func token(_ claims: JSONValue) -> String {
        Self.token(["alg": .text(algorithm.rawValue), "kid": .text(id), "typ": "JWT"], claims, sign)
    }

    /// Empty where it cannot be signed, which no provider believes.
    static func token(_ head: JSONValue, _ claims: JSONValue, _ sign: (Data) throws -> Data) -> String {
        token(head.bytes, claims.bytes, sign)
    }

    static func token(_ head: [UInt8], _ claims: [UInt8], _ sign: (Data) throws -> Data) -> String {
        let text = "\(Base64URL.encode(head)).\(Base64URL.encode(claims))"
        do { return "\(text).\(Base64URL.encode(try sign(Data(text.utf8))))" } catch {
            Issue.record(error, "a token cannot be signed")
            return ""
        }
    }

    private static let firstKey = """
        MIIEpAIBAAKCAQEAxS36EMoXWgvbytwCtb/1HuFP2kV1Sn9m7L01WiLQu4xzJSlSHzQhgXd0R/IKIfVmC0K+9VN5a3zZz/g+Iu+x\
        76KIaYyryog8cpCWTgIgqUqFvx4jKls7so4MIUtrAPWXgBFKH8zlbzCeHZet98XohbiYee/nnGeTcG40klI+ZfRmvek+28bru/zC\
        WJ1jTcHc/blNLFXFioQqjs1wdEItaTlfg0J9gL3mVPUg/7dzuquOVYkadgyJclmo0SfWkqy3+T72wT1b9z6BUNc8Xi+TTazL+axM\
        elDtqCU8I1gQpA5nB/mPqfDxZKGeooLpmy2WTEaNu2kC1gZbxGX9yeefOwIDAQABAoIBAFSw88iEVNVbZJNUPmG8SldyJS82SDOw\
        Vw/2ENVfQNJdeBONFPXMGVwXZ72DK3D8i1Do4UZUDUHqxU87a8zrsTyhTgAv6JW8QGJg0f49kbPFC39UPXxy5UhDFNi0IQivc9wR\
        EQppol5IvpEtVg6nVcEh0XQGZC/cmQpge3ohkyWMu8r/ac9JjriSRNg7bj7CIdG/jNCKo/lQWWehCucBqQe2KfP3k4w+bi7p1SfV\
        eMySVUL+rvVDBjfTD2rFhaglVRP9/r+PL8q2cBYyesG+jOImZejaKppDuJV7vqyUBvAXeK0kkLoNcZkqw8EFfWyS7qSg2fikayG8\
        KJI2d+3kNMkCgYEA7YuDjwR+OaltTaCvQxJsy+oZr8cNpsS9dv+JavudmpigtnEj4f15/r/LuMZHHEMf8PYfdQ8BgzoEjinCOG3Z\
        Cl/dDoNF86vIDjVZ8m6jdz3+Q9z5RYI5itjlUMYjLuAifq76cxNqJKkJ+S804EAZfq1qHu1evXaiYBsHrl1r4X0CgYEA1H+kyTeb\
        8juV6MJePPNKqEqWSbLO0EdXj4AS6mDfuTn42wjY9RhHOF/uhRWJi7bZyHyPmQQvuaVkBE9x6NlJ0n4P4KSkvE0dpOAm6PfyooaN\
        i6gbjgk/6YrK7UMLZbmRe8W6S4l+HiG6nX6ktjkEOG/3LJe5dawCPfmbxPK+YRcCgYAd0N8oemXlkvCXR8332z4wsiebOp7qCdPG\
        NfjnpsF3gCTcAYOBgDFp2mUVwj12vK4rrpjwNnv4HrYnqfIo5xDRDotOoQeMuEkaD3REy8JU20Eo/3mCUgAq/2J5KwWLgrKRuCDT\
        hOJTy6vmzRgT9be9gMLLMvwrR9LFwV7LcgpyeQKBgQCndhwn0qIb6GdAMgTQJa79JyJ+2+Ht83sGhJjjigplT1FVVAieRk7CF5/B\
        03I835GLVNZZcRonRDaoyu7q4Goz7tKWZ0nHd0JYT6l6SQQ2nrDnkUh9y75JTu6SwhY2SWJkVzN0GduA5XXKbiZh0FcKHvp8culd\
        2Xs+2fmu4Nm1awKBgQCskmAAHLIF19wZskfBuqVdaWpF1gLUSzEIa0IVfaRuI99v0A/suvHheDsr/QczYeGsCpx2jkp8Yo6zqchm\
        tMoVUDGLlEH7Qu4VvicB4hg0kxYXRX0F05KXAydNUqDArR6EXZulfd9H06SqE0AKvkOTXf3tM6AKCAH8R8GCoRCxog==
        """

    private static let secondKey = """
        MIIEowIBAAKCAQEAtbSDvJuEeozVNJl3QlQGMl8f+K9u7VV8yKpWlMGc62fDOn1S0xPLLEr+AphmCJF3bxgIFndluC5Gd6fFcQPc\
        etZhCtKGFTH13r3kdVFRxNpuLQZ0HWTkvh7etffzgOR8Ev1V9IIr+lY8BqQL97V9Rh0p8/nTZzNc3gOKxVjU24/7hPNo+vN2t3OY\
        wv+nZyNn+JM+eqL1KqGB9Ch0kO1VUCOlts9LQdaoC/Man4UDeI7825KkCklrTYYa5atqtb3RQofk0HNBOsUGMrnfoJmavED3O8lv\
        fFSwNITuS6aPeuLtiAqpl3cpoOiE3dz05CPayZWNB3Y5n7P3p8/Kad4aPwIDAQABAoIBAAWbcBALO5ymELEDr/jWP2kq+7KW0wQI\
        D9pC7itc17TjrHHGAQtN/hBesZpHXJV3QiwvigwLvmquD9CgYNVSDlZCiGYYZ6UmGmG3pkR2/xuDBXWrUFBLSF/FQmhzSVlgWwX6\
        EfnQ7yYG4dXvPd7+eeouDtQPkQJtuxp0Bf2Q4pT8NCVs+9QXy9OYn5Si3QopGl2jM6jp8YRjrsMdIDhHQTHxYguWIeiRKROZOD4H\
        ZdPB4/qwb8P7YTcYZWmkfnl7s04VN39DOAlfewT5UfZBFeDCangfh4NWjTKPjBhNM/m9Qb9DbQyIF6+FAg8PZYbN1AmM4SzbWRmK\
        y6jgP0EqBBECgYEA4Gry44N1OYt6n3o0Qx+g134nH4MOpWP5SPgAfVCYHjnIA1w28XB6s0sYHpimE1M/n+HMb2PvDPY3bPa7hdvs\
        9IebH58XU7+5mWL/tEh7HC/P2IeVwDLNOvwK3rffPJzbXIH0oOrH1y3IdWXOzFn8bUp5wPEK0r+iIpKQnMkVGykCgYEAz0bEUD5Q\
        tVjSzRfqhgZ8kVuyqInpPjx2GwyqQXIx/ow7LAWbJqNpFoNvTUCIANrEzDA9cqvbB7AwUqH5/v0A2rZ6I5eqIMJzM+2CWq6KTppZ\
        KrC3VqCornYCU9Wh4N8tp7ky7Gm0VCT2++X6oRR27q4rS2o9MdnNbDJh6ecVHycCgYEAgOdtlJmR3/fp+2iqVFP6g00HE+anpwCB\
        1BP/0/tTJSlzZdq2BIDjOdFMjWaJHliXFzMPxnvUd9GFjKU8mWr19I9f3w32zDg4V46x6dAoRsx/ypQ2xCtqDxNu+vcK1zoSFlTf\
        Ov8gwsyddDGCU4bso6o/vT+3Q86nRsyBHE20PeECgYAy3Cl1iyTgqq/nFVQ9mL/eJwL6qgRqegl876mjL3MnA5/NWH7Oh1BU7uFT\
        sl7s3sFlXPzm81ZmV4wz6nzeXZRlFlt3+lILgcsk1cWjnKphSSxR9lS2U+uwC1Lc4VG8TOb1/dKKAhH2h6929eJ+vffE70W+Vo43\
        ejsWrnIqI8KiBwKBgA88fgGADfhv+SPx6cDZ4nr161bRjB0TDbgoEwyc7XNOxHmE/isfJ13+9tR7dDSB141WZRvCLQyb4zS3RYlp\
        SZ/ef+tOypFEHqbumXxmG8prNN3pd1XrBSMDcBK2yjbZOpxcq2dpRSQ+D1HJcEKt+sIJJqfkmH4q3hrjo8I1LmBY
        """
}

extension JSONValue {
    var bytes: [UInt8] {
        do { return Array(try JSONEncoder().encode(self)) } catch {
            Issue.record(error, "a value cannot be written as JSON")
            return []
        }
    }
}

/// A browser: it keeps cookies and goes where it is sent.
struct TestBrowser: Sendable {
    let site: Site
    var cookies: [String: String] = [:]

    init(_ site: Site) { self.site = site }

    mutating func get(_ target: String, _ query: [String: String] = [:]) async -> WebResponse {
        let sent = cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
        let request = WebRequest(
            method: .get, path: target.split(separator: "/").map(String.init), query: query,
            headers: [
                (name: "host", value: "mainstay.example"), (name: "accept", value: "text/html"),
                (name: "cookie", value: sent),
            ],
            peer: "192.0.2.7")
        let answer = await site.answer(request)
        for field in answer.headers where field.name == "Set-Cookie" {
            let pair = field.value.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1).map(String.init)
            cookies[pair.first ?? ""] = field.value.contains("Max-Age=0") ? nil : pair.last
        }
        return answer
    }

    /// Begins a login; what the provider is asked.
    mutating func begin(to destination: String = "/runs") async throws -> [String: String] {
        let answer = await get("/sign-in/openid", ["to": destination])
        let address = try #require(answer[header: "location"], "\(answer.status): \(answer.text)")
        let items = try #require(URLComponents(string: address)?.queryItems)
        return Dictionary(items.map { ($0.name, $0.value ?? "") }) { _, last in last }
    }

    mutating func comeBack(_ query: [String: String]) async -> WebResponse {
        await get("/sign-in/openid/callback", query)
    }

    /// From the page where one signs in to the end.
    mutating func signIn(
        _ person: TestProvider.Person, by provider: TestProvider, _ clock: ManualClock, to destination: String = "/runs"
    ) async throws -> WebResponse {
        // Nobody is held up for what the test asked before.
        clock.advance(by: .seconds(5))
        let asked = try await begin(to: destination)
        return await comeBack(try provider.admit(person, asked))
    }
}

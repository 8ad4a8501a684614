import Command
import Engine
import Foundation
import Maintenance
import Settings

/// A JSON Web Token in its compact form (RFC 7519; RFC 7515, 3.1), read and not believed yet.
struct SignedToken: Sendable {
    /// Bytes; a provider that says more of somebody says too much.
    static let longest = 65_536

    var algorithm: SignatureAlgorithm
    var keyID: String?
    var claims: JSONValue
    private var signed: Data
    private var signature: Data

    init(_ text: String) throws(OpenIDError) {
        guard text.utf8.count <= Self.longest else { throw .unbelieved("it is longer than \(Self.longest) bytes") }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3 else { throw .unbelieved("it is no signed token of three parts") }
        guard let head = Base64URL.decode(parts[0]).flatMap(JSONValue.init(unambiguous:)), head.object != nil,
            let claims = Base64URL.decode(parts[1]).flatMap(JSONValue.init(unambiguous:)), claims.object != nil,
            let signature = Base64URL.decode(parts[2])
        else { throw .unbelieved("its parts are no JSON in base 64, or say something twice") }
        let name = head["alg"]?.text ?? ""
        guard let algorithm = SignatureAlgorithm(rawValue: name) else {
            throw .unbelieved("it is signed with '\(String(name.prefix(40)).printable)', which proves nothing here")
        }
        // What has to be understood and is not (RFC 7515, 4.1.11).
        guard head["crit"] == nil else { throw .unbelieved("its head asks for extensions that are not known here") }
        // Tokens of other kinds are made with the same keys (RFC 8725, 3.11): 'at+jwt', 'logout+jwt'.
        guard head["typ"].map({ ["jwt", "application/jwt"].contains($0.text?.lowercased()) }) ?? true else {
            throw .unbelieved("it is a token for something else")
        }
        if let name = head["kid"] {
            guard let name = name.text else { throw .unbelieved("the name of its key is no text") }
            keyID = name
        }
        self.algorithm = algorithm
        self.claims = claims
        self.signature = signature
        signed = Data("\(parts[0]).\(parts[1])".utf8)
    }

    /// Those of the keys that may have signed it.
    func candidates(_ keys: [TokenKey]) -> [TokenKey] {
        keys.filter { key in key.fits(algorithm) && (keyID == nil || key.id == keyID) }
    }

    func isSigned(by key: TokenKey) -> Bool { key.isValid(signature, of: signed, by: algorithm) }
}

/// Somebody as a provider describes them, in an ID token that was checked (OpenID Connect Core 1.0, 3.1.3.7).
struct ProvedPerson: Sendable {
    /// How far the clocks of both may differ.
    static let skew: Duration = .seconds(60)
    /// How old a token may be that answers a code of just now.
    static let oldest: Duration = .seconds(600)

    var subject: String
    private var claims: JSONValue

    /// - Parameter claims: of a token whose signature was checked.
    init(_ claims: JSONValue, by settings: OpenIDSettings, nonce: String, at now: Timestamp) throws(OpenIDError) {
        guard claims["iss"] == .text(settings.issuer) else { throw .unbelieved("it is of another issuer") }
        let audience: [JSONValue]
        switch claims["aud"] {
        case .array(let list)?: audience = list
        case .text(let name)?: audience = [.text(name)]
        default: audience = []
        }
        guard audience.contains(.text(settings.clientID)) else { throw .unbelieved("it is for somebody else") }
        let party = claims["azp"]
        guard party == nil || party == .text(settings.clientID), audience.count == 1 || party != nil else {
            throw .unbelieved("it was given out to another client")
        }
        guard let sent = claims["nonce"]?.text, Keys.areEqual(sent, nonce) else {
            throw .unbelieved("it does not answer this login (its nonce is another)")
        }
        guard let ends = Self.time(claims["exp"]), let began = Self.time(claims["iat"]) else {
            throw .unbelieved("it does not say from when until when it counts")
        }
        let time = Double(now.microseconds) / 1_000_000
        guard time < ends + Self.skew.inSeconds else { throw .unbelieved("it has expired") }
        guard began <= time + Self.skew.inSeconds else { throw .unbelieved("it was made later than now") }
        guard began >= time - (Self.oldest + Self.skew).inSeconds else { throw .unbelieved("it is too old") }
        if let since = claims["nbf"] {
            guard let since = Self.time(since), since <= time + Self.skew.inSeconds else {
                throw .unbelieved("it does not count yet")
            }
        }
        guard let subject = claims["sub"]?.text, (1...255).contains(subject.utf8.count),
            subject.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f })
        else { throw .unbelieved("it names nobody") }
        self.subject = subject
        self.claims = claims
    }

    private static func time(_ value: JSONValue?) -> Double? {
        switch value {
        case .integer(let seconds)?: Double(seconds)
        case .number(let seconds)?: seconds
        default: nil
        }
    }

    /// What an account of theirs would be called: up to an `@`, in small letters; it may be no name.
    func accountName(_ settings: OpenIDSettings) -> String {
        let text = claims[settings.accountClaim]?.text ?? ""
        return String(text.prefix { $0 != "@" }).inSmallASCII
    }

    /// The account that the configuration promises whoever has the address that the provider has verified.
    func promisedAccount(_ settings: OpenIDSettings) -> String? {
        guard claims["email_verified"] == true, let mail = claims["email"]?.text?.inSmallASCII.utf8 else { return nil }
        return settings.mails.first { $0.value.inSmallASCII.utf8.elementsEqual(mail) }?.key
    }

    /// What their groups may do; nil where groups decide nothing.
    func grants(_ settings: OpenIDSettings) -> Grants? {
        guard !settings.roles.isEmpty else { return nil }
        let texts: [String]
        switch claims[settings.groupsClaim] {
        case .text(let group)?: texts = [group]
        case .array(let list)?: texts = list.compactMap(\.text)
        default: texts = []
        }
        // By their bytes: equal texts may be written with other letters (Unicode, canonical equivalence).
        let groups = Set(texts.map { Array($0.utf8) })
        var grants = Grants()
        for rule in settings.roles where groups.contains(Array(rule.group.utf8)) {
            guard let role = Role(rawValue: rule.role.rawValue) else { continue }
            guard !rule.environments.isEmpty else {
                grants.everywhere = [grants.everywhere, role].compactMap(\.self).max()
                continue
            }
            for environment in rule.environments {
                grants.environments[environment] = [grants.environments[environment], role].compactMap(\.self).max()
            }
        }
        return grants
    }
}

extension String {
    /// With small letters for the capital ones of ASCII and no others: whole Unicode makes the Kelvin sign a `k`, and of
    /// two people one.
    fileprivate var inSmallASCII: String {
        String(
            decoding: utf8.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 + 0x20 : $0 }, as: UTF8.self)
    }
}

import Crypto
import CryptoExtras
import Foundation
import Maintenance
import Outside

/// A password as it is stored: derived by scrypt (RFC 7914), with a salt and parameters of its own, so that these can
/// grow without anybody having to choose a new one. `scrypt:32768:8:3:SALT:KEY`, both in base 64.
struct Password: Sendable {
    /// 32 MiB and three passes: one of the settings of equal strength that OWASP recommends ("Password Storage Cheat
    /// Sheet", scrypt).
    struct Cost: Sendable, Hashable {
        var rounds = 32_768
        var blockSize = 8
        var parallelism = 3

        static let standard = Cost()
        /// What no input is worth: a stored cost beyond it is not one of ours.
        static let most = Cost(rounds: 1_048_576, blockSize: 32, parallelism: 16)
    }

    /// At least that many characters; length is what counts (NIST SP 800-63B, 3.1.1.2).
    static let shortest = 12
    /// Bytes; more is no password but an attack on the one who derives it.
    static let longest = 1_024

    private static let blocking = Blocking(label: "mainstay.password")

    /// Why it is none that can be chosen, one clause; nil where it can.
    static func trouble(_ password: String, of account: String) -> String? {
        if password.count < shortest { return "it has \(password.count) characters and needs \(shortest)" }
        if password.utf8.count > longest { return "it is longer than \(longest) bytes" }
        if Set(password.lowercased()).count < 5 { return "it repeats the same few characters" }
        if !account.isEmpty, password.lowercased().containsBytes(account.lowercased()) {
            return "it contains the name of the account"
        }
        return nil
    }

    /// Not on the cooperative pool: it takes a good part of a second, on purpose.
    static func derive(_ password: String, cost: Cost = .standard) async throws -> String {
        var generator = SystemRandomNumberGenerator()
        let salt = Data((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
        let key = try await derive(password, salt, cost)
        return [
            "scrypt", String(cost.rounds), String(cost.blockSize), String(cost.parallelism), salt.base64EncodedString(),
            key.base64EncodedString(),
        ].joined(separator: ":")
    }

    /// Whether it is the password something was derived from. Where there is nothing to compare with, it takes as long
    /// and says no: nobody learns from the time which accounts there are.
    static func verify(_ password: String, against stored: String?) async throws -> Bool {
        let parts = stored?.split(separator: ":").map(String.init) ?? []
        guard parts.count == 6, parts.first == "scrypt", let cost = Cost(parts[1...3]),
            let salt = Data(base64Encoded: parts[4])
        else {
            _ = try await derive(password, Data(count: 16), .standard)
            return false
        }
        return Keys.areEqual(try await derive(password, salt, cost).base64EncodedString(), parts[5])
    }

    private static func derive(_ password: String, _ salt: Data, _ cost: Cost) async throws -> Data {
        try await blocking.run { _ in
            let key = try KDF.Scrypt.deriveKey(
                from: Data(password.utf8), salt: salt, outputByteCount: 32, rounds: cost.rounds,
                blockSize: cost.blockSize, parallelism: cost.parallelism, maxMemory: 256 << 20)
            return key.withUnsafeBytes { Data($0) }
        }
    }
}

extension Password.Cost {
    fileprivate init?(_ parts: ArraySlice<String>) {
        let numbers = parts.compactMap { Int($0) }
        guard numbers.count == 3, let rounds = numbers.first, let parallelism = numbers.last else { return nil }
        self.init(rounds: rounds, blockSize: numbers[1], parallelism: parallelism)
        guard (2...Self.most.rounds).contains(rounds), (1...Self.most.blockSize).contains(blockSize),
            (1...Self.most.parallelism).contains(parallelism)
        else { return nil }
    }
}

import Command
import Engine
import Maintenance
import Outside
import Web

/// `/ping/KEY`, `/ping/KEY/start`, `/fail`, `/log` and `/EXITSTATUS`, as Healthchecks has them ("Pinging API"): what a program
/// anywhere says of itself. The key is the whole right to do so, and to nothing else.
enum Pings {
    static func plain(_ visit: Visit) async throws -> WebResponse { try await hear(.success, visit) }

    static func signal(_ visit: Visit) async throws -> WebResponse {
        let word = visit.value(1)
        switch word {
        case "start": return try await hear(.start, visit)
        case "fail": return try await hear(.fail, visit)
        case "log": return try await hear(.log, visit)
        default:
            guard word.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let status = Int(word), status <= 255 else {
                throw Refusal.notFound
            }
            return try await hear(status == 0 ? .success : .fail, visit)
        }
    }

    private static func hear(_ signal: Heartbeat.Signal, _ visit: Visit) async throws -> WebResponse {
        let site = visit.site
        let programs = site.session.application.programs
        guard let target = try await site.keys.target(of: visit.value(0), site.inventory, programs, site.clock) else {
            // Guessing costs as much as a wrong token does.
            try site.noteGuess(visit.request)
            throw Refusal.notFound
        }
        // Whoever has a key may not fill the store's log with it: a few a second are enough for every program.
        if let wait = site.rates.take("heartbeat \(target)", perMinute: 60, at: visit.now) {
            throw Refusal.tooOften(wait)
        }
        try await site.log.hear(signal, String(decoding: visit.request.body, as: UTF8.self), from: target)
        return WebResponse(text: "OK\n")
    }
}

import Engine
import Maintenance
import Outside
import Settings

extension Check {
    static let heartbeatHeard = Check(
        CheckSchema(name: "heartbeat.heard", summary: "whether a program said in time that it is done"),
        code: "HC090",
        title: "Heartbeat",
        kind: .heartbeat,
        explanation: """
            A program that runs elsewhere, such as a nightly import, asks an address of ours with a secret in it when it \
            is done ('/ping/KEY'), and may say as well when it begins ('/start'), that it failed ('/fail') and with which \
            exit status it ended ('/1'). What was not heard for longer than 'every' is late, a warning; for longer than \
            'every' and 'grace' it is down, which is critical, as is a failure, and one that began and did not end \
            within 'grace'. What was never heard is unknown and not well. Look at the program's own log, and whether \
            its machine reaches this one.
            """,
        source: "https://healthchecks.io/docs/http_api/"
    ) { context in
        guard case .heartbeat(let access) = context.resource.access else {
            preconditionFailure("'\(context.resource.name)' is asked as a heartbeat and is \(context.resource.kind)")
        }
        let now = context.look.clock.now()
        guard let heartbeat = try await context.look.log.heartbeat(of: context.target) else {
            return Reading(summary: "it was never heard", state: .unknown)
        }
        var reading = Reading(summary: "", state: .passed)
        (reading.state, reading.summary) = HeartbeatVerdict.judge(heartbeat, access, at: now)
        reading.evidence["pings"] = .integer(heartbeat.pings)
        reading.evidence["heard"] = .text(heartbeat.heardAt.iso8601)
        if !heartbeat.message.isEmpty {
            reading.evidence["said"] = .text(String(heartbeat.message.unicodeScalars.prefix(300).map(Character.init)))
        }
        if let took = heartbeat.took {
            reading.measurements = [
                Measurement("heartbeat.duration", context.target, unit: .seconds, value: took)
            ]
        }
        return reading
    }
}

/// How a heartbeat stands at an instant: pure, so that it can be tried at every one.
enum HeartbeatVerdict {
    static func judge(
        _ heartbeat: Heartbeat, _ access: HeartbeatAccess, at now: Timestamp
    ) -> (CheckOutcome.State, String) {
        if let started = heartbeat.startedAt, now - started > access.grace {
            return (.critical, "it began \((now - started).short) ago and has not ended (grace \(access.grace.short))")
        }
        guard let ended = heartbeat.endedAt else {
            return heartbeat.startedAt == nil
                ? (.unknown, "it has spoken, and never said that it is done")
                : (.unknown, "it runs for the first time that was heard of")
        }
        let age = now - ended
        if heartbeat.hasFailed { return (.critical, "it said \(age.short) ago that it failed") }
        let limits = "every \(access.every.short), grace \(access.grace.short)"
        if age > access.every + access.grace { return (.critical, "it is down: done \(age.short) ago (\(limits))") }
        if age > access.every { return (.warning, "it is late: done \(age.short) ago (\(limits))") }
        let runs = heartbeat.startedAt.map { ", and runs again since \((now - $0).short)" } ?? ""
        return (.passed, "done \(age.short) ago\(runs) (\(limits))")
    }
}

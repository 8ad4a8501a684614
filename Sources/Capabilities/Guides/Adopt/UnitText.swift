import Guide
import Maintenance

/// The unit files that 'adopt systemd' writes.
enum UnitText {
    static func service(_ line: AdoptedCommands.Line) -> String {
        service(line.arguments, from: "\(line.place.printable):\(line.line)", identity: [])
    }

    /// With the user of the guide's own service, which may have reasons.
    static func service(_ timer: AdoptedCommands.Timer) -> String {
        let names = timer.timer.identity.filter { $0.key != "DynamicUser" && !$0.value.isEmpty }
        return service(
            timer.arguments, from: "\(timer.place.printable):\(timer.timer.started?.line ?? timer.timer.line)",
            identity: names.map { "\($0.key)=\($0.value)\n" })
    }

    private static func service(_ arguments: [String], from place: String, identity: [String]) -> String {
        let words = (arguments + Adoption.everywhere(arguments)).map(\.unitQuoted).joined(separator: " ")
        return """
            # \(Adoption.mark) systemd' from \(place).
            [Unit]
            Description=\(description(arguments))
            After=network-online.target

            [Service]
            Type=oneshot
            \(identity.joined())ExecStart=/usr/bin/env mainstay \(words)

            """
    }

    static func timer(_ line: AdoptedCommands.Line, _ calendar: SystemdCalendar) -> String {
        timer(
            line.arguments, from: "\(line.place.printable):\(line.line): \(line.fields)",
            settings: calendar.expressions.map { "OnCalendar=\($0)" } + ["Persistent=true"])
    }

    /// Why a timer of a guide cannot be written again as it is, in one clause; nil where it can.
    static func obstacle(_ timer: GuideTimer) -> String? {
        for setting in timer.identity where !setting.value.isEmpty {
            if setting.key == "DynamicUser" {
                guard !["no", "n", "false", "f", "off", "0"].contains(setting.value.lowercased()) else { continue }
                return "its service runs as a user of the moment (DynamicUser), who has no state of ours"
            }
            // One that is left out would make root of it.
            let isPlain = setting.value.utf8.allSatisfy {
                $0 >= 0x30 && $0 <= 0x39 || $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a || "-_.".utf8.contains($0)
            }
            guard isPlain else { return "'\(setting.key)=\(setting.value.printable)' of its service is no plain name" }
        }
        if let setting = timer.settings.first(where: { $0.value.utf8.last == UInt8(ascii: "\\") }) {
            return "'\(setting.key.printable)' ends with a '\\', which would take the next line in"
        }
        return nil
    }

    /// When it starts is the guide's own, key by key.
    static func timer(_ timer: AdoptedCommands.Timer) -> String {
        let kept = timer.timer.settings.filter { keys.contains($0.key) }.map { "\($0.key)=\($0.value.printable)" }
        let unit = timer.timer.service == timer.timer.name ? [] : ["Unit=\(timer.timer.service).service"]
        return self.timer(
            timer.arguments, from: "\(timer.place.printable):\(timer.timer.line)", settings: kept + unit)
    }

    /// What systemd.timer(5) has for when something starts.
    private static let keys: Set = [
        "OnActiveSec", "OnBootSec", "OnStartupSec", "OnUnitActiveSec", "OnUnitInactiveSec", "OnCalendar", "AccuracySec",
        "RandomizedDelaySec", "FixedRandomDelay", "OnClockChange", "OnTimezoneChange", "Persistent", "WakeSystem",
        "RemainAfterElapse",
    ]

    private static func timer(_ arguments: [String], from place: String, settings: [String]) -> String {
        """
        # \(Adoption.mark) systemd' from \(place)
        [Unit]
        Description=\(description(arguments))

        [Timer]
        \(settings.joined(separator: "\n"))

        [Install]
        WantedBy=timers.target

        """
    }

    /// '%' begins a specifier there as well (systemd.unit(5)).
    private static func description(_ arguments: [String]) -> String {
        "mainstay \(arguments.joined(separator: " ").printable.replacingBytes(of: "%", with: "%%"))"
    }
}

extension String {
    /// One argument of `ExecStart` (systemd.service(5), "Command lines").
    fileprivate var unitQuoted: String {
        let escaped = replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("%", with: "%%")
            .replacing("$", with: "$$")
        return "\"\(escaped)\""
    }
}

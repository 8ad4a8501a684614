import Alert
import Maintenance

/// A file of `mainstay.d` with one route: what health checks find, and that one cannot be answered, goes to some people as
/// well as to whomever it goes anyway.
package struct HealthAlertsFile: Sendable {
    package var channels: [String]
    package var recipients: [String]

    package init(channels: [String], recipients: [String]) {
        self.channels = channels
        self.recipients = recipients
    }

    package func text(for file: ConfigurationFile, source: String) -> String {
        let route: Output = .mapping([
            Output.Field(key: "match", value: .text("alert=~(HC|MO)[0-9]+")),
            Output.Field(key: "channels", value: .list(channels.map(Output.text))),
            Output.Field(key: "recipients", value: .list(recipients.map(Output.text))),
            Output.Field(key: "continue", value: .plain("true")),
        ])
        var writer = YAMLWriter()
        writer.write(
            .mapping([
                Output.Field(key: "alerts", value: .mapping([Output.Field(key: "routes", value: .list([route]))]))
            ]))
        return file.marked(writer.lines.joined(separator: "\n") + "\n", from: source)
    }
}

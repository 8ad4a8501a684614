import Command
import Engine
import Maintenance

/// What the findings about alerts themselves mean.
enum AlertFindings {
    static let pages = [
        FindingPage(
            code: ChannelTrouble.undelivered, name: "alerts.undelivered", title: "A channel does not take its messages",
            severity: .warning,
            explanation: """
                A message was refused for good, or failed for the third time, or something here has to be mended before \
                it can be sent, such as a secret that cannot be read. The object is the channel, and behind a space whom \
                it was to tell. Critical where the message was. It is told by the other channels, never by this one as \
                long as there is another; the channels of 'fallback' tell what it did not take. A message that is taken \
                ends it.
                """,
            facts: ["mend: mainstay alerts test CHANNEL, which says what the other side answers"],
            source: "https://www.rfc-editor.org/rfc/rfc9110#section-15.5", command: "serve"),
        FindingPage(
            code: DeliveryFinding.idleCode, name: "alerts.idle-silence", title: "A silence covers nothing",
            severity: .info,
            explanation: """
                Since half its time, or since a day, the silence has covered no alert that fires: whoever wrote it mistook \
                a name, or what it was for is over. Its object is the silence's id.
                """,
            facts: [
                "mend: mainstay alerts list --silences shows what it covers, and mainstay alerts unsilence ID ends it"
            ],
            source: "https://prometheus.io/docs/alerting/latest/alertmanager/#silences", command: "serve"),
        FindingPage(
            code: ChannelTrouble.missedCanary, name: "alerts.missed-canary", title: "A canary did not get through",
            severity: .critical,
            explanation: """
                The daily message that goes through every channel although nothing is wrong was not taken an hour after \
                it was due: whoever would be told of something by this channel would not hear of it. Other channels tell \
                of it until a canary is taken.
                """,
            facts: ["mend: mainstay alerts test CHANNEL, which says what the other side answers"],
            source: "https://healthchecks.io/docs/", command: "serve"),
    ]
}

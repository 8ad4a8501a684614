import Maintenance

extension Router {
    /// An alert for one channel, and its end a second later, although nothing is wrong and no route is asked: as the router
    /// itself would have told them.
    ///
    /// - Parameter name: the label `alert`; with the channel's name, which is the label `object`, it makes the group.
    package static func rehearsal(
        _ name: String, through channel: String, to recipient: String?, summary: String, at now: Timestamp
    ) -> (begin: AlertNotification, end: AlertNotification) {
        var draft = RouteDraft(receiver: name)
        draft.timing = .immediate
        draft.groupInterval = .seconds(1)
        let labels = Labels([
            Labels.Name.alert: name, Labels.Name.severity: Severity.info.rawValue, Labels.Name.object: channel,
        ])
        var router = Router(
            AlertRules(
                route: draft.tree(receiver: name),
                receivers: [
                    Receiver(
                        name: name,
                        deliveries: [.init(channel: channel, recipients: recipient.map { [.address($0)] } ?? [])])
                ]))
        let begin = router.take([.wrong(labels, annotations: ["summary": summary])], at: now).notifications
        let end = router.take([.well(labels)], at: now + .seconds(1)).notifications
        guard let first = begin.first, let last = end.first, begin.count == 1, end.count == 1 else {
            preconditionFailure("an alert and its end are two messages")
        }
        return (first, last)
    }
}

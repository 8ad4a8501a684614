import Maintenance

/// Everything a configuration says about alerts, as values that need nothing more from outside.
package struct AlertRules: Sendable {
    package var route: Route
    package var receivers: [String: Receiver]
    package var inhibitions: [Inhibition]
    package var times: [String: Times]
    package var rotations: [String: Rotation]
    package var terms: AlertTerms

    package init(
        route: Route, receivers: [Receiver], inhibitions: [Inhibition] = [], times: [Times] = [],
        rotations: [Rotation] = [], terms: AlertTerms = AlertTerms()
    ) {
        self.route = route
        self.receivers = Dictionary(receivers.map { ($0.name, $0) }) { _, last in last }
        self.inhibitions = inhibitions
        self.times = Dictionary(times.map { ($0.name, $0) }) { _, last in last }
        self.rotations = Dictionary(rotations.map { ($0.name, $0) }) { _, last in last }
        self.terms = terms
    }
}

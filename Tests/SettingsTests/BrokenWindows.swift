/// Windows that can never open, or that would mean nothing.
extension Broken {
    static let windows: [Broken] = [
        rule(
            "{ during: daily 02:00 }",
            "2:21: windows[1].during: 'daily 02:00' is a moment, and a window is needed "
                + "(allowed: a window such as 'weekdays 00:00-24:00')"),
        rule(
            "{ during: Sundys 02:00-04:00 }",
            "2:21: windows[1].during: 'Sundys' does not belong here (did you mean 'Sundays'? "
                + "allowed: a day such as 'Sundays', 'weekdays', 'first Sunday' or '2026-12-24')"),
        rule(
            "{ during: 30th of February 02:00-04:00 }",
            "2:21: windows[1].during: '30th of February 02:00-04:00' never opens"),
        rule(
            "{ during: daily 02:00-04:00 except freeze }",
            "2:21: windows[1].during: there is no calendar 'freeze' "
                + "(allowed: a calendar of the configuration, which has none)"),
        rule(
            "{ effects: [maintains] }",
            "2:11: windows[1]: the key 'during' is missing: a primary window has its times "
                + "(allowed: a window such as 'Sundays 02:00-04:00 UTC')"),
        rule(
            "{ kind: emergncy }",
            "2:19: windows[1].kind: 'emergncy' is not allowed here (did you mean 'emergency'? "
                + "allowed: primary, emergency, anytime)", isBeyondSchema: false),
        rule(
            "{ kind: anytime, effects: [observes] }",
            "2:38: windows[1].effects[1]: 'observes' changes nothing, so it needs no window "
                + "(allowed: maintains, destroys)"),
        rule(
            "{ kind: anytime, tasks: [health check] }",
            "2:36: windows[1].tasks[1]: 'health check' only looks, so it needs no window"),
        rule(
            "{ kind: emergency, approvers: [ann] }",
            "2:30: windows[1].approvers: 'approvers' is not supported yet", isBeyondSchema: false),
    ]

    private static func rule(_ rule: String, _ line: String, isBeyondSchema: Bool = true) -> Broken {
        let broken = Broken("environments: { test: {} }\nwindows: [\(rule)]", "mainstay.yaml:\(line)")
        return isBeyondSchema ? broken.beyondSchema : broken
    }
}

#if DEBUG
    import Engine
    import Glibc
    import Maintenance

    /// Ends or stops this very process at one point of the journal, so that tests can find out what a crash there leaves
    /// behind. Not in release builds.
    ///
    /// `MAINSTAY_FAULT=kill:started:afterWrite` is SIGKILL right after `started` is durable; `stop:` is SIGSTOP. In place
    /// of a state of a change `waited`, `approved` or `used` may stand. A fourth word means only changes of that kind.
    enum FaultPoint {
        static func observer(_ environment: [String: String]) -> JournalObserver {
            let words = environment["MAINSTAY_FAULT"]?.split(separator: ":").map(String.init) ?? []
            guard (3...4).contains(words.count), let moment = JournalObserver.Moment(rawValue: words[2]) else {
                return .none
            }
            let number = words[0] == "stop" ? SIGSTOP : SIGKILL
            let state = ChangeState(rawValue: words[1])
            let kind = AuditKind(rawValue: words[1])
            return JournalObserver { noted, at in
                if noted == kind, at == moment { kill(getpid(), number) }
            } reached: { record, reached, at in
                let isMeant = words.count == 3 || record.change.kind == words[3]
                if reached == state, at == moment, isMeant { kill(getpid(), number) }
            }
        }
    }
#endif

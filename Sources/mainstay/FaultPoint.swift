#if DEBUG
    import Engine
    import Glibc
    import Maintenance

    /// Ends or stops this very process at one point of the journal, so that tests can find out what a crash there leaves
    /// behind. Not in release builds.
    ///
    /// `MAINSTAY_FAULT=kill:started:afterWrite` is SIGKILL right after `started` is durable; `stop:` is SIGSTOP. In place
    /// of a state of a change `waited`, `approved` or `used` may stand.
    enum FaultPoint {
        static func observer(_ environment: [String: String]) -> JournalObserver {
            let words = environment["MAINSTAY_FAULT"]?.split(separator: ":").map(String.init) ?? []
            guard words.count == 3, let moment = JournalObserver.Moment(rawValue: words[2]) else { return .none }
            let number = words[0] == "stop" ? SIGSTOP : SIGKILL
            let state = ChangeState(rawValue: words[1])
            let kind = AuditKind(rawValue: words[1])
            return JournalObserver { noted, at in
                if noted == kind, at == moment { kill(getpid(), number) }
            } reached: { _, reached, at in
                if reached == state, at == moment { kill(getpid(), number) }
            }
        }
    }
#endif

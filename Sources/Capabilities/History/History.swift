import Command
import Composition

/// What the state remembers, and for how long.
extension Capability {
    package static let history = Capability("history", tasks: [.init(PruneHistory.self)])
}

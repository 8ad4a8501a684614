/// What a task or a change may do to its target; the least is the first.
package enum Effect: String, Codable, CaseIterable, Sendable, Comparable {
    /// Looks, and cannot write.
    case observes
    /// Changes something and keeps all data.
    case maintains
    /// Removes data.
    case destroys

    package static func < (left: Effect, right: Effect) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .observes: 0
        case .maintains: 1
        case .destroys: 2
        }
    }
}

import Engine
import Maintenance

extension CheckLimits {
    /// A size in bytes.
    func integer(_ option: String) -> Int64 {
        guard case .integer(let value)? = options[option] else {
            preconditionFailure("the check has no size option '\(option)'")
        }
        return value
    }
}

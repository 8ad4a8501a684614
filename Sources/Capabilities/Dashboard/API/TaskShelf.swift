import Command
import Engine
import Synchronization

/// The tasks as programs see them, made when the first asks: it takes a look at every command there is.
final class TaskShelf: Sendable {
    private let made = Mutex<[TaskInterface]?>(nil)

    func all(_ application: Application) throws -> [TaskInterface] {
        if let known = made.withLock({ $0 }) { return known }
        let interfaces = try application.interfaces()
        made.withLock { $0 = interfaces }
        return interfaces
    }
}

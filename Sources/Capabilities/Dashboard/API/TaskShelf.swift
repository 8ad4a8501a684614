import Command
import Engine
import Synchronization
import Web

/// The tasks as programs see them, made when the first asks: it takes a look at every command there is.
final class TaskShelf: Sendable {
    private let made = Mutex<[TaskInterface]?>(nil)
    private let described = Mutex<WebResponse?>(nil)

    /// What is the same for everybody as long as the program runs; made once.
    func description(_ make: () throws -> WebResponse) rethrows -> WebResponse {
        if let known = described.withLock({ $0 }) { return known }
        let response = try make()
        described.withLock { $0 = response }
        return response
    }

    func all(_ application: Application) throws -> [TaskInterface] {
        if let known = made.withLock({ $0 }) { return known }
        let interfaces = try application.interfaces()
        made.withLock { $0 = interfaces }
        return interfaces
    }
}

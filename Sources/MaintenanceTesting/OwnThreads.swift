import Dispatch

/// Where a task of a test goes that waits without giving its thread back: the pool has as many threads as there are
/// processors, and two such tasks would stop everything on two.
///
/// `Task.detached(executorPreference: OwnThreads()) { … }`
package final class OwnThreads: TaskExecutor {
    // Another quality of service than the pool's has threads of its own.
    private let queue = DispatchQueue(label: "mainstay.test.own-threads", qos: .userInitiated, attributes: .concurrent)

    package init() {}

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

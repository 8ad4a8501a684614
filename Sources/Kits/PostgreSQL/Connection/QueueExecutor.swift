import Dispatch

/// Runs an actor on a private queue, so that waiting for a server blocks a thread of that queue and never one of the
/// cooperative pool. (Linux has no `DispatchSerialQueue`, which would be an executor by itself.)
final class QueueExecutor: SerialExecutor {
    let queue: DispatchQueue

    init(label: String) { queue = DispatchQueue(label: label) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }
}

import CLibPQ
import Synchronization

/// A message beside a result: `NOTICE`, `WARNING`, `INFO` (VACUUM VERBOSE), `LOG`. Hostile text: print it `printable`.
package struct Notice: Hashable, Sendable {
    package var severity: String
    package var sqlState: String
    package var message: String
    package var detail: String?
}

/// Keeps the last messages of a connection.
final class NoticeLog: Sendable {
    private static let capacity = 1_000
    private let kept = Mutex<[Notice]>([])

    func append(_ notice: Notice) {
        kept.withLock { notices in
            if notices.count == Self.capacity { notices.removeFirst() }
            notices.append(notice)
        }
    }

    func take() -> [Notice] {
        kept.withLock { notices in
            defer { notices = [] }
            return notices
        }
    }

    /// The log must outlive the connection: `Link` holds both.
    func listen(to connection: OpaquePointer) {
        PQsetNoticeReceiver(
            connection,
            { context, result in
                guard let context, let result else { return }
                // The result belongs to libpq, so it is read and not kept.
                Unmanaged<NoticeLog>.fromOpaque(context).takeUnretainedValue().append(Notice(result))
            }, Unmanaged.passUnretained(self).toOpaque())
    }
}

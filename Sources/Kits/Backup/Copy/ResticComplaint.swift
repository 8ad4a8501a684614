import Maintenance

/// What restic's error output means, found by the words of restic 0.14 and newer, of the system, and of the libraries it
/// reaches storages with (minio-go, OpenSSH's client, rclone).
enum ResticComplaint: Hashable {
    /// There is no repository: the storage answered that its configuration is not there.
    case absent
    case exists
    case password
    case locked
    case credentials, unreachable, full, readOnly, broken
    case other

    init(_ text: String) {
        let text = text.lowercased()
        // A check that came to its end read what is there: a file that ends too early is a damaged one then.
        if text.containsBytes("repository contains errors") {
            if Self.ofTheWay.contains(where: { text.containsBytes($0) }) {
                self = .unreachable
            } else if Self.ofTheKey.contains(where: { text.containsBytes($0) }) {
                self = .credentials
            } else {
                self = .broken
            }
            return
        }
        self = Self.words.first { entry in entry.words.contains { text.containsBytes($0) } }?.meaning ?? .other
    }

    /// Words that only a connection that failed brings forth, or a service that is not there for a while (Go's net and
    /// net/http, minio-go's error codes).
    private static let ofTheWay = [
        "temporary failure in name resolution", "server misbehaving", "no address associated with hostname",
        "503 service unavailable", "status code 503", "slowdown", "reduce your request rate", "serviceunavailable",
        "502 bad gateway", "504 gateway", "status code 502", "status code 504", "context deadline exceeded",
        "client.timeout exceeded", "requesttimetooskewed", "tls: failed to verify certificate", "x509: ",
        "connection refused", "no such host", "could not resolve hostname", "i/o timeout", "network is unreachable",
        "no route to host", "connection reset", "connection timed out", "tls handshake",
        "unable to start the sftp session", "connection lost", "ssh command exited", "error talking http to rclone",
    ]

    /// Words with which a storage refuses whoever comes, so that nobody saw what is there.
    private static let ofTheKey = [
        "invalidaccesskeyid", "access key id you provided does not exist", "signaturedoesnotmatch",
        "signature we calculated does not match", "expiredtoken", "token has expired", "is expired",
        "accessdenied", "access denied", "forbidden", "permission denied (publickey",
        "key id ($aws_access_key_id) is empty", "secret ($aws_secret_access_key) is empty",
        "authenticationfailed", "unauthorized", "host key verification failed", "invalid_grant",
    ]

    /// The first that fits counts: a storage that cannot be reached also says that there may be no repository.
    private static let words: [(meaning: ResticComplaint, words: [String])] = [
        (.exists, ["config file already exists"]),
        (.password, ["wrong password or no key found"]),
        (.locked, ["repository is already locked"]),
        (
            .full,
            [
                "no space left on device", "disk quota exceeded", "quotaexceeded", "insufficient storage",
                "status code 507",
                "file too large", "xminiostoragefull", "sftp: \"failure\" (ssh_fx_failure)",
            ]
        ),
        (.credentials, ofTheKey),
        (
            .unreachable,
            ofTheWay + ["broken pipe", "connection closed", "unexpected eof"]
        ),
        (.readOnly, ["read-only file system", "permission denied", "operation not permitted", "methodnotallowed"]),
        (
            .absent,
            [
                "config: no such file or directory", "config file does not exist", "specified key does not exist",
                "specified bucket does not exist", "object doesn't exist", "blobnotfound", "containernotfound",
                "unable to open config file: file does not exist", "<config/> does not exist",
                "unable to open config file: stat: file does not exist",
                "unable to open config file: lstat: file does not exist",
                "unable to open config file: object not found",
            ]
        ),
        (
            .broken,
            [
                "config file has zero size", "invalid data returned", "unmarshal: ",
                "ciphertext verification failed", "hash does not match", "hash mismatch",
                "is not contained in any index",
                "not found in the repository", "pack file", "does not exist", "load <index/", "load <snapshot/",
                "load(<", "tree ", "blob ", "no such file or directory", "repository contains errors",
                "unexpected", "checking found", "returned error",
            ]
        ),
    ]

    /// - Parameter detail: restic's own words, printable.
    func error(storage: String, detail: String) -> CopyError {
        switch self {
        case .absent: .noRepository(storage: storage)
        case .password: .password(storage: storage)
        case .locked: .locked(storage: storage, holder: detail)
        case .credentials: .credentials(storage: storage, detail: detail)
        case .unreachable: .unreachable(storage: storage, detail: detail)
        case .full: .full(storage: storage, detail: detail)
        case .readOnly: .readOnly(storage: storage, detail: detail)
        case .broken: .broken(storage: storage, detail: detail)
        case .exists, .other: .failed(storage: storage, detail: detail)
        }
    }
}

extension [ConditionSubject] {
    private static let connection: [ConditionSubject] = [
        .init("response-time", .duration, "from the beginning to the end of it, with the name's look-up"),
        .init("connect-time", .duration, "how long the connection took"),
    ]

    private static let certificate: [ConditionSubject] = [
        .init("certificate-expiration", .duration, "how long the certificate is still valid"),
        .init("certificate-trusted", .boolean, "whether authority, time and name of the certificate are trusted"),
        .init("certificate-issuer", .text, "who signed it, by common name"),
        .init("tls-version", .text, "such as TLSv1.3"),
    ]

    /// What an HTTP answer gives.
    package static let http: [ConditionSubject] =
        [
            .init("status", .number, "the status code"),
            .init("body", .document, "the answer, up to the resource's 'body-limit'"),
            .init("body-size", .size, "how much of the body was read"),
            .init("header", .fields, "a header of the answer, by its name"),
            .init("redirects", .number, "how many were followed"),
            .init("http-version", .text, "1.1 or 2, as it was spoken"),
            .init("url", .text, "where the answer came from in the end"),
        ] + connection + certificate

    package static let tcp: [ConditionSubject] =
        [.init("received", .document, "what the other side sent until it was enough")] + connection

    package static let tls: [ConditionSubject] = certificate + connection

    package static let dns: [ConditionSubject] = [
        .init("answers", .list, "the records' values: addresses, names, 'PREFERENCE NAME' of an MX, texts"),
        .init("rcode", .text, "the server's response code, such as NOERROR or NXDOMAIN"),
        .init("ttl", .duration, "the least time to live of the answers"),
        .init("response-time", .duration, "how long the answer took"),
    ]

    package static let ping: [ConditionSubject] = [
        .init("loss", .percent, "share of the packets that nobody answered"),
        .init("round-trip", .duration, "mean time until the answer"),
        .init("slowest", .duration, "longest time until an answer"),
    ]

    package static let redis: [ConditionSubject] =
        [
            .init("info", .fields, "a field of INFO, by its name: info.connected_clients"),
            .init("version", .text, "of the server"),
            .init("role", .text, "master or slave"),
            .init("memory", .size, "used for data"),
            .init("memory-used", .percent, "share of maxmemory; there is none where maxmemory is not set"),
            .init("fragmentation", .number, "resident memory for each byte of data"),
            .init("hit-rate", .percent, "share of key look-ups that found one, since the server started"),
            .init("evictions", .number, "keys removed for want of memory, since the server started"),
            .init("clients", .number, "connections"),
            .init("keys", .number, "in all databases"),
            .init("uptime", .duration, "since the server started"),
            .init("last-save", .duration, "since the last successful save to disk"),
            .init("unsaved-changes", .number, "since then"),
            .init("replicas", .number, "connected"),
        ] + connection

    package static let pgbouncer: [ConditionSubject] = [
        .init("waiting", .number, "clients that wait for a server connection"),
        .init("longest-wait", .duration, "of the client that has waited longest"),
        .init("clients", .number, "that have a server connection now"),
        .init("servers", .number, "server connections in use"),
        .init("pool-used", .percent, "of the fullest pool"),
        .init("databases", .number, "that it knows"),
        .init("used-clients", .number, "clients that are connected, also those that do nothing"),
    ]

    package static let process: [ConditionSubject] = [
        .init("count", .number, "processes that run"),
        .init("memory", .size, "resident, of all of them together"),
        .init("open-files", .number, "of the one that has most"),
        .init("open-files-used", .percent, "share of its limit, of the one that is nearest to it"),
        .init("threads", .number, "of all of them together"),
        .init("age", .duration, "since the youngest of them started"),
    ]

    package static let logPattern: [ConditionSubject] = [
        .init("matches", .number, "lines that match, within the resource's 'within'"),
        .init("size", .size, "of the file"),
        .init("age", .duration, "since somebody last wrote to it"),
    ]

    package static let service: [ConditionSubject] = [
        .init("active", .text, "systemd's ActiveState, such as active or failed"),
        .init("sub-state", .text, "systemd's SubState, such as running"),
        .init("enabled", .text, "systemd's UnitFileState, such as enabled"),
        .init("restarts", .number, "systemd's own restarts since the unit was started"),
        .init("memory", .size, "of the unit's control group, where systemd counts it"),
        .init("age", .duration, "since it became active"),
    ]

    package static let command: [ConditionSubject] = [
        .init("exit", .number, "the exit status"),
        .init("output", .document, "standard output"),
        .init("performance", .fields, "a value of its performance data, by its label"),
        .init("response-time", .duration, "how long it ran"),
    ]

    package static let query: [ConditionSubject] = [
        .init("rows", .number, "how many rows the statement gives"),
        .init("response-time", .duration, "how long the statement took"),
    ]
}

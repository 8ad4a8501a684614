import Engine
import Maintenance
import Outside
import Settings

/// One exchange with the endpoint of a check, as its configuration wants it.
struct Endpoint: Sendable {
    let access: HTTPAccess
    private let context: CheckContext

    init(_ context: CheckContext) {
        guard case .http(let access) = context.resource.access else {
            preconditionFailure("'\(context.resource.name)' is asked as an endpoint and is \(context.resource.kind)")
        }
        self.access = access
        self.context = context
    }

    /// - Throws: `HTTPError` and what the URL or a header could not be had for; no text of it holds a secret.
    func observe() async throws -> HTTPObservation {
        let programs = context.look.programs
        let target = try HTTPTarget(try await access.url.resolve(with: programs).reveal())
        var headers: [HTTPProbe.Header] = []
        for (name, value) in access.headers.sorted(by: { $0.key < $1.key }) {
            headers.append(try HTTPProbe.Header(name: name, value: try await value.resolve(with: programs)))
        }
        var probe = HTTPProbe(
            target, method: access.method.probed, headers: headers, timeLimit: access.timeout,
            redirects: access.followsRedirects ? 10 : nil,
            bodyLimit: access.bodyLimit, trust: access.certificateAuthorityFile.map { .file(path: $0) } ?? .system)
        probe.offersHTTP2 = access.offersHTTP2
        // Where somebody else may choose the address, it is none of a link: there clouds hand out credentials.
        if access.followsRedirects { probe.reach = .notLinkLocal }
        if let content = access.content {
            probe.content = Array(try await content.resolve(with: programs).reveal().utf8)
        }
        do {
            return try await context.look.probers.http.observe(probe)
        } catch let error as HTTPError {
            throw withoutSecrets(error, target)
        }
    }

    /// A URL whose parts come from elsewhere may carry a token in its path or query: then neither is shown.
    private func withoutSecrets(_ error: HTTPError, _ target: HTTPTarget) -> ErrorReport {
        var report = ErrorReport(error)
        guard access.url.literal == nil || access.url.holdsSecret, target.path != "/" else { return report }
        report.problem = report.problem.replacing(target.path, with: "/•••")
        return report
    }
}

extension HTTPAccess.Method {
    var probed: HTTPProbe.Method {
        switch self {
        case .get: .get
        case .head: .head
        case .post: .post
        case .put: .put
        case .patch: .patch
        case .delete: .delete
        case .options: .options
        }
    }
}

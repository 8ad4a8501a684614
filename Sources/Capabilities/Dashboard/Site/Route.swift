import Engine
import Web

/// One address of the site: what it looks like, who may ask for it, and what answers.
struct Route: Sendable {
    var method: WebRequest.Method
    /// Words as they are, variables as `*`: `["runs", "*"]`.
    var pattern: [String]
    var access: Access
    /// What a token has to have been made for.
    var scope: TokenScope
    /// Whether asking again with the same `Idempotency-Key` gets the same answer and does nothing.
    var isOnce = false
    var answer: @Sendable (Visit) async throws -> WebResponse

    /// Who gets an answer; which environments they see there is judged by what answers.
    enum Access: Sendable, Equatable {
        case everybody
        /// Signed in, with at least this role somewhere.
        case role(Role)
    }

    init(
        _ method: WebRequest.Method, _ pattern: String, _ access: Access, scope: TokenScope? = nil,
        answer: @escaping @Sendable (Visit) async throws -> WebResponse
    ) {
        self.method = method
        self.pattern = pattern.split(separator: "/").map(String.init)
        self.access = access
        self.scope = scope ?? (method == .get ? .read : self.pattern.last == "dry-run" ? .look : .answer)
        self.answer = answer
    }

    /// What stands in the place of the variables; nil where the path is another.
    func values(_ path: [String]) -> [String]? {
        guard path.count == pattern.count else { return nil }
        var values: [String] = []
        for (part, word) in zip(path, pattern) {
            if word == "*" { values.append(part) } else if part != word { return nil }
        }
        return values
    }
}

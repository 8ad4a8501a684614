import Maintenance

/// The addresses `/functions/v1/NAME`, as scripts written for an application's own functions ask for them.
package struct FunctionSettings: Sendable, Equatable {
    /// Whose figures are answered with. Nil only until it is read.
    package var environment: String?
    /// Functions of the application's own, by name, and where they are.
    package var endpoints: [String: FunctionEndpoint] = [:]

    package init() {}
}

/// Where one function of an application's own is.
package struct FunctionEndpoint: Sendable, Equatable {
    package var url: ConfiguredText
    /// Sent along as `Authorization: Bearer`; the caller's own token never is.
    package var token: ConfiguredText?
    /// Whether it may be in a private network or on this machine.
    package var isPrivate = false
    package var timeout: Duration = .seconds(30)

    package init(url: ConfiguredText) { self.url = url }
}

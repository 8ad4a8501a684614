import Command
import Composition

extension Capability {
    /// What is seen of all the others in a browser, and who may see and do it.
    package static let dashboard = Capability(
        "dashboard",
        commands: [
            ("access", InviteAccount.self), ("access", ListAccess.self), ("access", CloseAccount.self),
            ("access", LinkAccount.self), ("access", UnlinkAccount.self), ("access", MakeToken.self),
            ("access", RevokeToken.self), ("api", DescribeAPI.self),
        ],
        services: [DashboardService.service])
}

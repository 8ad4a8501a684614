import ArgumentParser
import Command
import Maintenance

/// `mainstay api describe`
struct DescribeAPI: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "describe", "Print the description of the API (OpenAPI 3.1), as the server gives it.",
        """
        It is made from what the commands are made from, so that each task's options are those of its command, but for \
        options that name files of this machine. The server has it under '/api/v1/openapi.json'. See docs/api.md.
        """)

    func run(in application: Application) async throws -> ExitStatus {
        application.console.print(try JSONText.make(OpenAPI(tasks: try application.interfaces()).document))
        return .success
    }
}

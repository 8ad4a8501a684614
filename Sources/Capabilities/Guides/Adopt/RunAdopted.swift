import ArgumentParser
import Command
import Maintenance
import Outside

/// `mainstay adopted`: what scripts of a package.json call.
struct RunAdopted: HouseCommand {
    static let configuration = CommandConfiguration.house(
        "adopted", "Do what a guide's spelling means; for scripts that 'mainstay adopt' has written.",
        """
        The first word is the spelling, such as 'backup:verify'; what stands behind it is handed on. Where npm has \
        started it, options of 'npm run backup:verify --all-environments' are read from the variables npm puts them \
        in. Of an option that is given several times npm keeps one: write those behind '--'.
        """)

    @Argument(parsing: .captureForPassthrough, help: "The spelling and its arguments.")
    var words: [String] = []

    func run(in application: Application) async throws -> ExitStatus {
        guard let spelling = words.first, spelling != "--help", spelling != "-h" else {
            application.console.print(application.root.helpMessage(for: Self.self).trimmingWhitespace())
            return words.isEmpty ? .usage : .success
        }
        let meanings = try CommandMeanings(application)
        guard meanings.knows([spelling]) else {
            throw AdoptError.noSpelling(spelling, nearest: meanings.nearest(to: spelling))
        }
        // 'npm run x -- --all' hands over what stands behind the hyphens, and pnpm the hyphens too.
        let given = words.dropFirst().drop { $0 == "--" }
        let options = NPMOptions.arguments(application.programs.environment, flags: meanings.flags)
        switch try application.parse([spelling] + options + given) {
        case .command(let command): return try await command.run(in: application)
        case .answer(let text):
            application.console.print(text)
            return .success
        case .incomplete: return .usage
        }
    }
}

import Maintenance

/// Prints a page as PDF (WeasyPrint, https://weasyprint.org). The page has to carry everything it needs: the program is
/// given no address to look for anything.
package struct WeasyPrint: Sendable {
    private let programs: Programs
    private let path: String

    /// - Throws: `ProgramError.notInstalled`, with the line that installs it.
    package init(_ programs: Programs) throws(ProgramError) {
        self.programs = programs
        path = try programs.find("weasyprint")
    }

    /// A page that takes longer is none of ours.
    private static let timeLimit: Duration = .seconds(300)

    /// - Throws: `ProgramError`, `CancellationError`.
    package func pdf(of page: [UInt8]) async throws -> [UInt8] {
        let program = ChildProgram(
            path, ["--encoding", "utf-8", "--quiet", "-", "-"], input: .bytes(page), timeLimit: Self.timeLimit)
        let outcome = try await programs.run(program, keeping: ByteCount(64 * 1_048_576)).checked()
        guard let bytes = outcome.output.bytes, bytes.starts(with: "%PDF-".utf8) else {
            throw ProgramError.failed(
                commandLine: outcome.commandLine, termination: outcome.termination,
                errorOutput: outcome.errorOutput.lastLines(6) + ["it wrote no PDF"])
        }
        return bytes
    }
}

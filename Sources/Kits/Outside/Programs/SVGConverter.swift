import Maintenance

/// Draws an SVG picture as PNG (librsvg's rsvg-convert), for readers that know no other pictures: mail programs.
package struct SVGConverter: Sendable {
    private let programs: Programs
    private let path: String

    /// - Throws: `ProgramError.notInstalled`, with the line that installs it.
    package init(_ programs: Programs) throws(ProgramError) {
        self.programs = programs
        path = try programs.find("rsvg-convert", package: "librsvg2-bin")
    }

    /// Twice as large as it says it is, for screens with small points.
    ///
    /// - Throws: `ProgramError`, `CancellationError`.
    package func png(of picture: [UInt8]) async throws -> [UInt8] {
        let program = ChildProgram(
            path, ["--format", "png", "--zoom", "2"], input: .bytes(picture), timeLimit: .seconds(60))
        let outcome = try await programs.run(program, keeping: ByteCount(16 * 1_048_576)).checked()
        guard let bytes = outcome.output.bytes, bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) else {
            throw ProgramError.failed(
                commandLine: outcome.commandLine, termination: outcome.termination,
                errorOutput: outcome.errorOutput.lastLines(6) + ["it wrote no PNG"])
        }
        return bytes
    }
}

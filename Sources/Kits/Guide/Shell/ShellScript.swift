/// A script as a shell would read it. It is read and never run.
package struct ShellScript: Sendable {
    package private(set) var lines: [ShellLine] = []
    package private(set) var problems: [ShellProblem] = []
    /// All of its comments.
    package private(set) var comments: [(text: String, line: Int)] = []

    /// - Parameter line: of the file, on which the text begins.
    package init(_ text: String, line: Int) {
        var parser = ShellParser(text, line: line)
        while true {
            do {
                guard let found = try parser.line() else { break }
                lines.append(found)
            } catch {
                problems.append(error)
                // The rest of a broken line says nothing.
                if !parser.recover() { break }
            }
        }
        comments = parser.comments
    }
}

/// JSON as guides write it, with `//` and `/* */` comments, made into JSON that YAML reads: comments become spaces, so
/// that every line and column stays where it was.
enum JSONComments {
    static func removed(from text: String) -> String {
        var result = String.UnicodeScalarView()
        var state = State.code
        var scalars = Array(text.unicodeScalars)[...]
        while let scalar = scalars.popFirst() {
            let next = scalars.first
            switch state {
            case .code:
                if scalar == "/", next == "/" || next == "*" {
                    state = next == "/" ? .line : .block
                    scalars.removeFirst()
                    result.append(contentsOf: "  ".unicodeScalars)
                } else {
                    if scalar == "\"" { state = .string }
                    result.append(scalar)
                }
            case .string:
                result.append(scalar)
                if scalar == "\\", let next {
                    result.append(next)
                    scalars.removeFirst()
                } else if scalar == "\"" {
                    state = .code
                }
            case .line:
                if scalar == "\n" { state = .code }
                result.append(scalar == "\n" || scalar == "\r" ? scalar : " ")
            case .block:
                if scalar == "*", next == "/" {
                    state = .code
                    scalars.removeFirst()
                    result.append(contentsOf: "  ".unicodeScalars)
                } else {
                    result.append(scalar == "\n" || scalar == "\r" ? scalar : " ")
                }
            }
        }
        return String(result)
    }

    private enum State { case code, string, line, block }
}

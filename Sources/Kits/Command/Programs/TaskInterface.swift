import ArgumentParser
import Engine
import Maintenance

/// A task as programs ask for it: its options as JSON, made from the same types and words as its command, and what they
/// send as the arguments the command would get.
package struct TaskInterface: Sendable {
    package let entry: TaskEntry
    /// What is offered, in the order of the help.
    package let options: [Option]
    /// What is not: files of this machine.
    package let withheld: [String]

    package struct Option: Sendable {
        package let key: String
        /// JSON Schema 2020-12.
        package let schema: JSONValue
        let shape: OptionShape
    }

    package var declaration: TaskDeclaration { entry.declaration }

    /// JSON Schema of the object `options`.
    package var schema: JSONValue {
        var schema: [String: JSONValue] = [
            "type": "object", "additionalProperties": false,
            "properties": .object(Dictionary(uniqueKeysWithValues: options.map { ($0.key, $0.schema) })),
        ]
        if !withheld.isEmpty {
            schema["description"] = .text(
                "Not offered here, because they name files of the server: \(withheld.joined(separator: ", ")).")
        }
        return .object(schema)
    }

    /// The task for options as JSON.
    ///
    /// - Throws: `TaskInterfaceError`, which names the key.
    package func parse(_ json: [String: JSONValue]) throws(TaskInterfaceError) -> ParsedTask {
        var named: [(key: String, words: [String])] = []
        var positional: [(key: String, words: [String])] = []
        for (key, value) in json.sorted(by: { $0.key < $1.key }) where value != .null {
            guard let option = options.first(where: { $0.key == key }) else { throw unknown(key) }
            let words = try Self.words(value, option)
            if option.shape.kind == .positional {
                positional.append((key, words))
            } else {
                named.append((key, words))
            }
        }
        // In the order in which the task reads them.
        let order = options.map(\.key)
        positional.sort { (order.firstIndex(of: $0.key) ?? 0) < (order.firstIndex(of: $1.key) ?? 0) }
        let all = named + positional
        do {
            return try entry.parse(all.flatMap(\.words))
        } catch {
            throw blame(error, all)
        }
    }

    private func unknown(_ key: String) -> TaskInterfaceError {
        if withheld.contains(key) {
            return TaskInterfaceError(
                key: key, problem: "the option '\(key)' names a file of the server and is not offered here")
        }
        let near = nearest(to: key, among: options.map(\.key))
        return TaskInterfaceError(
            key: key, problem: "'\(declaration.command)' has no option '\(key.printable)'",
            hint: near.map { "Did you mean '\($0)'?" }
                ?? (options.isEmpty
                    ? "It takes none." : "There are \(options.map(\.key).joined(separator: ", "))."))
    }

    private static func words(_ value: JSONValue, _ option: Option) throws(TaskInterfaceError) -> [String] {
        let shape = option.shape
        if shape.isRepeating {
            guard let values = value.array else { throw wrong(value, option, "a list") }
            var words: [String] = []
            for value in values { words.append(try word(value, option)) }
            return words
        }
        if shape.kind == .flag {
            guard case .boolean(let flag) = value else { throw wrong(value, option, "true or false") }
            return flag ? ["--\(shape.key)"] : []
        }
        return [try word(value, option)]
    }

    /// One argument; what begins with a hyphen would be another option.
    private static func word(_ value: JSONValue, _ option: Option) throws(TaskInterfaceError) -> String {
        let shape = option.shape
        let text: String
        switch (value, shape.value) {
        case (.text(let own), .text), (.text(let own), .duration): text = own
        case (.integer(let number), .integer), (.integer(let number), .number): text = String(number)
        case (.number(let number), .number) where number.isFinite: text = String(number)
        case (.number(let number), .integer) where number == number.rounded() && number.magnitude < 1e15:
            text = String(Int64(number))
        case (.boolean(let flag), .boolean): text = String(flag)
        default: throw wrong(value, option, shape.value.words)
        }
        guard !text.utf8.contains(0), text.utf8.count <= 65_536 else {
            throw TaskInterfaceError(key: shape.key, problem: "the text is too long or has a zero in it")
        }
        guard shape.kind == .positional else { return "--\(shape.key)=\(text)" }
        guard !text.hasPrefix("-") else {
            throw TaskInterfaceError(key: shape.key, problem: "'\(text.printable)' begins with a hyphen")
        }
        return text
    }

    private static func wrong(_ value: JSONValue, _ option: Option, _ wanted: String) -> TaskInterfaceError {
        TaskInterfaceError(key: option.key, problem: "\(value.kind) stands where \(wanted) is needed")
    }

    /// Whose fault it is that the task does not take them: of the one that it does not take alone either.
    private func blame(_ error: any Error, _ all: [(key: String, words: [String])]) -> TaskInterfaceError {
        func message(_ words: [String]) -> String? {
            do {
                _ = try entry.parse(words)
                return nil
            } catch {
                return Self.clause(ErrorReport(error))
            }
        }
        let without = message([])
        for (key, words) in all {
            guard let alone = message(words), alone != without else { continue }
            return TaskInterfaceError(key: key, problem: alone)
        }
        return TaskInterfaceError(key: nil, problem: Self.clause(ErrorReport(error)))
    }

    /// Without the frame that speaks of the command line.
    private static func clause(_ report: ErrorReport) -> String {
        guard let place = report.problem.firstRange(of: "cannot be run so: ") else { return report.problem }
        var text = Substring(report.problem[place.upperBound...])
        if text.hasPrefix("Error: ") { text = text.dropFirst(7) }
        return String(text).replacingBytes(of: "'--", with: "'")
    }
}

/// What is wrong with what a program sent for a task.
package struct TaskInterfaceError: MaintenanceError, Equatable {
    /// The member it is about; nil where it is all of them together.
    package var key: String?
    package var problem: String
    package var hint: String?

    package var code: String { "task.options" }
    package var exitStatus: ExitStatus { .usage }
}

extension OptionShape.Value {
    fileprivate var words: String {
        switch self {
        case .boolean: "true or false"
        case .integer: "a whole number"
        case .number: "a number"
        case .text: "a text"
        case .duration: "a duration such as '30s'"
        case .withheld: "nothing"
        }
    }
}

extension Application {
    /// Every task as programs ask for it, by its stored name. It takes a look at every command there is.
    package func interfaces() throws -> [TaskInterface] {
        let program = try CommandDescription(program: root)
        return catalog.entries.map { entry in
            let command = program.deepest(entry.declaration.name.split(separator: ".").map(String.init))
            let shapes = optionShapes[entry.declaration.name]?() ?? []
            return TaskInterface(
                entry: entry,
                options: shapes.filter { $0.value != .withheld }.map { shape in
                    TaskInterface.Option(
                        key: shape.key, schema: shape.schema(command.argument(named: shape)), shape: shape)
                },
                withheld: shapes.filter { $0.value == .withheld }.map(\.key))
        }
    }
}

extension CommandDescription {
    fileprivate func argument(named shape: OptionShape) -> Argument? {
        arguments.first { argument in
            guard shape.kind != .positional else { return argument.kind == .positional }
            return argument.names?.contains { $0.kind == "long" && $0.name == shape.key } ?? false
        }
    }
}

extension OptionShape {
    /// What help says about it, as a schema.
    fileprivate func schema(_ argument: CommandDescription.Argument?) -> JSONValue {
        var schema: [String: JSONValue] = [:]
        switch value {
        case .boolean: schema["type"] = "boolean"
        case .integer: schema["type"] = "integer"
        case .number: schema["type"] = "number"
        case .text: schema["type"] = "string"
        case .duration:
            schema["type"] = "string"
            schema["examples"] = ["30s", "1h30m"]
        case .withheld: break
        }
        if let choices = argument?.allValues, !choices.isEmpty {
            schema["enum"] = .array(choices.map(JSONValue.text))
        }
        if isRepeating { schema = ["type": "array", "items": .object(schema)] }
        if let abstract = argument?.abstract, !abstract.isEmpty { schema["description"] = .text(abstract) }
        if let text = argument?.defaultValue, !isRepeating { schema["default"] = standard(text) }
        return .object(schema)
    }

    private func standard(_ text: String) -> JSONValue {
        switch value {
        case .boolean: .boolean(text == "true")
        case .integer: Int64(text).map(JSONValue.integer) ?? .text(text)
        case .number: Double(text).map(JSONValue.number) ?? .text(text)
        case .text, .duration, .withheld: .text(text)
        }
    }
}

import Engine
import Foundation
import Glibc
import Maintenance
import Outside
import Settings
import Store

extension Application {
    /// What `checks` configures: every check, and what is worked out of what they say.
    package var schemas: [CheckSchema] { checks.map(\.schema) + [OverallHealth.schema, ErrorRate.schema] }

    /// What the configuration reader has to know from the capabilities.
    package var vocabulary: SettingsVocabulary {
        // A command of a routine is no task of the command line, and a rule about approvals may name it all the same.
        let tasks = catalog.entries.map { ($0.declaration.command, $0.declaration.effect) } + [("command", .destroys)]
        return SettingsVocabulary(
            checks: schemas, tasks: Dictionary(uniqueKeysWithValues: tasks),
            subjects: Dictionary(
                uniqueKeysWithValues: catalog.entries.map { ($0.declaration.command, $0.declaration.subject) }),
            shippedRoutines: Dictionary(uniqueKeysWithValues: routines.map { ($0.name, $0.steps) }),
            checklists: checklists, zones: zones
        ) { [catalog] words in
            do {
                _ = try catalog.parse(words)
                return nil
            } catch EngineError.unknownTask(let name, let nearest) {
                return SettingsVocabulary.StepProblem(
                    EngineError.unknownTask(name, nearest: nearest).problem, nearest: nearest)
            } catch {
                return SettingsVocabulary.StepProblem(ErrorReport(error).problem)
            }
        }
    }

    /// Reads the configuration and opens the state.
    package func open(_ place: PlaceOptions, _ output: OutputOptions) async throws -> Session {
        try await open(place, output, with: try readConfiguration(place).inventory)
    }

    /// Opens the state, and works with a configuration that has been read already.
    package func open(_ place: PlaceOptions, _ output: OutputOptions, with inventory: Inventory) async throws -> Session
    {
        let directory = stateDirectory(place, inventory)
        let store = try Store(directory: directory, migrations: migrations)
        return Session(
            application: self, inventory: inventory,
            log: RunLog(store: store, clock: clock, actor: requester, observer: observer), stateDirectory: directory,
            output: output)
    }

    /// Opens the state for what needs nothing else: also while the configuration cannot be used, since that is when people
    /// have to hold and to reject. What is wrong with it is said, and stays the reason not to go on with anything.
    package func openState(
        _ place: PlaceOptions, _ output: OutputOptions
    ) async throws -> (session: Session, problem: ErrorReport?) {
        do {
            return (try await open(place, output), nil)
        } catch let error as ConfigurationError {
            let reader = ConfigurationReader(vocabulary: vocabulary)
            // A state that is not there yet is not made for a configuration that nobody can use.
            guard let rest = reader.rest(of: try configurationFile(place)),
                FileManager.default.fileExists(atPath: stateDirectory(place, rest) + "/mainstay.sqlite")
            else { throw error }
            let problem = ErrorReport(error)
            console.note("mainstay: the configuration cannot be used, so this is from the state alone:")
            console.note(problem.firstProblem)
            return (try await open(place, output, with: rest), problem)
        }
    }

    package func readConfiguration(_ place: PlaceOptions) throws -> ConfigurationReader.Result {
        try ConfigurationReader(vocabulary: vocabulary).read(try configurationFile(place))
    }

    /// `--config`, `MAINSTAY_CONFIG`, `mainstay.yaml` here, `/etc/mainstay/mainstay.yaml`: the first that is named or
    /// there.
    func configurationFile(_ place: PlaceOptions) throws -> String {
        if let named = place.config ?? programs.environment["MAINSTAY_CONFIG"], !named.isEmpty {
            guard FileManager.default.fileExists(atPath: named) else {
                throw CommandError.noConfiguration(searched: [named])
            }
            return named
        }
        let candidates = ["mainstay.yaml", "/etc/mainstay/mainstay.yaml"]
        guard let found = candidates.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
            throw CommandError.noConfiguration(searched: candidates)
        }
        return found
    }

    /// `--state`, `MAINSTAY_STATE`, the configuration's `state`, else the place the system has for it.
    func stateDirectory(_ place: PlaceOptions, _ inventory: Inventory) -> String {
        let environment = programs.environment
        if let named = place.state ?? environment["MAINSTAY_STATE"] ?? inventory.stateDirectory, !named.isEmpty {
            return URL(fileURLWithPath: named).standardizedFileURL.path
        }
        if geteuid() == 0 { return "/var/lib/mainstay" }
        if let base = environment["XDG_STATE_HOME"], base.hasPrefix("/") { return base + "/mainstay" }
        return (environment["HOME"] ?? NSHomeDirectory()) + "/.local/state/mainstay"
    }

    /// Shipped routines under those of the configuration.
    func routine(_ name: String, _ inventory: Inventory) throws -> [RoutineStep] {
        let book = book(inventory)
        guard let steps = book.steps(of: name) else {
            throw CommandError.noSuchRoutine(name, known: book.names)
        }
        return steps
    }

    package func book(_ inventory: Inventory) -> RoutineBook {
        RoutineBook(inventory: inventory, catalog: catalog, shipped: routines, zones: zones)
    }
}

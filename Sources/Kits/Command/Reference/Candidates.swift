import ArgumentParser
import Engine
import Maintenance
import Settings

extension CompletionKind {
    /// Marks an argument whose values only the running program knows; `Application.candidates` answers for it.
    package static var known: CompletionKind { .custom { _, _, _ in [] } }
}

extension Application {
    /// What a shell may offer for an argument, where the arguments are a completion script's question; else nil.
    ///
    /// The scripts that ArgumentParser writes ask `mainstay ---completion [WORD…] -- ARGUMENT INDEX CURSOR [WORD…]`,
    /// with an option's name or `positional@N` as ARGUMENT. Nothing to offer is an empty answer: while somebody types,
    /// an error would only be in the way.
    func candidates(_ arguments: [String]) -> [String]? {
        guard arguments.first == "---completion", let separator = arguments.firstIndex(of: "--"),
            arguments.indices.contains(separator + 1)
        else { return nil }
        let command = arguments[1..<separator].joined(separator: " ")
        let typed = arguments[(separator + 2)...].dropFirst(2)
        switch (command, arguments[separator + 1]) {
        case (_, "--environment"), (_, "--environments"):
            return configured(typed)?.environments.map(\.name) ?? []
        case ("health check", "--check"), ("health check", "--skip"): return checks.map(\.name)
        case ("run", "positional@0"), ("plan", "positional@0"):
            let own = configured(typed)?.routines.map(\.name) ?? []
            return Set(routines.map(\.name) + own).sorted()
        case ("calendar next", "positional@0"), ("calendar next", "positional@1"):
            let own = configured(typed)?.routines.map(\.name) ?? []
            return Set(routines.map(\.name) + own).sorted()
        case ("explain", "positional@0"):
            return
                (checks.flatMap { [$0.name, $0.code] } + findingPages.flatMap { [$0.name, $0.code] }
                + routines.map(\.name)).sorted()
        case ("checklist show", "positional@0"), ("checklist export", "positional@0"),
            ("checklist sign", "positional@0"), ("checklist remark", "positional@0"):
            return Set(checklists.map(\.name) + (configured(typed)?.checklists.map(\.name) ?? [])).sorted()
        case ("approve", _), ("reject", _), ("approvals show", _): return []
        case (_, "positional@0"): return ["latest"]
        default: return []
        }
    }

    private func configured(_ typed: ArraySlice<String>) -> Inventory? {
        guard var place = try? PlaceOptions.parse([]) else { return nil }
        if let option = typed.firstIndex(of: "--config"), typed.indices.contains(option + 1) {
            place.config = typed[option + 1]
        }
        return (try? readConfiguration(place))?.inventory
    }
}

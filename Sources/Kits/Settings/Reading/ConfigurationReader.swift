import Foundation
import Maintenance

/// Reads configuration files into an `Inventory`, or says everything that is wrong in them at once.
package struct ConfigurationReader: Sendable {
    private let declaration: ConfigurationSection

    package init(vocabulary: SettingsVocabulary) { declaration = ConfigurationSection(vocabulary: vocabulary) }

    /// What was read, and where its values come from that stand elsewhere.
    package struct Result: Sendable {
        package var inventory: Inventory
        /// Every value that may need the environment, a file or a command, in reading order.
        package var texts: [Reference]
        /// What is right, and may be meant otherwise; with its place, in reading order.
        package var remarks: [Problem]
    }

    /// A value that may come from elsewhere, and the key it belongs to.
    package struct Reference: Sendable {
        package var keyPath: String
        package var text: ConfiguredText
    }

    /// Reads `path`, after it the `.yaml`, `.yml` and `.json` files of the `mainstay.d` directory beside it, in the
    /// order of their names (by bytes), and at last `further` files, such as a guide's `health-check-config.json`.
    package func read(_ path: String, further: [String] = []) throws(ConfigurationError) -> Result {
        var problems: [Problem] = []
        var files = [path]
        do throws(ConfigurationError) {
            files += try Self.additions(beside: path)
        } catch {
            problems += error.problems
        }
        return try read(
            files + further, directory: URL(fileURLWithPath: path).deletingLastPathComponent().path, problems
        ) {
            file throws(ConfigurationError) in
            try ConfigurationText.read(file)
        }
    }

    /// Reads `path` and what belongs to it as it would be with another text in one file of `mainstay.d`.
    package func read(_ path: String, replacing file: ConfigurationFile, with text: String) throws(ConfigurationError)
        -> Result
    {
        let others = try Self.additions(beside: path).filter { $0 != file.path }
        return try read(
            [path] + Self.inReadingOrder(others + [file.path]),
            directory: URL(fileURLWithPath: path).deletingLastPathComponent().path, []
        ) { name throws(ConfigurationError) in
            try name == file.path ? text : ConfigurationText.read(name)
        }
    }

    /// Reads texts as if they stood in files of these names; relative paths in them begin at `directory`.
    package func read(_ texts: [(file: String, text: String)], directory: String) throws(ConfigurationError) -> Result {
        let contents = Dictionary(texts.map { ($0.file, $0.text) }) { first, _ in first }
        return try read(texts.map(\.file), directory: directory, []) { contents[$0] ?? "" }
    }

    private func read(
        _ files: [String], directory: String, _ earlier: [Problem],
        text: (String) throws(ConfigurationError) -> String
    ) throws(ConfigurationError) -> Result {
        var problems = earlier
        var trees: [Tree] = []
        var digest = CanonicalDigest()
        var guideFiles: [Tree] = []
        for file in files {
            do throws(ConfigurationError) {
                let text = try text(file)
                digest.add([file, text])
                guard let tree = try Self.tree(text, file) else { continue }
                if file.hasSuffix(".json"), HealthCheckFile.isOne(tree) {
                    guideFiles.append(tree)
                } else {
                    trees.append(tree)
                }
            } catch {
                problems += error.problems
            }
        }
        // What is missing in a file that could not be read would only be reported as missing here.
        guard problems.isEmpty else { throw ConfigurationError(problems) }
        let reading = Reading(directory: directory)
        let start = SourceLocation(file: files.first ?? "", line: 1, column: 1)
        let root = TreeMerge.merge(trees, reading) ?? Tree(value: .mapping([]), location: start)
        if root["environments"] == nil {
            reading.report("the key 'environments' is missing", at: start, "", allowed: "environments by name")
        }
        var inventory = declaration.section.format.read(root, "", reading) ?? Inventory()
        for tree in guideFiles {
            // Its keys have the names of ours, and other meanings.
            let own = Reading(directory: directory)
            HealthCheckFile(vocabulary: declaration.vocabulary).apply(tree, to: &inventory, own)
            own.problems.forEach(reading.report)
        }
        declaration.judge(inventory, reading)
        guard reading.problems.isEmpty else {
            throw ConfigurationError(
                reading.problems.enumerated().sorted {
                    Self.rank($0, files).lexicographicallyPrecedes(Self.rank($1, files))
                }.map(\.element))
        }
        inventory.sourceFiles = files
        inventory.sourceDigest = digest.hexadecimal
        inventory.locations = reading.locations
        return Result(
            inventory: inventory, texts: reading.texts.map { Reference(keyPath: $0.keyPath, text: $0.text) },
            remarks: reading.remarks(on: inventory))
    }

    /// By file in reading order, then by place, then as found.
    private static func rank(_ item: (offset: Int, element: Problem), _ files: [String]) -> [Int] {
        let location = item.element.location
        return [
            location.flatMap { files.firstIndex(of: $0.file) } ?? -1, location?.line ?? 0, location?.column ?? 0,
            item.offset,
        ]
    }

    /// One file's mapping; nil where nothing stands in it.
    static func tree(_ text: String, _ file: String) throws(ConfigurationError) -> Tree? {
        let document = YAMLDocument(file.hasSuffix(".json") ? JSONComments.removed(from: text) : text, file: file)
        guard let tree = try document.tree(), !tree.isEmpty else { return nil }
        guard tree.entries != nil else {
            throw ConfigurationError([
                Problem(
                    "\(tree.found) stands where a mapping is needed", at: tree.location,
                    allowed: "environments, checks, routines, reports, state")
            ])
        }
        return tree
    }

    static func additions(beside path: String) throws(ConfigurationError) -> [String] {
        let directory = additionsDirectory(beside: path)
        let names = try ConfigurationText.names(in: directory) ?? []
        return inReadingOrder(
            names.filter { name in
                !name.hasPrefix(".") && [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) }
            }.map { "\(directory)/\($0)" })
    }

    /// Where further files stand.
    static func additionsDirectory(beside path: String) -> String {
        let parent = path.contains("/") ? path.prefix(through: path.lastIndex(of: "/") ?? path.startIndex) : ""
        return "\(parent)mainstay.d"
    }

    /// Of one directory, by the bytes of their names.
    private static func inReadingOrder(_ paths: [String]) -> [String] {
        paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}

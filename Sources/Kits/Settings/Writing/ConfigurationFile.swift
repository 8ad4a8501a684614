import Foundation
import Maintenance
import Outside

/// A file of `mainstay.d` that a command writes whole: `mainstay.d/backups.yaml` by 'backup configure'. Its first line says
/// so, and a file without that line is somebody's own and is left alone.
package struct ConfigurationFile: Sendable {
    /// As the reader names it.
    package let path: String
    private let directory: String
    private let name: String
    private let mark: String

    /// - Parameters:
    ///   - topic: its name without `.yaml`.
    ///   - command: that writes it, as it is typed: `backup configure`.
    ///   - configuration: the main file's path.
    package init(_ topic: String, writtenBy command: String, beside configuration: String) {
        directory = ConfigurationReader.additionsDirectory(beside: configuration)
        name = "\(topic).yaml"
        path = "\(directory)/\(name)"
        mark = "# Written by 'mainstay \(command)'"
    }

    /// The text with the line that says who wrote it.
    ///
    /// - Parameter source: what it was made from. Hostile text.
    package func marked(_ body: String, from source: String) -> String {
        "\(mark) from '\(source.printable)'.\n\(body)"
    }

    /// What is there now; nil where nothing is. Throws where that is somebody's own.
    package func text() throws -> String? {
        guard try ConfigurationText.names(in: directory)?.contains(name) == true else { return nil }
        let text = try ConfigurationText.read(path)
        guard text.utf8.starts(with: mark.utf8) else { throw ConfigurationFileError.notOurs(path: path) }
        return text
    }

    /// Puts a text in the place of what is there: whole or not at all, also after a power cut.
    ///
    /// - Parameter old: what `text` said; if it is not so any more, nothing is written.
    package func write(_ text: String, over old: String?) throws {
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw ConfigurationFileError.noDirectory(directory, reason: error.localizedDescription)
        }
        let folder = try SafeDirectory(directory)
        let lock = try folder.lock()
        defer { lock.release() }
        guard try self.text() == old else { throw ConfigurationFileError.moved(path: path) }
        try folder.write(try FileName(name), Array(text.utf8))
    }
}

/// A file that a command would write and must not, or cannot.
package enum ConfigurationFileError: MaintenanceError, Hashable {
    case notOurs(path: String)
    case moved(path: String)
    case noDirectory(String, reason: String)

    package var code: String {
        switch self {
        case .notOurs: "configuration.not-ours"
        case .moved: "configuration.moved"
        case .noDirectory: "configuration.no-directory"
        }
    }

    package var problem: String {
        switch self {
        case .notOurs(let path): "'\(path.printable)' is there, and was not written by this command"
        case .moved(let path): "'\(path.printable)' was changed by somebody else meanwhile"
        case .noDirectory(let path, let reason): "'\(path.printable)' cannot be made: \(reason.printable)"
        }
    }

    package var hint: String? {
        switch self {
        case .notOurs: "Nothing was changed. Give it another name, or move what it says elsewhere."
        case .moved: "Nothing was changed. Look at it and try again."
        case .noDirectory: "Check the rights of the directory the configuration stands in."
        }
    }
}

import ArgumentParser
import Foundation

/// A file on the machine the command runs on: a type of its own, so that options of this kind are not offered to those
/// who ask over the network. Made absolute where it is typed, because a run may be resumed elsewhere.
package struct LocalPath: ExpressibleByArgument, ArgumentText, Hashable, Sendable {
    package var path: String

    package init?(argument: String) {
        guard !argument.isEmpty, !argument.utf8.contains(0) else { return nil }
        path = URL(fileURLWithPath: argument).standardizedFileURL.path
    }

    package var defaultValueDescription: String { path }
    package var argumentText: String { path }
}

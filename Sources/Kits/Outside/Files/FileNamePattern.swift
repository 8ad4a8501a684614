import Glibc

/// A shell pattern for one name: `*`, `?` and `[…]`, byte by byte (fnmatch(3)). A leading dot is matched by `*` too.
package struct FileNamePattern: Sendable, Hashable, CustomStringConvertible {
    package var description: String

    package init(_ pattern: String) { description = pattern }

    package func matches(_ name: FileName) -> Bool {
        name.withCString { fnmatch(description, $0, 0) == 0 }
    }
}

import Maintenance

/// One log and the files that were rotated from it, in one directory.
package struct LogFiles: Sendable {
    package var directory: SafeDirectory
    package var log: FileName

    package init(_ directory: SafeDirectory, _ log: FileName) {
        self.directory = directory
        self.log = log
    }

    /// A file that was rotated, as it was seen.
    package struct Rotated: Sendable {
        package var name: RotatedName
        package var fileName: FileName
        package var status: FileStatus

        /// When it was rotated; where the name does not say it, when it was written to last.
        package var rotated: Timestamp {
            if case .at(let instant) = name.place { instant } else { status.modified }
        }
    }

    package var shown: String { directory.shown(log) }

    package func status() throws(FileError) -> FileStatus? { try directory.status(of: log) }

    /// Newest first. Only regular files count.
    package func rotated() throws -> [Rotated] {
        var found: [Rotated] = []
        try directory.forEachName { name in
            guard let rotated = RotatedName(name, of: log), let status = try directory.status(of: name),
                status.kind == .file
            else { return }
            found.append(Rotated(name: rotated, fileName: name, status: status))
        }
        return found.sorted { Self.isNewer($0, $1) }
    }

    private static func isNewer(_ left: Rotated, _ right: Rotated) -> Bool {
        switch (left.name.place, right.name.place) {
        case (.number(let a), .number(let b)): a < b
        case (.at(let a), .at(let b)): (a, right.fileName) > (b, left.fileName)
        default: left.status.modified > right.status.modified
        }
    }

    /// Gives the log its rotated name; whoever has it open goes on writing into it. Throws `FileError.changed` when the
    /// log is not the file that was meant.
    package func rename(_ identity: FileIdentity, style: Style, at now: Timestamp) throws -> RotatedName {
        guard try status()?.identity == identity else { throw FileError.changed(path: shown) }
        let name = try makeRoom(style, at: now) { try directory.rename(log, to: $0) }
        try directory.synchronize()
        return name
    }

    package enum Style: Sendable, Hashable {
        case dated, numbered
    }

    /// Finds a free name and hands it to `take`, which must not replace anything.
    func makeRoom(_ style: Style, at now: Timestamp, _ take: (FileName) throws -> Void) throws -> RotatedName {
        switch style {
        case .numbered:
            try shift()
            let name = RotatedName(log: log, place: .number(1))
            try take(name.fileName)
            return name
        case .dated:
            var second = Timestamp(microseconds: now.microseconds / 1_000_000 * 1_000_000)
            while true {
                let name = RotatedName(log: log, place: .at(second))
                do {
                    let isTaken = try rotated().contains { $0.name.place == name.place }
                    if !isTaken {
                        try take(name.fileName)
                        return name
                    }
                } catch FileError.exists {}
                // Twice in a second: the next one is as good.
                second = second + .seconds(1)
            }
        }
    }

    /// `.2` becomes `.3`, then `.1` `.2`, up to the first number that is free: after a crash in the middle it is the
    /// hole that it left.
    private func shift() throws {
        let all = try rotated()
        func files(_ number: Int) -> [Rotated] { all.filter { $0.name.place == .number(number) } }
        var last = 0
        while !files(last + 1).isEmpty { last += 1 }
        for number in stride(from: last, to: 0, by: -1) {
            for file in files(number) {
                var moved = file.name
                moved.place = .number(number + 1)
                try directory.rename(file.fileName, to: moved.fileName)
            }
        }
    }

    /// What a policy does not keep, newest first: those beyond `count`, and those that were rotated before `oldest`.
    package static func surplus(_ rotated: [Rotated], count: Int?, before oldest: Timestamp?) -> [Rotated] {
        rotated.enumerated().filter { index, file in
            count.map { index >= $0 } ?? false || oldest.map { file.rotated < $0 } ?? false
        }.map(\.element)
    }
}

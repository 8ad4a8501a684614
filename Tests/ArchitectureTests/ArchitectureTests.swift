import Testing

@Suite("architecture")
struct ArchitectureTests {
    /// Lowest first. A file may import only what stands before its own target; capabilities share one place.
    static let order = [
        "Maintenance", "Outside", "Page", "Web", "PostgreSQL", "Backup", "Store", "Calendar", "Alert", "Monitor",
        "Settings", "Guide", "Engine", "Command", "Report", "Composition",
    ]

    @Test("no import of the house points up or sideways")
    func importsPointDown() throws {
        let declared = try SourceTree.declaredImports()
        #expect(declared.count >= 9)
        let house = Set(declared.keys)
        for file in try SourceTree.files(under: "Sources/Kits") + SourceTree.files(under: "Sources/Capabilities") {
            let parts = file.path.split(separator: "/")
            let (layer, target) = (parts[1], String(parts[2]))
            let allowed = try #require(declared[target], "\(file.path) is in no target of Package.swift")
            for module in file.imports where house.contains(module) {
                #expect(allowed.contains(module), "\(file.path) imports \(module), which Package.swift does not name")
                if layer == "Capabilities" {
                    #expect(Self.order.contains(module), "\(file.path) imports the capability \(module)")
                } else {
                    let own = try #require(Self.order.firstIndex(of: target), "\(target) has no place in the order")
                    let other = try #require(Self.order.firstIndex(of: module), "\(module) has no place in the order")
                    #expect(other < own, "\(file.path) imports \(module), which stands above it")
                }
            }
        }
    }

    @Test(
        "a library stays in the rooms that may know it",
        arguments: [
            ("GRDB", ["Sources/Kits/Store/"]),
            ("GRDBSQLite", ["Sources/Kits/Store/"]),
            ("CLibPQ", ["Sources/Kits/PostgreSQL/"]),
            ("CZstd", ["Sources/Kits/Backup/"]),
            ("CMarkGFM", ["Sources/Kits/Guide/"]),
            ("Yams", ["Sources/Kits/Settings/"]),
            ("Subprocess", ["Sources/Kits/Outside/"]),
            ("NIOCore", ["Sources/Kits/Outside/", "Sources/Kits/Web/"]),
            (
                "ArgumentParser",
                [
                    "Sources/Kits/Command/", "Sources/Kits/Report/", "Sources/Kits/Composition/",
                    "Sources/Capabilities/", "Sources/mainstay/", "Sources/mainstay-bench/",
                ]
            ),
        ])
    func librariesStay(module: String, rooms: [String]) throws {
        for file in try SourceTree.files(under: "Sources") where file.imports.contains(module) {
            #expect(rooms.contains { file.path.hasPrefix($0) }, "\(file.path) imports \(module)")
        }
    }

    @Test(
        "what only a few files may do, only they do",
        arguments: [
            // The clock is a value.
            ("Date()", ["Sources/Kits/Outside/Time/"]),
            ("Task.sleep", ["Sources/Kits/Outside/Time/"]),
            // Output goes through the console.
            (" print(", ["Sources/Kits/Command/"]),
            // Unstructured work: what outlives a cancellation, what is shared by several callers, what signals cancel.
            (
                " Task {",
                [
                    "Sources/Kits/Outside/DespiteCancellation.swift", "Sources/Kits/Engine/Run/Sessions.swift",
                    "Sources/Kits/Command/Interruption.swift",
                    "Sources/Capabilities/Dashboard/Status/StatusShelf.swift",
                ]
            ),
            ("try!", []), ("as!", []), ("nonisolated(unsafe)", []),
            ("fatalError(", []),
        ])
    func fewMay(text: String, files: [String]) throws {
        for file in try SourceTree.files(under: "Sources") where !file.path.hasPrefix("Sources/MaintenanceTesting/") {
            for (number, line) in file.lines.enumerated() where line.contains(text) && !line.isComment {
                #expect(files.contains { file.path.hasPrefix($0) }, "\(file.path):\(number + 1) has '\(text)'")
            }
        }
    }

    @Test("nothing is public but what a foreign protocol demands")
    func nothingIsPublic() throws {
        for file in try SourceTree.files(under: "Sources") where !file.text.contains("@retroactive") {
            for (number, line) in file.lines.enumerated() where line.drop(while: { $0 == " " }).hasPrefix("public ") {
                Issue.record("\(file.path):\(number + 1) is public")
            }
        }
    }

    @Test("no file holds two ideas")
    func filesAreShort() throws {
        for file in try SourceTree.files(under: "Sources") + SourceTree.files(under: "Tests") {
            #expect(file.lines.count <= 401, "\(file.path) has \(file.lines.count) lines")
        }
    }

    @Test("the rules find what breaks them")
    func rulesCanFail() {
        let file = SourceTree.File(
            path: "x.swift", text: "@testable import Engine\nimport struct Foundation.Date\n// import No")
        #expect(file.imports == ["Engine", "Foundation"])
        #expect(Substring("    /// print(").isComment)
        #expect(!Substring("    print(1) // no").isComment)
    }
}

extension Substring {
    fileprivate var isComment: Bool { drop { $0 == " " }.hasPrefix("//") }
}

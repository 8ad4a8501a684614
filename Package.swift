// swift-tools-version: 6.2
import PackageDescription

// Reads as the architecture diagram: a target may import only what its line names, and every arrow points down.
// `ArchitectureTests` holds the sources against these lines, because the compiler alone does not.

let package = Package(
    name: "mainstay",
    products: [.executable(name: "mainstay", targets: ["mainstay"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // The words, as types. No input or output.
        kit("Maintenance", external: [.crypto]),

        // The outside world, behind small types.
        kit(
            "Outside", ["Maintenance", "CShims"],
            external: [.subprocess, .systemPackage, .nio, .nioPosix, .nioHTTP1, .nioTLS, .nioSSL, .nioHTTP2]),
        kit("Page", ["Maintenance"], external: [.crypto]),
        // HTTP/1.1 for whoever asks, with limits on everything a stranger can send.
        kit("Web", ["Maintenance", "Outside", "Page"], external: [.nio, .nioPosix, .nioHTTP1, .nioSSL]),
        kit("PostgreSQL", ["Maintenance", "Outside", "CLibPQ", "CXXHash"], external: [.crypto]),
        kit("Backup", ["Maintenance", "Outside", "PostgreSQL", "CXXHash", "CZstd"], external: [.crypto]),
        kit("Store", ["Maintenance", "Outside"], external: [.grdb, .grdbSQLite]),
        kit("Calendar", ["Maintenance", "Outside"]),
        // Who is told what and when: a state machine of values, without input or output.
        kit("Alert", ["Maintenance", "Calendar"]),
        // How checks stand that run all the time, and when they run: values, without input or output.
        kit("Monitor", ["Maintenance"]),
        kit("Settings", ["Maintenance", "Outside", "Calendar", "Alert"], external: [.yams]),

        // A team's own guide, read: headings, blocks, commands, schedules, thresholds. Runs nothing.
        kit("Guide", ["Maintenance", "Calendar", "CMarkGFM"], external: [.crypto]),

        // The one choke point: survey, plan, apply, prove.
        kit(
            "Engine", ["Maintenance", "Outside", "PostgreSQL", "Store", "Calendar", "Alert", "Monitor", "Settings"],
            external: [.crypto]),

        // The command line, and what a capability is.
        kit(
            "Command", ["Maintenance", "Outside", "Store", "Calendar", "Settings", "Engine"],
            external: [.argumentParser]),
        // Reports of every kind: one document, written as a page, PDF, Markdown, JSON or CSV.
        kit(
            "Report", ["Maintenance", "Outside", "Page", "Alert", "Settings", "Engine", "Command"],
            external: [.argumentParser, .crypto]),
        kit("Composition", ["Command", "Engine", "Store"], external: [.argumentParser]),

        capability(
            "Health",
            [
                "Maintenance", "Outside", "PostgreSQL", "Backup", "Monitor", "Settings", "Engine", "Command",
                "Composition",
            ]),
        capability(
            "DatabaseCare",
            [
                "Maintenance", "Outside", "PostgreSQL", "Page", "Report", "Settings", "Engine", "Command",
                "Composition",
            ]),
        capability(
            "DataIntegrity", ["Maintenance", "Outside", "PostgreSQL", "Settings", "Engine", "Command", "Composition"]),
        capability(
            "Backups",
            [
                "Maintenance", "Outside", "PostgreSQL", "Backup", "Page", "Report", "Calendar", "Settings", "Engine",
                "Command", "Composition",
            ]),
        capability(
            "Checklists",
            ["Maintenance", "Outside", "Page", "Settings", "Engine", "Command", "Composition"],
            external: [.argumentParser, .crypto]),
        capability(
            "Logs", ["Maintenance", "Outside", "Settings", "Engine", "Command", "Composition"],
            external: [.argumentParser, .crypto]),
        capability(
            "Reports",
            [
                "Maintenance", "Outside", "Page", "Calendar", "Monitor", "Report", "Settings", "Engine", "Command",
                "Composition",
            ],
            external: [.argumentParser, .crypto]),

        capability(
            "Alerts",
            ["Maintenance", "Outside", "Calendar", "Alert", "Monitor", "Settings", "Engine", "Command", "Composition"],
            external: [.argumentParser, .crypto]),

        // What a browser and a program see of all the others, and who may see and do it.
        capability(
            "Dashboard",
            [
                "Maintenance", "Outside", "Page", "Web", "Backup", "Store", "Calendar", "Alert", "Settings", "Engine",
                "Command", "Report", "Composition",
            ],
            external: [.argumentParser, .crypto, .cryptoExtras]),
        capability(
            "Guides",
            [
                "Maintenance", "Outside", "PostgreSQL", "Store", "Calendar", "Alert", "Settings", "Guide", "Page",
                "Report",
                "Engine", "Command", "Composition",
            ], external: [.argumentParser, .crypto]),

        capability("History", ["Maintenance", "Outside", "Settings", "Engine", "Command", "Composition"]),

        .executableTarget(
            name: "mainstay",
            dependencies: [
                "Maintenance", "Outside", "Engine", "Command", "Composition", "Health", "DatabaseCare", "DataIntegrity",
                "Alerts", "Backups", "Checklists", "Dashboard", "Guides", "Logs", "Reports", "History", "Settings",
                .argumentParser,
            ],
            swiftSettings: strict()),

        .executableTarget(
            name: "mainstay-bench",
            dependencies: [
                "Maintenance", "Outside", "PostgreSQL", "Store", "Calendar", "Monitor", "Settings", "Engine",
                "Command", "Composition", "Alerts", .argumentParser,
            ],
            swiftSettings: strict()),

        .target(
            name: "MaintenanceTesting",
            dependencies: ["Maintenance", "Outside", "PostgreSQL", "Backup", "Store", "Settings", "Engine"],
            swiftSettings: strict()),
        tests("Architecture", []),
        tests("Store", ["Maintenance", "MaintenanceTesting", "Engine", "Outside", "PostgreSQL", "Store"]),
        tests(
            "Engine",
            [
                "Calendar", "Maintenance", "MaintenanceTesting", "Monitor", "Engine", "Outside", "PostgreSQL",
                "Settings", "Store",
            ]),
        tests(
            "Conformance",
            [
                "Maintenance", "MaintenanceTesting", "Command", "Composition", "Engine", "PostgreSQL", "Settings",
                "mainstay",
            ]),
        tests(
            "Documents",
            ["Command", "Engine", "Maintenance", "MaintenanceTesting", "Outside", "PostgreSQL", "Settings", "mainstay"]),
        tests(
            "EndToEnd",
            [
                "Backup", "Command", "Engine", "Maintenance", "MaintenanceTesting", "Outside", "PostgreSQL", "Store",
                "mainstay",
            ]),
        tests(
            "Logs",
            [
                "Command", "Composition", "Engine", "Logs", "Maintenance", "MaintenanceTesting", "Outside", "Settings",
                "Store",
            ]),
        tests("Maintenance", ["Maintenance", "MaintenanceTesting", "Outside"], external: [.crypto]),
        tests("Outside", ["CShims", "Maintenance", "MaintenanceTesting", "Outside"]),
        tests("Command", ["Command", "Maintenance", "MaintenanceTesting", "Outside"]),
        tests("Report", ["Engine", "Maintenance", "MaintenanceTesting", "Page", "Report"]),
        tests("Page", ["Maintenance", "MaintenanceTesting", "Outside", "Page"], external: [.crypto]),
        tests(
            "Reports",
            [
                "Alert", "Calendar", "Command", "Composition", "Engine", "Maintenance", "MaintenanceTesting", "Monitor",
                "Outside", "Page", "Report", "Reports", "Settings", "Store",
            ]),
        tests(
            "History",
            ["Command", "Engine", "History", "Maintenance", "MaintenanceTesting", "Outside", "Settings", "Store"]),
        tests(
            "Backups",
            [
                "Backup", "Backups", "Calendar", "Command", "Composition", "Engine", "Maintenance",
                "MaintenanceTesting", "Outside", "Page", "PostgreSQL", "Report", "Settings",
            ]),
        tests("Backup", ["Backup", "Maintenance", "MaintenanceTesting", "Outside", "PostgreSQL"]),
        tests("PostgreSQL", ["Maintenance", "MaintenanceTesting", "Outside", "PostgreSQL"]),
        tests("Monitor", ["Maintenance", "Monitor", "Outside"]),
        tests("Alert", ["Alert", "Calendar", "Maintenance", "MaintenanceTesting", "Outside"]),
        tests(
            "Alerts",
            [
                "Alert", "Alerts", "Calendar", "Command", "Engine", "Maintenance", "MaintenanceTesting", "Monitor",
                "Outside",
                "Settings", "Store", "mainstay",
            ]),
        tests("Web", ["Maintenance", "MaintenanceTesting", "Outside", "Page", "Web"]),
        tests(
            "Dashboard",
            [
                "Alert", "Calendar", "Command", "Composition", "Dashboard", "Engine", "Maintenance",
                "MaintenanceTesting",
                "Outside", "Page", "Settings", "Store", "Web", "mainstay",
            ], external: [.argumentParser]),
        tests("Guide", ["Calendar", "Guide", "Maintenance", "MaintenanceTesting", "Outside"]),
        tests(
            "Guides",
            [
                "Calendar", "Command", "Composition", "Engine", "Guide", "Guides", "Maintenance", "MaintenanceTesting",
                "Outside", "PostgreSQL", "Settings", "mainstay",
            ]),
        tests("Calendar", ["Calendar", "Maintenance", "MaintenanceTesting", "Outside"]),
        tests("Settings", ["Alert", "Calendar", "Maintenance", "MaintenanceTesting", "Outside", "Settings"]),
        tests(
            "Health",
            [
                "Backup", "Maintenance", "MaintenanceTesting", "Monitor", "Outside", "PostgreSQL", "Settings", "Engine",
                "Command",
                "Composition", "Health",
            ], external: [.argumentParser]),
        tests(
            "DatabaseCare",
            [
                "Maintenance", "MaintenanceTesting", "Outside", "PostgreSQL", "Page", "Report", "Settings", "Engine",
                "Command", "Composition",
                "DatabaseCare",
            ]),
        tests(
            "DataIntegrity",
            [
                "Maintenance", "MaintenanceTesting", "Outside", "PostgreSQL", "Settings", "Engine", "Command",
                "Composition",
                "DataIntegrity",
            ]),

        .target(name: "CShims", linkerSettings: [.linkedLibrary("resolv")]),
        .systemLibrary(
            name: "CLibPQ", path: "Sources/CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(
            name: "CMarkGFM", path: "Sources/CMarkGFM", pkgConfig: "libcmark-gfm",
            providers: [.apt(["libcmark-gfm-dev", "libcmark-gfm-extensions-dev"])]),
        .systemLibrary(
            name: "CXXHash", path: "Sources/CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
        .systemLibrary(
            name: "CZstd", path: "Sources/CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    ]
)

/// What there is one of: beneath the capabilities, knowing none of them.
func kit(_ name: String, _ kits: [String] = [], external: [Target.Dependency] = []) -> Target {
    .target(
        name: name, dependencies: kits.map { .byName(name: $0) } + external, path: "Sources/Kits/\(name)",
        swiftSettings: strict())
}

/// One area of maintenance, everything about it inside. No capability imports another.
func capability(_ name: String, _ kits: [String], external: [Target.Dependency] = [.argumentParser]) -> Target {
    .target(
        name: name, dependencies: kits.map { .byName(name: $0) } + external, path: "Sources/Capabilities/\(name)",
        swiftSettings: strict())
}

func tests(_ name: String, _ targets: [String], external: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: targets.map { .byName(name: $0) } + external, path: "Tests/\(name)Tests",
        swiftSettings: strict())
}

func strict() -> [SwiftSetting] {
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .treatAllWarnings(as: .error),
    ]
}

extension Target.Dependency {
    static var argumentParser: Self { .product(name: "ArgumentParser", package: "swift-argument-parser") }
    static var crypto: Self { .product(name: "Crypto", package: "swift-crypto") }
    static var cryptoExtras: Self { .product(name: "CryptoExtras", package: "swift-crypto") }
    static var grdb: Self { .product(name: "GRDB", package: "GRDB.swift") }
    static var grdbSQLite: Self { .product(name: "GRDBSQLite", package: "GRDB.swift") }
    static var nio: Self { .product(name: "NIOCore", package: "swift-nio") }
    static var nioHTTP1: Self { .product(name: "NIOHTTP1", package: "swift-nio") }
    static var nioPosix: Self { .product(name: "NIOPosix", package: "swift-nio") }
    static var nioTLS: Self { .product(name: "NIOTLS", package: "swift-nio") }
    static var nioHTTP2: Self { .product(name: "NIOHTTP2", package: "swift-nio-http2") }
    static var nioSSL: Self { .product(name: "NIOSSL", package: "swift-nio-ssl") }
    static var subprocess: Self { .product(name: "Subprocess", package: "swift-subprocess") }
    static var systemPackage: Self { .product(name: "SystemPackage", package: "swift-system") }
    static var yams: Self { .product(name: "Yams", package: "Yams") }
}

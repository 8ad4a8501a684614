import Foundation
import Maintenance
import Settings
import Testing

@Suite("a guide's health-check-config.json")
struct HealthCheckFileTests {
    /// As it stands in the environment management guide, comment included.
    static let guide = """
        // health-check-config.json
        {
          "environments": ["production", "test", "training", "development"],
          "checks": {
            "database_connectivity": {
              "timeout": 30000,
              "retry_count": 3,
              "alert_threshold": "critical"
            },
            "schema_integrity": {
              "check_interval": "1h",
              "alert_threshold": "warning"
            },
            "data_consistency": {
              "check_interval": "6h",
              "sample_size": 1000,
              "alert_threshold": "warning"
            },
            "performance_metrics": {
              "check_interval": "15m",
              "thresholds": {
                "response_time": 5000,
                "cpu_usage": 80,
                "memory_usage": 85
              }
            }
          }
        }
        """
    static let file = "mainstay.d/health-check-config.json"
    static let main = "environments: { production: {}, test: {}, training: {}, development: {}, other: {} }"

    @Test("is accepted as written, and every value of it has its place")
    func acceptsTheGuide() throws {
        let inventory = try reader.read([("mainstay.yaml", Self.main), (Self.file, Self.guide)], directory: "/")
            .inventory
        for name in ["production", "test", "training", "development"] {
            let connectivity = inventory.check("connectivity", in: name)
            #expect(connectivity.timeout == Written(.seconds(30), at: .init(file: Self.file, line: 6, column: 18)))
            #expect(connectivity.retries?.value == 3)
            #expect(connectivity.alertThreshold?.value == .critical)
            #expect(inventory.check("schema", in: name).interval?.value == .seconds(3_600))
            let consistency = inventory.check("foreign-keys", in: name)
            #expect(consistency.options["sample-size"]?.value == 1_000)
            #expect(consistency.interval?.value == .seconds(6 * 3_600))
            #expect(inventory.check("response-time", in: name).warning?.value == .at(5))
            #expect(inventory.check("processor", in: name).warning?.value == .at(80))
            #expect(inventory.check("memory", in: name).warning?.value == .at(85))
            #expect(inventory.check("memory", in: name).critical == nil)
            #expect(inventory.check("memory", in: name).interval?.value == .seconds(900))
        }
        #expect(inventory.check("connectivity", in: "other") == CheckSetting())
    }

    @Test("a threshold at or beyond the check's other one switches that off")
    func keepsTheOrder() throws {
        let text = Self.guide.replacing("\"response_time\": 5000", with: "\"response_time\": 9000")
        let inventory = try reader.read([("mainstay.yaml", Self.main), (Self.file, text)], directory: "/").inventory
        #expect(inventory.check("response-time", in: "test").warning?.value == .at(9))
        #expect(inventory.check("response-time", in: "test").critical?.value == CheckSetting.Limit.none)
    }

    @Test("what waits for the scheduler and for alerts is shown")
    func showsWhatWaits() throws {
        let inventory = try reader.read([("mainstay.yaml", Self.main), (Self.file, Self.guide)], directory: "/")
            .inventory
        let text = EffectiveConfiguration(vocabulary: vocabulary).text(inventory)
        #expect(text.contains("\nenvironments:  # mainstay.yaml:1:1\n"))
        #expect(text.contains("\n        every: 1h\n"))
        #expect(text.contains("#   test schema: alerts from warning on (\(Self.file):12:26)\n"))
    }

    @Test("its mistakes are located")
    func locatesMistakes() {
        let text = Self.guide
            .replacing("\"training\"", with: "\"trainig\"")
            .replacing("\"timeout\": 30000", with: "\"timeout\": \"30s\"")
            .replacing("\"alert_threshold\": \"critical\"", with: "\"alert_threshold\": \"severe\"")
            .replacing("\"cpu_usage\": 80", with: "\"cpu_use\": 80")
            .replacing("\"1h\"", with: "60")
        #expect(
            problems([("mainstay.yaml", Self.main), (Self.file, text)]) == [
                "\(Self.file):3:42: environments: there is no environment 'trainig' "
                    + "(did you mean 'training'? allowed: production, test, training, development, other)",
                "\(Self.file):6:18: checks.database_connectivity.timeout: '30s' is not allowed here "
                    + "(allowed: a whole number from 1 to 86400000)",
                "\(Self.file):8:26: checks.database_connectivity.alert_threshold: 'severe' is not allowed here "
                    + "(allowed: info, warning, critical)",
                "\(Self.file):11:25: checks.schema_integrity.check_interval: '60' has no unit "
                    + "(did you mean '60s'? allowed: a duration from 1s to 366d, such as 30s or 1h30m)",
                "\(Self.file):23:9: checks.performance_metrics.thresholds.cpu_use: unknown key 'cpu_use' "
                    + "(did you mean 'cpu_usage'?)",
            ])
    }

    @Test("a setting that stands in our own files too names both places")
    func refusesDuplicates() {
        let own = Self.main.replacing("test: {}", with: "test: { checks: { connectivity: { timeout: 5s } } }")
        #expect(
            problems([("mainstay.yaml", own), (Self.file, Self.guide)]) == [
                "\(Self.file):6:18: checks.database_connectivity.timeout: 'timeout' is already defined at mainstay.yaml:1:76"
            ])
    }

    @Test("a setting that no check takes over is refused instead of being ignored")
    func refusesUnused() {
        let none = ConfigurationReader(
            vocabulary: .init(checks: [
                .init(name: "response-time", summary: "", guideKeys: ["performance_metrics.response_time"])
            ]))
        let error = #expect(throws: ConfigurationError.self) {
            try none.read([("mainstay.yaml", Self.main), (Self.file, Self.guide)], directory: "/")
        }
        #expect(
            error?.problems.map(\.keyPath) == [
                "checks.database_connectivity", "checks.schema_integrity", "checks.data_consistency",
                "checks.performance_metrics.thresholds.cpu_usage", "checks.performance_metrics.thresholds.memory_usage",
            ])
    }
}

/// A team's own file of thresholds.
@Suite("a file of thresholds")
struct ThresholdFileTests {
    private func read(_ text: String) throws -> ThresholdFile {
        try ThresholdFile(text, file: "custom-thresholds.json", vocabulary)
    }

    @Test(
        "in the guides' words, with or without the key around them, a number is where the warning begins",
        arguments: [
            #"{ "response_time": 750, "cpu_usage": { "warning": 70, "critical": 90 } }"#,
            #"{ "thresholds": { "response_time": 750, /* in ms */ "cpu_usage": { "warning": 70, "critical": 90 } } }"#
                .replacing("/* in ms */ ", with: ""),
        ])
    func guideWords(text: String) throws {
        let checks = try read(text).checks
        #expect(checks["response-time"]?.warning?.value == .at(0.75))
        #expect(checks["processor"]?.warning?.value == .at(70))
        #expect(checks["processor"]?.critical?.value == .at(90))
        #expect(checks["memory"] == nil)
    }

    @Test("checks by their own names have the keys of the configuration, and what is written reads the same")
    func ownNames() throws {
        let file = try read(#"{ "memory": { "warning": "60%", "retries": 2 }, "resource_usage": 80 }"#)
        #expect(file.checks["processor"]?.warning?.value == .at(80))
        let place = ConfigurationFile("thresholds", writtenBy: "monitor configure", beside: "/x/mainstay.yaml")
        let text = file.text(for: place, source: "custom-thresholds.json")
        let inventory = try reader.read(
            [("mainstay.yaml", "environments: { test: {} }"), ("mainstay.d/thresholds.yaml", text)], directory: "/"
        ).inventory
        #expect(inventory.checks["memory"]?.retries?.value == 2)
        #expect(inventory.checks["processor"]?.warning?.value == .at(80))
    }

    @Test("a rate of errors is percent, or the share where it is less than one")
    func errorRate() throws {
        let percent = try read(#"{ "error_rate": 5, "cpu_usage": 80 }"#)
        #expect(percent.unsupported.isEmpty)
        #expect(percent.checks["errors"]?.warning?.value == .at(5))
        #expect(percent.checks["processor"]?.warning?.value == .at(80))
        let share = try read(#"{ "error_rate": { "warning": 0.25, "critical": 0.5 } }"#)
        #expect(share.checks["errors"]?.warning?.value == .at(25))
        #expect(share.checks["errors"]?.critical?.value == .at(50))
    }

    @Test("a share that is worked out of other answers has no attempts and no pace of its own")
    func workedOut() {
        let main = "environments: { test: {} }\nchecks: { errors: { retries: 2 } }"
        #expect(problems(main).contains { $0.contains("unknown key 'retries'") }, "\(problems(main))")
        #expect(problems("environments: { test: {} }\nchecks: { errors: { warning: 5%, critical: 9% } }").isEmpty)
    }

    @Test("what is wrong is refused")
    func refused() throws {
        #expect(throws: ConfigurationError.self) { try read(#"{ "cpu_usge": 80 }"#) }
        #expect(throws: ConfigurationError.self) { try read(#"{ "cpu_usage": { "warning": 90, "critical": 80 } }"#) }
        #expect(throws: ConfigurationError.self) { try read("[]") }
    }

    @Test("a health-check-config.json becomes one of our files, with its environments monitored")
    func automates() throws {
        let directory = FileManager.default.temporaryDirectory.path
        let path = "\(directory)/health-check-config-\(UInt64.random(in: 0 ... .max)).json"
        try HealthCheckFileTests.guide.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let inventory = try reader.read([("mainstay.yaml", HealthCheckFileTests.main)], directory: "/").inventory
        let place = ConfigurationFile("health-checks", writtenBy: "health automate", beside: "/x/mainstay.yaml")
        let text = try HealthCheckFile.text(reading: path, for: place, in: inventory, vocabulary)
        let taken = try reader.read(
            [("mainstay.yaml", HealthCheckFileTests.main), ("mainstay.d/health-checks.yaml", text)], directory: "/"
        ).inventory
        #expect(taken.monitoring?.environments?.map(\.value) == ["production", "test", "training", "development"])
        #expect(taken.check("connectivity", in: "production").retries?.value == 3)
        #expect(taken.check("foreign-keys", in: "training").interval?.value == .seconds(6 * 3_600))
        #expect(taken.check("processor", in: "test").warning?.value == .at(80))
        #expect(taken.check("connectivity", in: "other") == CheckSetting())
    }
}

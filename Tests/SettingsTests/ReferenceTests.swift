import Settings
import Testing

@Suite("the reference page")
struct ReferenceTests {
    private let page = ConfigurationReference(vocabulary: vocabulary).markdown

    @Test(
        "has every key with its values, its default and its meaning",
        arguments: [
            "| `environments` | a mapping from environment to: a mapping |  | What is maintained: environments by name. |",
            "| `connect-timeout` | a duration from 1s to 10m, such as 30s or 1h30m | `10s` | How long one attempt to connect may take. |",
            "| `older-than` | an age of at least 1m, such as 7d, 12mo or 7y | (required) | How long ago a file has to have been changed last. |",
            "| `compress` | gzip, zstd, none | `gzip` | How rotated files are compressed. |",
            "| `warning` | a percentage from 0% to 100%, such as 80%, or none | `80%` | From this value on it is a warning. |",
            "## `environments.<environment>.resources.<resource>.rotate.keep`", "## `checks.foreign-keys`",
            "Exactly one of `url`, `service`, `connection`.", "With `kind: storage`:",
        ])
    func listsKeys(line: String) {
        #expect(page.split(separator: "\n").contains { $0 == line }, "\(page)")
    }

    @Test("describes the checks once")
    func describesChecksOnce() {
        #expect(page.split(separator: "\n").filter { $0.hasPrefix("| `sample-size` |") }.count == 1)
        #expect(page.contains("| `checks` | as the top-level 'checks' |"))
    }
}

/// What this program is called and which release it is, as `--version`, reports and certificates say it.
package enum Release {
    package static let version = "0.1.0"
    package static let name = "mainstay \(version)"
}

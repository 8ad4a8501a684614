import Foundation

/// How much a test with many equal cases does: the soak does all of them, the tests those that differ most.
package enum Soak {
    /// Whether `scripts/soak` runs it (`MAINSTAY_SOAK` is its number of seeds).
    package static let isOn = ProcessInfo.processInfo.environment["MAINSTAY_SOAK"] != nil

    /// Some of them, as far apart in their order as can be; all of them in the soak.
    package static func some<Case>(_ cases: [Case], _ count: Int) -> [Case] {
        guard !isOn, cases.count > count, count > 1 else { return isOn ? cases : Array(cases.prefix(count)) }
        return (0..<count).map { cases[$0 * (cases.count - 1) / (count - 1)] }
    }
}

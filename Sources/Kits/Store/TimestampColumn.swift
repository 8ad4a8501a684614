import Maintenance

/// UTC microseconds in a BIGINT.
extension Timestamp: StoreConvertible {
    package var storeValue: StoreValue { .integer(microseconds) }
    package init?(storeValue: StoreValue) {
        guard case .integer(let microseconds) = storeValue else { return nil }
        self.init(microseconds: microseconds)
    }
}

extension StepState: StoreConvertible {}
extension RunState: StoreConvertible {}
extension ChangeState: StoreConvertible {}
extension Severity: StoreConvertible {}
extension Measurement.Unit: StoreConvertible {}

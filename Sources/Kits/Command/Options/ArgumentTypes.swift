import ArgumentParser
import Maintenance

extension Duration: @retroactive ExpressibleByArgument, ArgumentText {
    public init?(argument: String) { self.init(argument) }
    public var defaultValueDescription: String { canonical }
    package var argumentText: String { canonical }
}

/// A span that may be in months: `7d`, `12mo`.
extension Period: ExpressibleByArgument, ArgumentText {
    package init?(argument: String) { self.init(argument) }
    package var defaultValueDescription: String { description }
    package var argumentText: String { description }
}

extension ByteCount: ExpressibleByArgument, ArgumentText {
    package init?(argument: String) { self.init(argument) }
    package var defaultValueDescription: String { description }
    package var argumentText: String { String(bytes) }
}

extension Severity: ExpressibleByArgument {}

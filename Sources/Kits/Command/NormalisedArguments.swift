import ArgumentParser
import Maintenance

/// The one way of writing down what was asked: every option that has a value as `--name=value`, sorted, flags that are
/// set as `--name`, positional arguments at the end. Parsing them again gives the same options.
func normalisedArguments(of options: some ParsableArguments) -> [String] {
    var named: [String] = []
    var positional: [String] = []
    collect(options, into: &named, &positional)
    return named.sorted() + positional
}

private func collect(_ options: Any, into named: inout [String], _ positional: inout [String]) {
    for child in Mirror(reflecting: options).children {
        guard let label = child.label, let wrapper = child.value as? any ParsedWrapper else { continue }
        switch wrapper.parsedRole {
        case .group: collect(wrapper.parsedValue, into: &named, &positional)
        case .positional: positional += texts(wrapper.parsedValue)
        case .named:
            let name = "--" + label.drop { $0 == "_" }.kebabCased
            if let flag = wrapper.parsedValue as? Bool {
                if flag { named.append(name) }
            } else {
                named += texts(wrapper.parsedValue).map { "\(name)=\($0)" }
            }
        }
    }
}

private func texts(_ value: Any) -> [String] {
    switch value {
    case let values as [any ExpressibleByArgument]: values.flatMap { texts($0) }
    case let value as any ArgumentText: [value.argumentText]
    case let value as any OptionalArgument: value.wrapped.map { texts($0) } ?? []
    case let value as any RawRepresentable<String>: [value.rawValue]
    default: [String(describing: value)]
    }
}

/// A value whose description is not what an argument looks like.
package protocol ArgumentText {
    var argumentText: String { get }
}

private protocol OptionalArgument { var wrapped: Any? { get } }
extension Optional: OptionalArgument { fileprivate var wrapped: Any? { self } }

private enum ParsedRole { case named, positional, group }

/// ArgumentParser's property wrappers, as a mirror finds them.
private protocol ParsedWrapper {
    var parsedValue: Any { get }
    var parsedRole: ParsedRole { get }
}

extension Option: ParsedWrapper {
    fileprivate var parsedValue: Any { wrappedValue }
    fileprivate var parsedRole: ParsedRole { .named }
}

extension Flag: ParsedWrapper {
    fileprivate var parsedValue: Any { wrappedValue }
    fileprivate var parsedRole: ParsedRole { .named }
}

extension Argument: ParsedWrapper {
    fileprivate var parsedValue: Any { wrappedValue }
    fileprivate var parsedRole: ParsedRole { .positional }
}

extension OptionGroup: ParsedWrapper {
    fileprivate var parsedValue: Any { wrappedValue }
    fileprivate var parsedRole: ParsedRole { .group }
}

extension StringProtocol {
    /// `olderThan` as `older-than`, as ArgumentParser names its options.
    var kebabCased: String {
        reduce(into: "") { result, character in
            if character.isUppercase {
                if !result.isEmpty { result.append("-") }
                result += character.lowercased()
            } else {
                result.append(character)
            }
        }
    }
}

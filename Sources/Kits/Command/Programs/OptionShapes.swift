import ArgumentParser
import Maintenance

/// One option of a task as its own type has it: what a program may send for it follows from that and from nothing else.
struct OptionShape: Sendable, Hashable {
    /// As ArgumentParser names it: `older-than`.
    var key: String
    var kind: Kind
    var value: Value
    var isRepeating: Bool

    enum Kind: Sendable, Hashable { case flag, option, positional }

    /// What the type takes.
    enum Value: Sendable, Hashable {
        case boolean, integer, number, text
        /// `30s`
        case duration
        /// A file on this machine, or something a program cannot say: not for those who ask over the network.
        case withheld
    }

    /// Of every property of an options type, groups included.
    static func all(of options: any ParsableArguments.Type) -> [OptionShape] {
        Mirror(reflecting: options.init()).children.flatMap { child -> [OptionShape] in
            guard let label = child.label, let wrapper = child.value as? any TypedWrapper else { return [] }
            let type = type(of: wrapper)
            guard let kind = type.shapeKind else {
                return (type.valueType as? any ParsableArguments.Type).map(all) ?? []
            }
            let (value, isRepeating) = shape(type.valueType, kind)
            return [
                OptionShape(
                    key: label.drop { $0 == "_" }.kebabCased, kind: kind, value: value, isRepeating: isRepeating)
            ]
        }
    }

    private static func shape(_ type: Any.Type, _ kind: Kind) -> (Value, isRepeating: Bool) {
        switch type {
        case let optional as any OptionalType.Type: return shape(optional.wrapped, kind)
        case let list as any ListType.Type: return (shape(list.element, kind).0, true)
        case is LocalPath.Type: return (.withheld, false)
        case is Bool.Type: return (.boolean, false)
        case _ where kind == .flag: return (.withheld, false)
        case is any FixedWidthInteger.Type: return (.integer, false)
        case is any BinaryFloatingPoint.Type: return (.number, false)
        case is Duration.Type: return (.duration, false)
        default: return (.text, false)
        }
    }
}

/// ArgumentParser's property wrappers, as far as their types tell something.
private protocol TypedWrapper {
    static var valueType: Any.Type { get }
    /// Nil for a group.
    static var shapeKind: OptionShape.Kind? { get }
}

extension Option: TypedWrapper {
    fileprivate static var valueType: Any.Type { Value.self }
    fileprivate static var shapeKind: OptionShape.Kind? { .option }
}

extension Flag: TypedWrapper {
    fileprivate static var valueType: Any.Type { Value.self }
    fileprivate static var shapeKind: OptionShape.Kind? { .flag }
}

extension Argument: TypedWrapper {
    fileprivate static var valueType: Any.Type { Value.self }
    fileprivate static var shapeKind: OptionShape.Kind? { .positional }
}

extension OptionGroup: TypedWrapper {
    fileprivate static var valueType: Any.Type { Value.self }
    fileprivate static var shapeKind: OptionShape.Kind? { nil }
}

private protocol OptionalType { static var wrapped: Any.Type { get } }
extension Optional: OptionalType { fileprivate static var wrapped: Any.Type { Wrapped.self } }

private protocol ListType { static var element: Any.Type { get } }
extension Array: ListType { fileprivate static var element: Any.Type { Element.self } }

import Maintenance

/// Why a pattern cannot be read: a clause.
package struct PatternError: Error, Hashable, Sendable {
    package var problem: String
}

/// A regular expression that has to match the whole text, read the way Alertmanager reads one (RE2's syntax without what
/// only captures need) and decided in time proportional to text times pattern.
///
/// Labels are hostile text and a matcher is asked for every alert at every tick, so one that backtracks would hand anybody
/// who names a table the means to stop the alerts. Thompson's simulation (Russ Cox, "Regular Expression Matching Can Be
/// Simple And Fast") keeps the set of states instead; there is no backtracking to provoke.
package struct Pattern: Hashable, Sendable {
    /// Where one thread of the simulation may go on.
    enum Instruction: Hashable, Sendable {
        case one(ScalarSet)
        case split(Int, Int)
        case jump(Int)
        case match
    }

    private let program: [Instruction]
    /// Counted repetitions are written out, so a short pattern could become a huge program.
    static let mostInstructions = 10_000

    package init(_ text: String) throws(PatternError) {
        var parser = PatternParser(text)
        let node = try parser.parse()
        var program: [Instruction] = []
        try Self.compile(node, into: &program)
        program.append(.match)
        self.program = program
    }

    /// Whether the whole text is one of those described.
    package func matches(_ text: String) -> Bool {
        var current = ThreadSet(program.count)
        var next = ThreadSet(program.count)
        add(0, to: &current)
        for scalar in text.unicodeScalars {
            guard !current.threads.isEmpty else { return false }
            next.removeAll()
            for thread in current.threads {
                if case .one(let set) = program[thread], set.contains(scalar) { add(thread + 1, to: &next) }
            }
            swap(&current, &next)
        }
        return current.threads.contains { program[$0] == .match }
    }

    /// Follows jumps and splits; an instruction is visited once, so loops over nothing end.
    private func add(_ start: Int, to threads: inout ThreadSet) {
        var open = [start]
        while let index = open.popLast() {
            guard threads.insert(index) else { continue }
            switch program[index] {
            case .jump(let target): open.append(target)
            case .split(let left, let right): open += [right, left]
            case .one, .match: break
            }
        }
    }

    private struct ThreadSet {
        var threads: [Int] = []
        private var isIn: [Bool]

        init(_ size: Int) { isIn = Array(repeating: false, count: size) }

        /// False where it is there already.
        mutating func insert(_ index: Int) -> Bool {
            guard !isIn[index] else { return false }
            isIn[index] = true
            threads.append(index)
            return true
        }

        mutating func removeAll() {
            for index in threads { isIn[index] = false }
            threads.removeAll(keepingCapacity: true)
        }
    }

    private static func compile(_ node: PatternNode, into program: inout [Instruction]) throws(PatternError) {
        guard program.count <= mostInstructions else { throw PatternError(problem: "the pattern is too large") }
        switch node {
        case .empty: break
        case .set(let set): program.append(.one(set))
        case .sequence(let nodes): for node in nodes { try compile(node, into: &program) }
        case .either(let nodes):
            var ends: [Int] = []
            for node in nodes.dropLast() {
                let split = program.count
                program.append(.jump(0))
                try compile(node, into: &program)
                ends.append(program.count)
                program.append(.jump(0))
                program[split] = .split(split + 1, program.count)
            }
            if let last = nodes.last { try compile(last, into: &program) }
            for end in ends { program[end] = .jump(program.count) }
        case .repeated(let node, let least, let most):
            for _ in 0..<least { try compile(node, into: &program) }
            if let most {
                var splits: [Int] = []
                for _ in least..<most {
                    splits.append(program.count)
                    program.append(.jump(0))
                    try compile(node, into: &program)
                }
                for split in splits { program[split] = .split(split + 1, program.count) }
            } else {
                let split = program.count
                program.append(.jump(0))
                try compile(node, into: &program)
                program.append(.jump(split))
                program[split] = .split(split + 1, program.count)
            }
        }
    }
}

/// Ranges of Unicode scalars, or all others.
struct ScalarSet: Hashable, Sendable {
    var ranges: [ClosedRange<UInt32>]
    var isInverted = false

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        ranges.contains { $0.contains(scalar.value) } != isInverted
    }

    init(_ ranges: [ClosedRange<UInt32>], isInverted: Bool = false) {
        self.ranges = ranges
        self.isInverted = isInverted
    }

    init(_ scalar: Unicode.Scalar) { ranges = [scalar.value...scalar.value] }

    /// The dot: all but the line feed.
    static let anything = ScalarSet([10...10], isInverted: true)
}

indirect enum PatternNode: Hashable {
    case empty
    case set(ScalarSet)
    case sequence([PatternNode])
    case either([PatternNode])
    /// No upper limit where `most` is nil.
    case repeated(PatternNode, least: Int, most: Int?)
}

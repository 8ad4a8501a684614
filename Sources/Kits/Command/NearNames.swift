import Maintenance

/// Names of which the nearest to what somebody typed is asked again and again: what can be known of each is known
/// beforehand, so that only a few of thousands are compared letter by letter.
struct NearNames: Sendable {
    private struct Name: Sendable {
        var text: String
        var letters: [Int]
        /// How many words it has that count.
        var words: Int
    }

    private let names: [Name]
    /// By a word the names that have it.
    private let places: [String: [Int]]

    init(_ names: Set<String>) {
        var places: [String: [Int]] = [:]
        self.names = names.sorted().enumerated().map { index, text in
            let words = Self.words(text)
            for word in words { places[word, default: []].append(index) }
            return Name(text: text, letters: Self.letters(text), words: words.count)
        }
        self.places = places
    }

    /// What is called most like it: by its letters, or by most of its words.
    func nearest(to spelling: String) -> String? {
        let letters = Self.letters(spelling)
        // No edit makes more than one letter another, and more than three are too many (Maintenance.nearest).
        let alike = names.lazy.filter { Self.areAlike($0.letters, letters) }.map(\.text)
        if let near = Maintenance.nearest(to: spelling, among: alike) { return near }
        let wanted = Self.words(spelling)
        var shared: [Int: Int] = [:]
        for word in wanted { for index in places[word] ?? [] { shared[index, default: 0] += 1 } }
        let scored = shared.map { index, count in
            (names[index].text, Double(count) / Double(names[index].words + wanted.count - count))
        }
        guard let best = scored.max(by: { ($0.1, $1.0) < ($1.1, $0.0) }), best.1 >= 0.5 else { return nil }
        return best.0
    }

    /// How many characters there are of each of 32 kinds; what is not ASCII is of one kind.
    private static func letters(_ text: String) -> [Int] {
        var counts = Array(repeating: 0, count: 32)
        for character in text.lowercased() { counts[character.asciiValue.map { Int($0 & 31) } ?? 31] += 1 }
        return counts
    }

    private static func areAlike(_ left: [Int], _ right: [Int]) -> Bool {
        var (more, less) = (0, 0)
        for index in left.indices {
            let difference = left[index] - right[index]
            if difference > 0 { more += difference } else { less -= difference }
        }
        return max(more, less) <= 3
    }

    private static func words(_ text: String) -> Set<String> {
        // How often something is done says nothing about what it does.
        Set(text.lowercased().split { !$0.isLetter }.map(String.init))
            .subtracting(["maintenance", "daily", "weekly", "monthly", "quarterly"])
    }
}

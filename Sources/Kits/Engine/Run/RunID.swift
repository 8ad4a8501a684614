import Maintenance

/// `20261121-053012-k7q2m`: sorts by time, can be read out on the telephone, and fits into `application_name`.
enum RunID {
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz")

    static func make(at now: Timestamp, using generator: inout some RandomNumberGenerator) -> String {
        let civil = CivilTime(now)
        let date = civil.date.filter { $0 != "-" }
        let time = civil.time.filter { $0 != ":" }
        return "\(date)-\(time)-\(letters(5, using: &generator))"
    }

    static func letters(_ count: Int, using generator: inout some RandomNumberGenerator) -> String {
        String((0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] })
    }
}

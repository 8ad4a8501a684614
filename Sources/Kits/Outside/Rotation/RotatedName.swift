import Maintenance

/// The name of a rotated file: the log's own, when or how many rotations ago, and how it is compressed.
package struct RotatedName: Sendable, Hashable {
    package var log: FileName
    package var place: Place
    package var compression: LogCompression?
    /// Whether the name says the very second: nothing but a rotation names a file so. A number or a day alone may be
    /// part of a log's own name.
    package private(set) var hasTime: Bool

    package enum Place: Sendable, Hashable {
        /// `app.log-20261121T020000Z`, whole seconds.
        case at(Timestamp)
        /// `app.log.1`, the newest.
        case number(Int)
    }

    package init(log: FileName, place: Place, compression: LogCompression? = nil) {
        self.log = log
        self.place = place
        self.compression = compression
        hasTime = if case .at = place { true } else { false }
    }

    /// Nil for a name that is no rotated file of this log. `app.log-20261121`, as logrotate dates them, counts too.
    package init?(_ name: FileName, of log: FileName) {
        guard name.bytes.starts(with: log.bytes) else { return nil }
        var ending = String(decoding: name.bytes.dropFirst(log.bytes.count), as: UTF8.self)
        let compression = LogCompression.allCases.first { ending.hasSuffix($0.ending) }
        if let compression { ending.removeLast(compression.ending.count) }
        if ending.hasPrefix("."), let number = Self.number(ending.dropFirst()), number > 0 {
            self.init(log: log, place: .number(number), compression: compression)
        } else if ending.hasPrefix("-"), let instant = Self.instant(ending.dropFirst()) {
            self.init(log: log, place: .at(instant), compression: compression)
            hasTime = ending.count > 9
        } else {
            return nil
        }
    }

    /// The log that a file of this name was rotated from, if there is one that `isLog` takes for one.
    package static func log(of name: FileName, where isLog: (FileName) -> Bool) -> FileName? {
        // Where a log's name may end and a rotated one's go on.
        let ends = name.bytes.indices.filter { [UInt8(ascii: "."), UInt8(ascii: "-")].contains(name.bytes[$0]) }
        for end in ends {
            if let log = try? FileName(bytes: Array(name.bytes[..<end])), RotatedName(name, of: log) != nil, isLog(log)
            {
                return log
            }
        }
        return nil
    }

    package var fileName: FileName {
        get throws(FileError) {
            let ending =
                switch place {
                case .number(let number): ".\(number)"
                case .at(let instant): "-\(hasTime ? Self.text(instant) : String(Self.text(instant).prefix(8)))"
                }
            return try log.appending(ending + (compression?.ending ?? ""))
        }
    }

    private static func text(_ instant: Timestamp) -> String {
        let civil = CivilTime(instant)
        return "\(civil.date.filter { $0 != "-" })T\(civil.time.filter { $0 != ":" })Z"
    }

    private static func number(_ digits: Substring) -> Int? {
        digits.utf8.allSatisfy { (48...57).contains($0) } && digits.first != "0" ? Int(digits) : nil
    }

    private static func instant(_ text: Substring) -> Timestamp? {
        let digits = text.filter(\.isWholeNumber)
        let isDate = text.count == 8 && digits.count == 8
        let isTime = text.count == 16 && digits.count == 14 && text.hasSuffix("Z") && text.dropFirst(8).first == "T"
        guard isDate || isTime else { return nil }
        let fields = Array(digits)
        func part(_ range: Range<Int>) -> String { String(fields[range]) }
        let time = isTime ? "\(part(8..<10)):\(part(10..<12)):\(part(12..<14))" : "00:00:00"
        guard let instant = Timestamp(iso8601: "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(time)Z"),
            Self.text(instant).hasPrefix(String(text.prefix(8)))
        else { return nil }
        return instant
    }
}

/// How rotated files are compressed, each by its own program.
package enum LogCompression: String, Sendable, Codable, CaseIterable {
    case gzip, zstd

    package var ending: String {
        switch self {
        case .gzip: ".gz"
        case .zstd: ".zst"
        }
    }
}

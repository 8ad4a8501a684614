import Engine
import Maintenance
import Report
import Settings

/// What a report says of the places where copies lie, and what they cost.
struct StorageChapter: Sendable {
    let material: BackupMaterial

    var blocks: [ReportDocument.Block] {
        guard !material.storages.isEmpty else { return [] }
        let listing = Listing(
            "Storages",
            ["storage", "region", Listing.Column("takes", .bytes), "seen", "price of 1 GB a month", "costs a month"],
            material.storages.map { storage in
                [
                    .text(storage.name), storage.region.map { .text($0) } ?? .null,
                    storage.stored.map { .integer($0.bytes) } ?? .null,
                    storage.seen.map { .text($0.iso8601) } ?? .null,
                    storage.price.map { .text($0.description) } ?? .null,
                    storage.cost.map { .text($0) } ?? .null,
                ]
            })
        return [.table(listing, standings: [])] + (sum.map { [.paragraph($0)] } ?? [])
    }

    /// Only where all are of one currency: nobody here knows what another one is worth.
    private var sum: String? {
        let priced = material.storages.compactMap { storage in
            storage.price.flatMap { price in storage.stored.map { (price.currency, price.cost(of: $0)) } }
        }
        guard priced.count > 1, Set(priced.map(\.0)).count == 1 else { return nil }
        let amount = priced.map(\.1).reduce(0, +)
        return "All copies together cost \(amount.cents) \(priced[0].0) a month; traffic and requests are not in it."
    }
}

extension BackupMaterial.Storage {
    fileprivate var cost: String? {
        guard let price, let stored else { return nil }
        return "\(price.cost(of: stored).cents) \(price.currency)"
    }
}

extension Double {
    /// With two digits.
    fileprivate var cents: String {
        let hundredths = Int64((self * 100).rounded())
        let rest = String(hundredths % 100)
        return "\(hundredths / 100).\(rest.utf8.count < 2 ? "0" : "")\(rest)"
    }
}

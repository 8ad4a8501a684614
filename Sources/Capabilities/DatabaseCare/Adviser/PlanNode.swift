import Foundation
import Maintenance

/// One node of a plan, as EXPLAIN (FORMAT JSON, VERBOSE) writes it.
struct PlanNode: Decodable, Sendable {
    var kind: String
    var relation: String?
    var schema: String?
    var alias: String?
    var index: String?
    var cost: Double
    var filter: String?
    var indexCondition: String?
    var recheckCondition: String?
    var hashCondition: String?
    var mergeCondition: String?
    var joinFilter: String?
    var sortKey: [String]?
    var groupKey: [String]?
    var output: [String]?
    var children: [PlanNode]?

    enum CodingKeys: String, CodingKey {
        case kind = "Node Type"
        case relation = "Relation Name"
        case schema = "Schema"
        case alias = "Alias"
        case index = "Index Name"
        case cost = "Total Cost"
        case filter = "Filter"
        case indexCondition = "Index Cond"
        case recheckCondition = "Recheck Cond"
        case hashCondition = "Hash Cond"
        case mergeCondition = "Merge Cond"
        case joinFilter = "Join Filter"
        case sortKey = "Sort Key"
        case groupKey = "Group Key"
        case output = "Output"
        case children = "Plans"
    }

    private struct Whole: Decodable {
        var plan: PlanNode
        enum CodingKeys: String, CodingKey { case plan = "Plan" }
    }

    /// - Throws: `DecodingError` where the server writes plans as nobody knows them.
    static func read(_ json: String) throws -> PlanNode {
        guard let whole = try JSONDecoder().decode([Whole].self, from: Data(json.utf8)).first else {
            throw DecodingError.valueNotFound(
                PlanNode.self, .init(codingPath: [], debugDescription: "EXPLAIN wrote no plan"))
        }
        return whole.plan
    }

    /// The node itself and all beneath it.
    var all: [PlanNode] { [self] + (children ?? []).flatMap(\.all) }

    /// Names of the indexes it goes by.
    var indexes: Set<String> { Set(all.compactMap(\.index)) }

    /// What ties rows of two relations together, or a relation's to a value from the other side of a nested loop.
    var joinConditions: [String] { [hashCondition, mergeCondition, joinFilter].compactMap(\.self) }
}

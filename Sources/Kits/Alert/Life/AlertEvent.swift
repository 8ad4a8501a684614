import Maintenance

/// What comes in: what is seen, and what people say about it.
package enum AlertEvent: Codable, Hashable, Sendable {
    /// Something is wrong, for the first time or still.
    case wrong(Labels, annotations: [String: String])
    /// It is not wrong any more.
    case well(Labels)
    case acknowledged(fingerprint: String, AlertRecord.Acknowledgement)
    /// Adds a silence, or replaces the one with its id.
    case silenced(Silence)
    case unsilenced(id: String)
}

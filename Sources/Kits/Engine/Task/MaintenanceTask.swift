import Maintenance

/// One unit of maintenance: it looks, proposes exact changes, makes one of them, and looks again.
///
/// The engine does everything between: policy, dry run, journal, fence, retries, limits, cancellation and resume. A task
/// that only observes implements `survey` alone.
package protocol MaintenanceTask: Sendable {
    associatedtype Options: Sendable

    static var declaration: TaskDeclaration { get }

    init(_ options: Options) throws

    /// What it reads of with these options besides its own target, such as another environment's backups: whoever asks for it
    /// over the network has to have a role there too.
    var reads: [Target] { get }

    /// Looks at the target, and cannot write. What keeps it from looking at all is thrown; what keeps it from looking at
    /// a part is a gap of the observation.
    func survey(_ look: Look) async throws -> Observation

    /// What can be seen of the change's object right now: `identity` as the change carries it, and the `witness` that
    /// will differ when the change is done.
    func inspect(_ change: Change, _ look: Look) async throws -> Inspection

    /// Makes one change. The journal says `started` before, whatever happens here.
    func apply(_ change: Change, _ act: Act) async throws

    /// Looks again, after the change or after a crash in its middle, with the witness taken before it.
    func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof
}

extension MaintenanceTask {
    package var reads: [Target] { [] }

    package func inspect(_ change: Change, _ look: Look) async throws -> Inspection {
        preconditionFailure("\(Self.declaration.name) proposes changes and does not say how to inspect them")
    }

    package func apply(_ change: Change, _ act: Act) async throws {
        preconditionFailure("\(Self.declaration.name) proposes changes and does not say how to apply them")
    }

    package func prove(_ change: Change, before witness: Facts, _ look: Look) async throws -> Proof {
        preconditionFailure("\(Self.declaration.name) proposes changes and does not say how to prove them")
    }
}

/// What is seen of a change's object right before it starts.
package struct Inspection: Sendable, Hashable {
    package var identity: Facts
    package var witness: Facts

    package init(identity: Facts, witness: Facts) {
        self.identity = identity
        self.witness = witness
    }
}

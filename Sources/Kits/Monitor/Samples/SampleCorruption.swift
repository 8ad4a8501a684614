import Maintenance

/// Stored samples that nobody can read.
package struct SampleCorruption: MaintenanceError, Hashable {
    package init() {}

    package var code: String { "samples.unreadable" }
    package var problem: String { "stored samples cannot be read: they are cut short, or a newer Mainstay wrote them" }
    package var hint: String? {
        "What is known about now is not affected; 'mainstay history prune' removes old samples."
    }
}

import Foundation
import Maintenance
import Outside

extension BackupFolder {
    private var drills: String { "\(path)/drills" }
    private var drillShelf: RecordShelf { RecordShelf(directory: drills) }

    /// `RUN-SCENARIO.certificate`: all of them stay, since an auditor asks for those of last year.
    private static func drillName(_ runID: String, _ scenario: DrillScenario) -> String {
        "\(runID)-\(scenario.rawValue).certificate"
    }

    package func drillPath(_ runID: String, _ scenario: DrillScenario) -> String {
        drillShelf.path(of: Self.drillName(runID, scenario))
    }

    /// Writes a certificate of a drill with its signature, what people get to see of it, and for each of these files a
    /// detached signature that needs no secret to verify.
    ///
    /// - Throws: `FileError`.
    package func write(
        _ certificate: DrillCertificate, pages: [CertificateCopy: [UInt8]], key: BackupKey, signer: CertificateKey
    ) throws {
        let name = Self.drillName(certificate.runID, certificate.scenario)
        var files = pages
        files[.json] = try drillShelf.write(certificate, as: name, key: key)
        let directory = try SafeDirectory(drills)
        for (kind, bytes) in files.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            let file = "\(name).\(kind.rawValue)"
            if kind != .json { try directory.write(try FileName(file), bytes, mode: 0o600) }
            try directory.write(try FileName("\(file).sig"), try signer.signature(of: bytes), mode: 0o600)
        }
    }

    /// Of one run; nil where it wrote none.
    ///
    /// - Throws: `PhysicalRecordError` where it cannot be believed, `FileError`.
    package func drill(
        ofRun runID: String, _ scenario: DrillScenario, key: BackupKey
    ) throws -> DrillCertificate? {
        try drill(named: Self.drillName(runID, scenario), key: key)
    }

    private func drill(named name: String, key: BackupKey) throws -> DrillCertificate? {
        guard let certificate = try drillShelf.read(DrillCertificate.self, name, key: key) else { return nil }
        guard certificate.format == DrillCertificate.format, certificate.target == target,
            name == Self.drillName(certificate.runID, certificate.scenario)
        else { throw PhysicalRecordError(path: drillShelf.path(of: name), reason: "it is about something else") }
        return certificate
    }

    /// All that can be believed, the newest first; one that cannot is as none, another drill takes its place.
    package func drills(key: BackupKey) throws -> [DrillCertificate] {
        guard let directory = try openDrills() else { return [] }
        var names: [String] = []
        try directory.forEachName { name in
            let text = name.description
            if text.hasSuffix(".certificate.json") { names.append(String(text.dropLast(".json".count))) }
        }
        let found = try names.compactMap { try believedDrill(named: $0, key: key) }
        return found.sorted { ($0.ended, $0.runID) > ($1.ended, $1.runID) }
    }

    private func openDrills() throws -> SafeDirectory? {
        do { return try SafeDirectory(drills) } catch  where error.isMissing { return nil }
    }

    private func believedDrill(named name: String, key: BackupKey) throws -> DrillCertificate? {
        do { return try drill(named: name, key: key) } catch is PhysicalRecordError { return nil }
    }
}

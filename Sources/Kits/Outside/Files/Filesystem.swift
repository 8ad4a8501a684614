import CShims

/// Where a path's filesystem is served from.
package enum Filesystem {
    /// Whether another machine serves it, as NFS or SMB; nil where the path cannot be looked at.
    package static func isServedByOthers(_ path: String) -> Bool? {
        let number = mainstay_filesystem_type(path)
        return number < 0 ? nil : served.contains(UInt32(truncatingIfNeeded: number))
    }

    /// Linux, statfs(2), the field f_type: NFS, SMB, SMB2, CIFS, Ceph, AFS, 9P, Lustre, FUSE (sshfs, s3fs).
    private static let served: Set<UInt32> = [
        0x6969, 0x517b, 0xfe53_4d42, 0xff53_4d42, 0x00c3_6400, 0x5346_414f, 0x0102_1997, 0x0bd0_0bd0, 0x6573_5546,
    ]
}

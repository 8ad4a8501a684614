import Outside
import Testing

@Suite("which addresses may be spoken to")
struct ReachTests {
    @Test(
        "private, local and reserved addresses are not public, in whatever dress",
        arguments: [
            "127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255", "::1", "::", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "::ffff:127.0.0.1",
            "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1", "ff02::1", "169.254.169.254",
            "no address", "",
        ])
    func notPublic(address: String) {
        #expect(!Reach.publicOnly.allows(address))
        #expect(Reach.anywhere.allows(address))
    }

    @Test(
        "the Internet is",
        arguments: ["8.8.8.8", "172.15.0.1", "172.32.0.1", "100.128.0.1", "2001:4860:4860::8888", "::ffff:8.8.8.8"])
    func isPublic(address: String) {
        #expect(Reach.publicOnly.allows(address))
    }

    @Test(
        "where private networks are meant, those of one link still are not",
        arguments: [
            ("10.1.2.3", true), ("127.0.0.1", true), ("::1", true), ("fd12::1", true), ("169.254.169.254", false),
            ("fe80::1", false), ("::ffff:169.254.169.254", false), ("fd00:ec2::254", false),
        ])
    func notLinkLocal(address: String, isAllowed: Bool) {
        #expect(Reach.notLinkLocal.allows(address) == isAllowed)
    }
}

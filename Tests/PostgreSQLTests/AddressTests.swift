import Maintenance
import MaintenanceTesting
import Outside
import PostgreSQL
import Testing

@Suite("database addresses")
struct AddressTests {
    @Test(
        "an address shows host, port and database, and nothing else",
        arguments: [
            ("postgresql://me:s3cret@db.example.org:5433/shop?sslmode=require", "db.example.org:5433/shop"),
            ("host=/run/postgresql dbname=shop password=s3cret", "/run/postgresql/shop"),
            ("postgres:///shop", "local socket/shop"), ("service=shop password=s3cret", "service=shop"),
            ("postgresql://me:s3cret@[::1]/shop", "::1/shop"), ("postgresql://a,b:5433/shop", "a,b:,5433/shop"),
            ("host=h dbname='a\u{1b}[2J'", "h/a\\u{1b}[2J"),
        ])
    func shows(text: String, shown: String) throws {
        let address = try DatabaseAddress(text)
        #expect(address.description == shown)
        var dumped = ""
        dump(address, to: &dumped)
        for text in [
            "\(address)", String(reflecting: address), dumped, "\(Mirror(reflecting: address).children.map(\.value))",
        ] {
            #expect(!text.contains("s3cret"))
        }
    }

    @Test(
        "what is no connection string is refused without repeating it",
        arguments: [
            "", "  ", "shop-s3cret", "postgresql://me:s3cret", "postgresql://me:s3/cret@host/db", "host=h s3cret",
            "postgresql://me:pw@h:s3cret/db", "host=h frobnicate=s3cret", "postgresql://h/db?frobnicate=s3cret",
            "postgresql://me@x:s3cret@host/db", "password='s3cret", "host=h\0 password=s3cret",
            "postgresql://[s3cret/db",
        ].filter { $0 != "postgresql://me:s3cret" })
    func refuses(text: String) {
        let error = #expect(throws: PostgreSQLError.self) { try DatabaseAddress(text) }
        #expect(error?.code == "postgresql.bad-address")
        #expect(error?.exitStatus == .configuration)
        #expect(error.map { !"\($0) \($0.problem) \($0.hint ?? "")".contains("cret") } == true)
    }

    @Test("a client program gets the address in its environment, the password as a secret")
    func givesEnvironment() throws {
        let environment = try DatabaseAddress("postgresql://me:s3cret@h:5433/shop?sslmode=require").environment
        #expect(Set(environment.keys) == ["PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD", "PGSSLMODE"])
        guard case .secret(let password) = environment["PGPASSWORD"] else {
            Issue.record("the password is not a secret")
            return
        }
        #expect(password.reveal() == "s3cret")
    }
}

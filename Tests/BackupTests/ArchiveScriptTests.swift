import Foundation
import Maintenance
import Testing

@testable import Backup

@Suite("the dump's statements about the database")
struct ArchiveScriptTests {
    @Test("only the name behind DATABASE is replaced, and only what is about the database is kept")
    func renames() {
        let text = #"""
            \restrict abc
            -- Dumped from database; "shop"
            SET statement_timeout = 0;
            SELECT pg_catalog.set_config('search_path', '', false);
            CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'C';
            ALTER DATABASE shop OWNER TO shop;
            \connect shop
            COMMENT ON DATABASE shop IS 'the DATABASE shop;
            \connect x';
            COMMENT ON DATABASE shop IS E'a \' DATABASE shop \\';
            ALTER DATABASE shop SET "my.setting" TO 'DATABASE shop';
            ALTER ROLE shop IN DATABASE shop SET work_mem TO '1MB';
            SET SESSION AUTHORIZATION bob;
            GRANT CONNECT ON DATABASE shop TO database;
            RESET SESSION AUTHORIZATION;
            \unrestrict abc
            """#
        let script = ArchiveScript(text, of: "shop", as: "new \"one\"")
        #expect(
            script.creation
                == #"CREATE DATABASE "new ""one""" WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'C'"#)
        #expect(
            script.properties == [
                #"ALTER DATABASE "new ""one""" OWNER TO shop"#,
                "COMMENT ON DATABASE \"new \"\"one\"\"\" IS 'the DATABASE shop;\n\\connect x'",
                #"COMMENT ON DATABASE "new ""one""" IS E'a \' DATABASE shop \\'"#,
                #"ALTER DATABASE "new ""one""" SET "my.setting" TO 'DATABASE shop'"#,
                #"ALTER ROLE shop IN DATABASE "new ""one""" SET work_mem TO '1MB'"#,
                "SET SESSION AUTHORIZATION bob",
                #"GRANT CONNECT ON DATABASE "new ""one""" TO database"#,
                "RESET SESSION AUTHORIZATION",
            ])
    }

    @Test("a database in quotes, or called like a keyword, is known", arguments: ["Sh\"op; --", "database", "é shop"])
    func quotes(name: String) {
        let quoted = name == "database" ? name : "\"\(name.replacingOccurrences(of: "\"", with: "\"\""))\""
        let script = ArchiveScript("ALTER DATABASE \(quoted) CONNECTION LIMIT = 3;\n", of: name, as: "x")
        #expect(script.properties == ["ALTER DATABASE \"x\" CONNECTION LIMIT = 3"])
        #expect(ArchiveScript("ALTER DATABASE other SET a TO b;", of: name, as: "x").properties == [])
    }
}

@Suite("how far a restore is")
struct RestoreProgressTests {
    @Test("what is left follows from what was done")
    func left() {
        let line = RestoreProgress.line(given: ByteCount(250), of: ByteCount(1_000), after: .seconds(10))
        #expect(line.contains("25 %") && line.contains("30 s left"), "\(line)")
        #expect(RestoreProgress.line(given: ByteCount(5), of: ByteCount(5), after: .seconds(1)).contains("indexes"))
        #expect(RestoreProgress.line(given: ByteCount(0), of: ByteCount(5), after: .seconds(1)).contains("waiting"))
    }
}

import Guide
import Maintenance
import Testing

@Suite("whom a guide names")
struct PeopleTests {
    private func guide(_ text: String) throws -> Guide { try Guide(file: "a.md", bytes: Array(text.utf8)) }

    @Test(
        "addresses are told from what only looks like one",
        arguments: [
            ("ann", []), ("ann@example.org", ["ann@example.org"]), ("[ann@example.org]", ["ann@example.org"]),
            ("mail mailto:ann@example.org, or bob@example.org.", ["ann@example.org", "bob@example.org"]),
            ("@team", []), ("lodash@4.17", []), ("a@b", []), ("a@@b.org", []),
            ("call +49 30 (123) 456-78", ["+493012345678"]),
            ("+1", []), ("1 + 23456789", []), ("+49 30/1234567", ["+49301234567"]),
            ("+33 1 23 45 67 89", ["+33123456789"]), ("+1 (555) 123-4567", ["+15551234567"]),
            ("CTO, +49 30 1234567 (30 minutes)", ["+49301234567"]), ("+49 30 1234567 - 24/7", ["+49301234567"]),
            ("+49 30 1234567 24/7", ["+49301234567"]), ("+4930123456 15 minutes", ["+4930123456"]),
            ("UTC+10 2026-11-22", []), ("ops+49301234567@example.org", ["ops+49301234567@example.org"]),
            ("+49 30 1234567 / +49 30 7654321", ["+49301234567", "+49307654321"]),
            ("ann@example.org ann@example.org", ["ann@example.org"]),
        ])
    func addresses(text: String, expected: [String]) {
        #expect(GuideContact.addresses(in: text) == expected)
    }

    @Test("the contacts and levels of a real guide are read, and no address is made up")
    func real() throws {
        let guide = try TheFiveGuides.guide("next-portal")
        #expect(
            guide.contacts.map { "\($0.line) \($0.role): \($0.addresses.joined(separator: " "))" } == [
                "392 System Administrator: admin@company.com", "393 Database Administrator: dba@company.com",
                "394 Security Team: security@company.com", "395 On-Call Engineer: oncall@company.com",
            ])
        #expect(guide.contacts.filter(\.isOnCall).map(\.line) == [395])
        let levels = guide.escalationLevels
        #expect(levels.map(\.contact.role) == ["Development Team", "Technical Lead", "Engineering Manager", "CTO"])
        #expect(levels.map(\.contact.addresses) == [[], [], [], []])
        #expect(levels.map(\.response) == [.seconds(3_600), .seconds(1_800), .seconds(900), .zero])
        #expect(guide.responses.map(\.line) == [219, 225, 231])
        #expect(guide.responses.map(\.severity) == [.critical, .warning, .info])
        #expect(guide.responses.map(\.time) == [.immediate, .within(.seconds(3_600)), .daily])
    }

    @Test("tables say the same")
    func tables() throws {
        let guide = try guide(
            """
            # Escalation

            | Level | Contact | Response time |
            |---|---|---|
            | 1 | On call (ops@example.org) | 15 min |
            | 2 | The lead | within 2 hours |

            ## Contacts

            | Role | Mail |
            |---|---|
            | The lead | <lead@example.org> |

            ## Severities

            | Severity | Response time |
            |---|---|
            | Critical | 15 minutes |
            | Low | 2 days |
            """)
        #expect(guide.escalationLevels.map(\.contact.role) == ["On call", "The lead"])
        #expect(guide.escalationLevels.map(\.contact.addresses) == [["ops@example.org"], []])
        #expect(guide.escalationLevels.map(\.response) == [.seconds(900), .seconds(7_200)])
        #expect(guide.contacts.map(\.addresses) == [["lead@example.org"]])
        #expect(
            guide.responses.map(\.severity) == [.critical] && guide.responses.map(\.time) == [.within(.seconds(900))])
    }

    @Test("what only speaks of such things names nobody")
    func others() throws {
        let guide = try guide(
            """
            # Escalation

            - Write down what was tried
            - Level 1 is whoever is there

            ## Critical incident response procedures

            - Critical: the cluster is gone

            ## Contact form

            - Fix the form
            """)
        #expect(guide.escalationLevels == [] && guide.responses == [] && guide.contacts == [])
    }
}

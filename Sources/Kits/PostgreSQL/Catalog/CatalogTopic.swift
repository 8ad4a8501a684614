/// One question to the catalog whose rows are entries: columns `kind`, `name` and `fact`, all text and never NULL.
/// Everything is asked under `search_path = ''` and `quote_all_identifiers = on`, so that definitions name things in full.
struct CatalogTopic: Sendable {
    let survey: SurveySQL
    /// Whether `fact` is the server's text of a parse tree, which differs between versions in ways that mean nothing.
    var isDeparsed = false

    static var all: [CatalogTopic] {
        relations + constraints + types + routines + operators + textSearch + access + foreign + others
    }

    /// A schema of the users, by its alias of `pg_namespace`. (No user can make one that begins with `pg_`.)
    static func isUsers(_ namespace: SQL) -> SQL {
        "\(namespace).nspname !~ '^pg_' and \(namespace).nspname <> 'information_schema'"
    }

    /// Not a member of an extension, by the catalog's name and the object's oid.
    static func isOwn(_ catalog: SQL, _ oid: SQL) -> SQL {
        """
        not exists (
            select from pg_catalog.pg_depend x
            where x.classid = 'pg_catalog.\(catalog)'::regclass and x.objid = \(oid) and x.deptype = 'e')
        """
    }

    /// Objects without a schema that were not there after initdb (`FirstNormalObjectId`, access/transam.h).
    static func isNew(_ oid: SQL) -> SQL { "\(oid) >= 16384" }

    /// `owner "shop"`.
    static func owner(_ oid: SQL) -> SQL { "'owner ' || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(\(oid)))" }

    /// An array of `name=value` sorted, nil for none.
    static func sorted(_ array: SQL) -> SQL {
        "(select pg_catalog.string_agg(o, ', ' order by o collate \"C\") from pg_catalog.unnest(\(array)) o)"
    }

    /// Those of a column that somebody set. PostgreSQL 15.20 keeps a number of its own among them, `pg_attver`, which another
    /// column made the same way has otherwise, and which pg_dump leaves out.
    static let ownOptions: SQL = """
        array(select o from pg_catalog.unnest(a.attoptions) o where pg_catalog.left(o, 10) <> 'pg_attver=')
        """

    /// Options of foreign things: a value whose name sounds like a secret shows as eight digits of its hash.
    static func options(_ array: SQL) -> SQL {
        """
        (select pg_catalog.string_agg(
            case when o ~* '^[^=]*(pass|secret|token|key|cred)'
                then pg_catalog.split_part(o, '=', 1) || '=(hash ' || \(hash("o", digits: 8)) || ')' else o end,
            ', ' order by o collate "C") from pg_catalog.unnest(\(array)) o)
        """
    }

    /// Hexadecimal digits of the SHA-256 of a text.
    static func hash(_ text: SQL, digits: Int = 64) -> SQL {
        """
        pg_catalog.left(pg_catalog.encode(pg_catalog.sha256(
            pg_catalog.convert_to(\(text), 'UTF8')), 'hex'), \(number: digits))
        """
    }

    /// A collation where it is not the type's own.
    static func collation(_ oid: SQL, unless other: SQL) -> SQL {
        """
        (select 'collate ' || pg_catalog.format('%I.%I', cn.nspname, co.collname)
            from pg_catalog.pg_collation co join pg_catalog.pg_namespace cn on cn.oid = co.collnamespace
            where co.oid = \(oid) and co.oid <> \(other))
        """
    }
}

/// A table of every family of built-in types that PostgreSQL 15, 16 and 18 share, with the values whose text is easy to
/// get wrong. (xml is missing: the builds of 16 and 18 at hand lack libxml.)
package enum EveryType {
    package static let script: StaticString = #"""
        create type mood as enum ('sad', 'ok', 'very "happy"');
        create type pair as (a int, "B b" text);
        create domain positive as numeric check (value > 0);
        create type span as range (subtype = float8);
        create table every_type (
            id int primary key, i2 int2, i8 int8, num numeric, num_scaled numeric(20, 5), f4 float4, f8 float8,
            cash money, t text, vc varchar(20), bp char(7), nm name, ch "char", bin bytea, ts timestamp,
            tstz timestamptz, d date, tm time, tmtz timetz, iv interval, b bool, pt point, ln line, seg lseg, bx box,
            pth path, poly polygon, circ circle, c4 cidr, i4 inet, mac macaddr, mac8 macaddr8, bits bit(5), vbits varbit,
            tsv tsvector, tsq tsquery, uid uuid, j json, jb jsonb, jp jsonpath, ia int[], ta text[], ca pair[],
            ir int4range, nr numrange, dr daterange, tr tstzrange, mr int4multirange, md datemultirange, sp span,
            e mood, ea mood[], comp pair, dom positive, o oid, rc regclass, rp regprocedure, rt regtype, rn regnamespace,
            lsn pg_lsn, x8 xid8, tidv tid, acl aclitem, snap pg_snapshot,
            gen int generated always as (id * 2) stored);
        insert into every_type values
            (1, -32768, 9223372036854775807, 'NaN', 1.10000, 'NaN', 'NaN', '-12.34', E'tab\t nl\n bs\\ q'' dq" é漢😀', 'x',
             'pad', 'Name', 'q', '\x00ff5c27', 'infinity', '-infinity', '0044-03-15 BC', '24:00', '24:00:00-15:59',
             '1 mon 30 days -00:00:01.5', true, '(1,-0)', '{1,-1,0}', '[(0,0),(1,1)]', '(1,1),(0,0)', '[(0,0),(1,1)]',
             '((0,0),(1,1),(1,0))', '<(0,0),2>', '10/8', '::1/64', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05',
             B'10101', B'', 'a:1A ''b c'':2', 'a & !b <-> c:*', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
             '{"b":1, "a": [1.0, 1.00, null]}', '{"b":1, "a": [1.0, 1.00, null], "ü": "\u00e9"}', '$.a[*] ? (@ > 1)',
             '[2:4]={1,2,NULL}', array['', 'NULL', null, '{}', E'\\"', ' '], array[row(1, 'a "b"')::pair, row(null, '')::pair],
             '[1,5)', '(,2.50]', 'empty', '["2020-01-01 00:00+00",)', '{[1,3),[5,7)}', '{}', '[-0,1e300]',
             'very "happy"', '{sad,"very \"happy\""}', row(7, null), 1.50, 4294967295, 'every_type', 'upper(text)', 'mood',
             'public', '16/B374D848', '18446744073709551615', '(42,7)', 'postgres=r/postgres', '10:20:10,14,15'),
            (2, 0, -9223372036854775808, -0.000, 0, '-0', '-0', 0, '', '', '', '', '', '', '2000-01-01', '1999-12-31 23:59:59.999999+00',
             '-infinity', '00:00', '00:00+00', '-178000000 years', false, '(NaN,Infinity)', '{0,1,5e-324}', '[(0,0),(0,0)]',
             '(Infinity,0),(0,0)', '((0,0),(1,1))', '((0,0))', '<(0,0),0>', '::/0', '192.168.0.1/24', 'ff:ff:ff:ff:ff:ff',
             'ff:ff:ff:ff:ff:ff:ff:ff', B'00000', B'1', '', '', '00000000-0000-0000-0000-000000000000', '[]', '"x"',
             'strict $', '{}', '{{a,b},{c,d}}', '{}', 'empty', '(,)', '[infinity,infinity]', 'empty', '{}', '{(,)}', 'empty',
             'sad', '{}', row(null, null), 0.1, 0, 0, 0, 0, 0, '0/0', '0', '(0,0)', '=r/postgres', '1:1:');
        insert into every_type (id) values (3);
        insert into every_type (id, num, f8, f4, iv, t)
            select 100 + n, n / 7.0, n / 7.0, n / 7.0, make_interval(secs => n * 1234567.89), chr(n) || 'x'
            from generate_series(1, 300) as n where n <> 0;
        """#

    /// What a database, a role or a session may be set to, and a digest must not notice.
    package static let hostileSettings = [
        "datestyle": "SQL, DMY", "intervalstyle": "iso_8601", "timezone": "Asia/Kolkata", "extra_float_digits": "0",
        "bytea_output": "escape", "quote_all_identifiers": "on", "search_path": "pg_catalog",
    ]
}

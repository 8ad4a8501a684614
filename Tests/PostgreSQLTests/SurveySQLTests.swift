import Maintenance
import MaintenanceTesting
import PostgreSQL
import Testing

@Suite("survey statements")
struct SurveySQLTests {
    @Test(
        "what changes something is no survey",
        arguments: [
            "", "  -- nothing\n", "insert into t values (1)", "update t set a = 1", "delete from t", "truncate t",
            "merge into t using s on true when matched then delete", "create table t ()", "drop table t",
            "alter system set work_mem = '1GB'", "reindex table t", "cluster t", "analyze t", "vacuum", "checkpoint",
            "notify channel", "listen channel", "do $$ begin end $$", "call p()", "lock table t",
            "set work_mem = '1GB'",
            "reset all", "discard all", "begin", "prepare p as select 1", "execute p", "declare c cursor for select 1",
            "refresh materialized view v", "grant select on t to r", "load 'x'", "select 1; select 2",
            "select 1;;select 2",
            "explain analyze select 1", "explain (analyze) delete from t", "explain (verbose, analyze true) select 1",
            "explain (\"analyze\") select 1", "explain analyse select 1", "explain verbose analyze select 1",
            "EXPLAIN ( BUFFERS , ANALYZE ) select 1", "explain create table x as select 1", "explain execute p",
            "copy t to program 'rm -rf /'", "copy t to '/tmp/x'", "copy t from stdin", "copy t from program 'x'",
            "copy (delete from t returning *) to stdout", "copy (insert into t values (1) returning *) to stdout",
            "copy (select 1) to program 'x'", "copy t (a) from stdin",
            "with d as (delete from t returning *) select * from d",
            "with i as (insert into t values (1) returning *) select * from i",
            "with u as (update t set a = 1 returning *) select * from u",
            "with u as (with x as (select 1) update only \"t\" set a = 1 returning *) select * from u",
            "with u as materialized (update t set a = 1 returning *) select * from u",
            "with recursive a(x) as (select 1) search depth first by x set y update t set b = 1",
            "with x as (select 1) delete from t", "with x as (select 1) insert into t select 1",
            "select * into x from t", "select 1 into temp x", "select * from t for update", "select * from t for share",
            "select * from t for no key update", "select * from t FOR KEY SHARE", "(select * from t for update)",
            "select nextval('s')", "select setval('s', 1)", "select pg_catalog.nextval('s')", "select \"nextval\"('s')",
            "select NextVal ('s')", "select nextval/* c */('s')", "select nextval--x\n('s')",
            "select * from pg_reload_conf()", "select pg_terminate_backend(1)", "select pg_cancel_backend(1)",
            "select pg_advisory_lock(1)", "select pg_try_advisory_xact_lock(1)", "select pg_advisory_unlock_all()",
            "select pg_notify('a', 'b')", "select lo_unlink(1)", "select lo_export(1, '/tmp/x')",
            "select pg_switch_wal()",
            "select set_config('a.b', '1', false)", "select pg_stat_reset()", "select pg_stat_reset_shared('io')",
            "select pg_stat_statements_reset()", "select * from dblink('x', 'y') as t(a int)",
            "select dblink_exec('x')",
            "select pg_rotate_logfile()", "select pg_create_restore_point('x')", "select pg_drop_replication_slot('x')",
            "select pg_promote()", "select pg_export_snapshot()", "select txid_current()",
            "select pg_current_xact_id()",
            "values (nextval('s'))", "copy (select nextval('s')) to stdout", "explain select nextval('s')",
            "select 1 where exists (select pg_reload_conf())", "select query_to_xml('delete from t', true, false, '')",
            "select U&\"\\006eextval\"('s')", "select 'a' \\gexec", "select E'\\'' '\\' || nextval('s')",
            "select 'unclosed", "select $a$ unclosed $b$", "select /* open", "table t for update",
            "select pg_file_write('a', 'b', true)", "select pg_log_backend_memory_contexts(1)",
            "select pg_wal_replay_pause()", "select pg_backup_start('x')", "show work_mem; drop table t",
        ])
    func refuses(text: String) {
        #expect(throws: SurveyRefusal.self) { try SurveySQL(trusted: text) }
    }

    @Test(
        "what only looks like a change passes",
        arguments: [
            "select 1", "select 1;", " ( select 1 ) ", "SELECT 'nextval('", "select 'a; b'",
            "select 1 -- ; drop table t",
            "select /* nextval('s') /* nested */ ; */ 1", "select $$ delete from t; $$", "select $x$ $$ ; $x$",
            "select \"delete\" from t", "select \"update\", \"into\" from t", "select t.update, t.into from t",
            "select a as into from t", "select 'it''s; into'", "select E'it\\'s; into'", "select \"a;b\" from t",
            "select nextval from t", "select \"nextval(\" from t", "select * from pg_sequences where last_value > 0",
            "with x as (select 1) select * from x",
            "with recursive r(n) as (values (1) union all select n + 1 from r) table r",
            "values (1), (2)", "table t", "show all", "show server_version", "explain select 1",
            "explain (format json, verbose) select 1", "explain delete from t",
            "explain (costs off) update t set a = 1",
            "copy t to stdout", "copy public.\"T\" (a, b) to stdout with (format csv)", "copy (select 1) to stdout",
            "copy (with x as (select 1) select * from x) to stdout (format text)",
            "select substring('abc' from 1 for 2)", "select count(*) filter (where update) from t",
            "select (update) from t", "select update from t", "select extract(epoch from now())",
            "select pg_is_in_recovery(), pg_stat_get_db_numbackends(1)", "select has_function_privilege('setval', 'x')",
            "select pg_current_xact_id_if_assigned()", "select 1e5, .5, 1., 0x1F, 1_000", "select a$nextval from t",
            "select pg_sleep(0)", "select 'x' '-- y' from t", "select last_reset(1)", "select 5--3\n",
        ])
    func accepts(text: String) throws {
        #expect(try SurveySQL(trusted: text).sql.text == text)
    }

    @Test("a literal binds values and quotes names as SQL does")
    func interpolates() {
        let name = "nextval('s'); drop table x; --"
        let survey: SurveySQL = "select \(identifier: name) from t where a = \(name)"
        #expect(survey.sql.text == "select \"nextval('s'); drop table x; --\" from t where a = $1")
        #expect(survey.sql.parameters.map(\.text) == [name])
    }

    @Test("a value in the middle of a string is refused, for it would not be bound")
    func refusesValueInString() {
        let value = "x"
        let sql: SQL = "select 'a \(value)'"
        #expect(throws: SurveyRefusal.self) { try SurveySQL(sql) }
    }
}

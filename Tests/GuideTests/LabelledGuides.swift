import Guide
import Testing

/// Small guides of which every fault is known.
struct LabelledGuide: CustomTestStringConvertible {
    var name: String
    var text: String
    /// `GU010:4`: code and line.
    var faults: Set<String>

    var testDescription: String { name }

    /// A guide whose only block is this; its first line is line 4 of the guide.
    static func code(_ name: String, _ language: String, _ text: String, _ faults: String...) -> LabelledGuide {
        LabelledGuide(name: name, text: page(name, language, text), faults: Set(faults))
    }

    /// The same in bash.
    static func block(_ name: String, _ text: String, _ faults: String...) -> LabelledGuide {
        LabelledGuide(name: name, text: page(name, "bash", text), faults: Set(faults))
    }

    private static func page(_ name: String, _ language: String, _ text: String) -> String {
        "# \(name)\n\n```\(language)\n\(text)\n```\n\nOwner: ann\n"
    }

    static func text(_ name: String, _ text: String, _ faults: String...) -> LabelledGuide {
        LabelledGuide(name: name, text: text, faults: Set(faults))
    }

    func found() throws -> Set<String> {
        let checking = GuideChecking(try Guide(file: "guide.md", bytes: Array(text.utf8)))
        return Set(checking.findings().map { "\($0.rule.rawValue):\($0.line)" })
    }
}

extension LabelledGuide {
    static let faulty: [LabelledGuide] = [
        .block("an open quote", "echo \"daily report", "GU001:4"),
        .block("a loop without end", "for f in *.log; do\n  gzip \"$f\"", "GU001:4"),
        .block("an end without a loop", "gzip a.log\ndone", "GU001:5"),
        .block("an if without then", "if test -f a; fi", "GU001:4"),
        .block("a pipe into nothing", "ls |", "GU001:4"),
        .block("two pipes", "ls | | wc", "GU001:4"),
        .block("an open quote inside", "bash -c 'echo \"x'", "GU001:4"),
        .block("a bracket too many", "ls )", "GU001:4"),
        .block("a here-document without end", "cat <<EOF\nhello", "GU001:5"),
        .code("a comma too many", "json", "{\n  \"a\": 1,\n}", "GU002:6"),
        .code("single quotes in JSON", "json", "{'a': 1}", "GU002:4"),
        .block("a body that is no JSON", "curl -X POST https://a.example/x -d '{action: 1}'", "GU002:4"),
        .block("a list behind a script", "./daily.sh\n\n# does:\nsteps:\n  - rotate\n  - clean", "GU003:7"),
        .block("SQL for a shell", "VACUUM;", "GU003:4"),
        .block("a version to fill in", "npm run deploy --version=<version> --yes", "GU004:4"),
        .block("a project to fill in", "curl https://PROJECT.example.com/health", "GU004:4"),
        .block("a token to fill in", "export TOKEN=YOUR_TOKEN_HERE", "GU004:4"),
        .block("any version", "npm install lodash@^x.y.0", "GU004:4"),
        .block("follows for ever", "tail -f app.log\nsystemctl status app", "GU005:4"),
        .block("a screen", "htop", "GU005:4"),
        .block("every second", "iostat -x 1", "GU005:4"),
        .block("repeats", "watch -n 5 df", "GU005:4"),
        .block(
            "over what is there", "gunzip -c backup.sql.gz | psql $DATABASE_URL\ngunzip -t backup.sql.gz", "GU006:4"),
        .block("a script of a dump", "psql shop < backup.sql\nsha256sum -c backup.sha256", "GU006:4"),
        .block("restored in place", "pg_restore -d shop --clean shop.dump", "GU006:4"),
        .block("all files at once", "tar -xzf site.tar.gz -C /", "GU006:4"),
        .block("never proved", "pg_dump shop > shop.sql", "GU007:4"),
        .block("neither proved nor noticed", "pg_dump shop | gzip > shop.sql.gz", "GU007:4", "GU008:4"),
        .block("every password", "tar -czf config.tar.gz .env docker-compose.yml", "GU009:4"),
        .block("a password", "PGPASSWORD=hunter42 psql -h db -c 'SELECT 1'", "GU009:4"),
        .block("a password in an address", "psql postgresql://app:s3cr3txy9@db/shop -c 'SELECT 1'", "GU009:4"),
        .block("forced fixes", "npm audit fix --force", "GU010:4"),
        .block("forced history", "git push --force origin main", "GU010:4"),
        .block("thrown away", "git reset --hard origin/main", "GU010:4"),
        .block("no time to end", "kill -9 1234", "GU010:4"),
        .block("everything", "rm -rf /", "GU011:4"),
        .block("everything, where it is empty", "rm -rf $CACHE/*", "GU011:4"),
        .code("every row", "sql", "DELETE FROM sessions;", "GU011:4"),
        .code("every row at once", "sql", "TRUNCATE logs;", "GU011:4"),
        .block("every row over HTTP", "curl -X DELETE https://a.example/rest/v1/logs", "GU011:4"),
        .code(
            "archived into nothing", "sql",
            "-- Archive old logs\nDELETE FROM logs WHERE at < now() - interval '90 days';",
            "GU012:5"),
        .block("cut by cron", "0 2 * * * /srv/backup.sh $(date +%Y)", "GU013:4"),
        .block("not known to cron", "0 2 * * * psql $DATABASE_URL -c 'SELECT 1'", "GU014:4"),
        .text("a date", "# A\n\nOwner: ann\n\nLast updated: $(date +%Y)\n", "GU015:5"),
        .text("no such heading", "# A\n\nOwner: [ann](#people)\n", "GU016:3"),
        .block("nothing but comments", "# Check the backups\n# Test the restore", "GU018:3"),
        .text("never closed", "Owner: ann\n\n```bash\nls\n", "GU019:3"),
        .block("a late '#!'", "# Daily\n#!/bin/bash\nls", "GU020:5"),
        .code("writers wait", "sql", "REINDEX TABLE orders;", "GU021:4"),
        .code("everybody waits", "sql", "VACUUM FULL orders;", "GU021:4"),
        .code("writers wait for an index", "sql", "CREATE INDEX orders_at ON orders (at);", "GU021:4"),
        .code(
            "no violation", "sql",
            "-- Check constraint violations\nSELECT conname FROM pg_constraint WHERE NOT convalidated;",
            "GU022:5"),
        .code(
            "keys as well", "sql",
            "-- Find unused indexes\nSELECT indexrelname FROM pg_stat_user_indexes WHERE idx_scan = 0;",
            "GU022:5"),
        .text("nobody", "# A\n\n```bash\nls\n```\n", "GU024:1"),
        .text(
            "two limits", "Owner: ann\n\n## Critical\n\nCritical:\n\n- CPU usage > 80%\n- CPU usage > 70%\n", "GU025:8"),
    ]

    static let clean: [LabelledGuide] = [
        .block("quotes in quotes", "echo \"it's $(date +\"%Y\")\""),
        .block("a loop", "for f in *.log; do\n  gzip \"$f\"\ndone"),
        .block("a loop on a line", "while read -r line; do echo \"$line\"; done < hosts.txt"),
        .block("a condition", "if [ -f a ]; then\n  cat a\nelif [[ -d b && ! -L b ]]; then\n  ls b\nelse\n  ls\nfi"),
        .block("a case", "case \"$1\" in\n  start|run) npm start ;;\n  *) echo usage; exit 2 ;;\nesac"),
        .block("a function", "report() {\n  df -h\n}\nreport | head -3"),
        .block("a here-document", "cat <<'EOF' > /etc/motd\nit's closed < today\nEOF"),
        .block("arithmetic", "n=$(( (1 << 3) + 2 ))\necho $n"),
        .block("an array", "hosts=(a b c)\necho \"${hosts[@]}\""),
        .block("a group", "{ date; uptime; } > state.txt 2>&1"),
        .block("a subshell", "(cd backstage && npm ci) || exit 1"),
        .block("processes as files", "diff <(sort a) <(sort b)"),
        .block(
            "a command over lines",
            "curl -sf https://a.example/health \\\n  -H 'Accept: application/json' \\\n  -o /dev/null"),
        .code("JSON with comments", "json", "// limits\n{\n  \"a\": [1, 2.5e3, -0], \"b\": \"\\u00e9\" // two\n}"),
        .block("a body", "curl -X POST https://a.example/x -d '{\"action\": \"status\"}'"),
        .block("a body that is put together", "curl -X POST https://a.example/x -d \"{\\\"id\\\": $ID}\""),
        .block("a body that is no JSON at all", "curl -X POST https://a.example/x -d 'a=1&b=2'"),
        .code("YAML", "yaml", "steps:\n  - rotate\n  - clean"),
        .code("SQL", "sql", "VACUUM (ANALYZE) orders;"),
        .block("input from a file", "wc -l < hosts.txt"),
        .block("variables", "npm run deploy -- --version=\"$VERSION\""),
        .block("a host in capitals within a path", "curl https://api.example.com/README"),
        .block("the end of a log", "tail -n 100 app.log"),
        .block("one look", "top -b -n 1 | head -20"),
        .block("ten looks", "iostat -x 1 10"),
        .block("behind the rest", "ping -c 3 db"),
        .block("restored beside it", "createdb restore_check\npg_restore -d restore_check shop.dump"),
        .block("a list of a dump", "pg_restore --list shop.dump"),
        .block("a migration", "psql \"$DATABASE_URL\" < migrations/004.sql"),
        .block("a query", "psql -h db -d shop -c 'SELECT count(*) FROM orders'"),
        .block("a dump that is proved", "pg_dump -Fc shop > shop.dump\npg_restore -d scratch shop.dump"),
        .block("a pipe that notices", "set -euo pipefail\npg_dump shop | gzip > shop.sql.gz\ngzip -t shop.sql.gz"),
        .block("an archive of logs", "tar -czf logs.tar.gz logs/"),
        .block("an example of settings", "tar -czf config.tar.gz .env.example docker-compose.yml"),
        .block("encrypted", "tar -cz .env | gpg -e -r ops > config.tar.gz.gpg"),
        .block("a password of elsewhere", "PGPASSWORD=\"$DB_PASSWORD\" psql -h db -c 'SELECT 1'"),
        .block("a word for a password", "PGPASSWORD=password psql -h db -c 'SELECT 1'"),
        .block("fixes within ranges", "npm audit fix"),
        .block("a careful push", "git push --force-with-lease origin topic"),
        .block("a signal", "kill -TERM 1234"),
        .block("a directory", "rm -rf ./build /tmp/work"),
        .block("a directory that must be set", "rm -rf \"${CACHE:?}/\"*"),
        .code("some rows", "sql", "DELETE FROM sessions WHERE expires_at < now();"),
        .block("some rows over HTTP", "curl -X DELETE \"https://a.example/rest/v1/logs?at=lt.2020-01-01\""),
        .code(
            "archived first", "sql",
            "COPY (SELECT * FROM logs) TO STDOUT;\n-- Archive old logs\nDELETE FROM logs WHERE at < now() - interval '90 days';"
        ),
        .block("a line of cron", "0 2 * * * /srv/backup.sh $(date +\\%Y)"),
        .block("a crontab", "DATABASE_URL=service=shop\n0 2 * * * psql $DATABASE_URL -c 'SELECT 1'"),
        .text("a date as an example", "# A\n\nOwner: ann\n\nType `echo $(date +%Y)`.\n"),
        .text("a heading", "# A\n\nOwner: [ann](#the-people--roles)\n\n## The people & roles\n"),
        .text("a page", "# A\n\nOwner: [ann](https://a.example/people)\n"),
        .text("closed in a list", "Owner: ann\n\n1. One\n   ```bash\n   ls\n   ```\n2. Two\n"),
        .block("a '#!'", "#!/bin/bash\n# Daily\nls"),
        .code("weak locks", "sql", "REINDEX TABLE CONCURRENTLY orders;\nCREATE INDEX CONCURRENTLY i ON orders (at);"),
        .code(
            "without keys", "sql",
            "-- Find unused indexes\nSELECT s.indexrelname FROM pg_stat_user_indexes s JOIN pg_index i USING (indexrelid)\n"
                + "WHERE s.idx_scan = 0 AND NOT i.indisunique;"),
        .code("a new table", "sql", "CREATE TABLE IF NOT EXISTS jobs (id int);\nCREATE INDEX jobs_id ON jobs (id);"),
        .code("a part of JSON", "json", "\"retries\": 3"),
        .code("JSON with something left out", "json", "{\n  \"a\": 1,\n  ...\n}"),
        .block("a variable of that name", "curl -H \"Authorization: Bearer $YOUR_TOKEN\" https://a.example"),
        .block("a word for a key", "export API_KEY=sk-v1-production-key"),
        .text("aims of two sections", "Owner: ann\n\n## Now\n\n- Errors < 1%\n\n## Later\n\n- Errors < 0.1%\n"),
        .text("nothing to own", "# A\n\nOnly text.\n"),
        .text("two levels", "Owner: ann\n\n1. Warning\n   - CPU usage > 80%\n2. Critical\n   - CPU usage > 90%\n"),
        .text(
            "a table",
            "Owner: ann\n\n| Metric | Target | Warning | Critical |\n|---|---|---|---|\n"
                + "| CPU | <60% | 60-80% | >80% |\n"),
    ]
}

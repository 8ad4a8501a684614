"""What scripts/bench measures. Interleaved rounds, medians, ratios; the operating system's own accounting of every
finished process (wait4). Usage: measure.py DIRECTORY-OF-THE-PROGRAMS ROWS, or with one part of it:
measure.py DIRECTORY-OF-THE-PROGRAMS GIGABYTES copies|physical|care"""

import json
import os
import pwd
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

POSTGRESQL = "/usr/lib/postgresql/15/bin"
ROUNDS = 5
# A round of backups takes two minutes.
BACKUP_ROUNDS = 3

TABLE = """
create table customers (
  id bigint primary key, first_name text not null, last_name text not null, email text not null, phone text,
  street text, city text, postcode text, country char(2), birth_date date, iban text, balance numeric(12,2),
  notes text, created_at timestamptz not null, updated_at timestamptz not null);
insert into customers
select i, 'First' || h % 997, 'Last' || h % 1009, 'mail' || i || '@example.org', '+49 ' || 1000000 + h % 8999999,
  'Street ' || h % 199, 'City ' || h % 51, lpad((h % 99999)::text, 5, '0'), 'DE', date '1940-01-01' + h % 24000,
  'DE' || lpad((h::bigint * 97)::text, 20, '0'), (h % 10000000) / 100.0,
  case when h % 3 = 0 then null else 'Customer called about order ' || h || '. Reference ' || md5(i::text) end,
  timestamptz '2020-01-01 00:00+00' + make_interval(secs => h % 126230400),
  timestamptz '2024-01-01 00:00+00' + make_interval(secs => h % 5000000)
from (select i, abs(hashint8(i)) as h from generate_series(1, ROWS::bigint) i) s;
vacuum analyze customers;
"""


def run(arguments, environment=None, output=subprocess.DEVNULL):
    """Wall and CPU seconds and the peak resident memory in bytes of one finished process, and what it printed."""
    read, write = os.pipe()
    with os.fdopen(read, "rb") as stream:
        begin = time.perf_counter()
        child = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=write if output is None else output, env=environment)
        os.close(write)
        text = stream.read().decode() if output is None else ""
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begin
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{arguments[0]} ended with status {child.returncode}")
    return {
        "wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss * 1024, "text": text}


def rounds(contenders):
    """Every contender once in each round, in turn; the medians of wall, CPU and peak."""
    seen = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, arguments in contenders.items():
            seen[name].append(run(arguments))
    return {
        name: {key: statistics.median(each[key] for each in results) for key in ("wall", "cpu", "peak")}
        for name, results in seen.items()}


def row(name, value, goal):
    print(f"| {name} | {value} | {goal} |", flush=True)


class Cluster:
    """A private cluster, run by an unprivileged user where we are root."""

    OWN = "shared_buffers=1GB fsync=off max_wal_size=8GB autovacuum=off max_locks_per_transaction=1024"
    DEFAULT = ""
    # Those of a proof (ClusterOptions, ProofCluster).
    PROOF = ("shared_buffers=2GB fsync=off synchronous_commit=off full_page_writes=off wal_level=minimal "
             "max_wal_senders=0 max_wal_size=32GB checkpoint_timeout=1d autovacuum=off maintenance_work_mem=750MB "
             "max_parallel_maintenance_workers=0 jit=off")

    def __init__(self, settings=OWN):
        self.directory = tempfile.mkdtemp(prefix="msb-", dir="/tmp")
        self.prefix = []
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.directory, user.pw_uid, user.pw_gid)
            self.prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self.call(f"{POSTGRESQL}/initdb", "-D", f"{self.directory}/data", "-U", "postgres", "-A", "trust", "-N",
                  "--locale=C.UTF-8", "-E", "UTF8")
        settings = " ".join(f"-c {setting}" for setting in settings.split())
        self.call(f"{POSTGRESQL}/pg_ctl", "-D", f"{self.directory}/data", "-w", "-l", f"{self.directory}/log",
                  "-o", f"-k {self.directory} -c listen_addresses= {settings}", "start")
        self.connection = self.database("postgres")

    def database(self, name):
        return f"host={self.directory} user=postgres dbname={name}"

    def cpu(self):
        """Seconds of all server processes that have ended (proc(5), cutime and cstime of the postmaster)."""
        with open(f"{self.directory}/data/postmaster.pid", encoding="utf-8") as file:
            process = int(file.readline())
        with open(f"/proc/{process}/stat", encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    def call(self, *arguments):
        subprocess.run([*self.prefix, *arguments], check=True, stdout=subprocess.DEVNULL, cwd="/")

    def sql(self, text, database="postgres"):
        subprocess.run([f"{POSTGRESQL}/psql", "-Xqd", self.database(database), "-v", "ON_ERROR_STOP=1"], input=text.encode(),
                       check=True, stdout=subprocess.DEVNULL)

    def stop(self):
        self.call(f"{POSTGRESQL}/pg_ctl", "-D", f"{self.directory}/data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.directory)


def backups(source, mainstay, state):
    """Against pg_dump as shipped, its faster setting, a pipe into zstd, and a dump with an unproved restore."""
    source.sql("create database backed")
    source.sql(TABLE.replace("ROWS", "2000000"), "backed")
    subprocess.run([f"{POSTGRESQL}/pgbench", "-i", "-q", "-s", "50", source.database("backed")], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    target, tuned = Cluster(Cluster.DEFAULT), Cluster(Cluster.PROOF)
    try:
        connection, place = source.database("backed"), f"{state}/dump"
        configuration = configure(state, "backed", connection)
        ours = [mainstay, "backup", "run", "--environment", "backed", "--config", configuration, "--state",
                f"{state}/backed", "--quiet"]
        dump = f"{POSTGRESQL}/pg_dump -d '{connection}'"
        restore, faster = (f"{POSTGRESQL}/pg_restore -j2 -d '{each.database('restored')}' {place}"
                           for each in (target, tuned))
        contenders = {
            "dump": ["sh", "-c", f"{dump} -Fd -j2 -f {place}"],
            "fast": ["sh", "-c", f"{dump} -Fd -j2 -Z1 -f {place}"],
            "pipe": ["sh", "-c", f"{dump} | zstd -q -T0 -3 -f -o {place}"],
            "ours": ours,
            "restored": ["sh", "-c", f"{dump} -Fd -j2 -f {place} && {restore}"],
            "tuned": ["sh", "-c", f"{dump} -Fd -j2 -f {place} && {faster}"],
            "proved": [*ours, "--prove"],
        }
        seen = {name: [] for name in contenders}
        for _ in range(BACKUP_ROUNDS):
            for name, arguments in contenders.items():
                for path in (place, f"{state}/backed/backups"):
                    if os.path.isdir(path):
                        shutil.rmtree(path)
                    elif os.path.exists(path):
                        os.remove(path)
                for each in (target, tuned):
                    each.sql("drop database if exists restored")
                    each.sql("create database restored")
                os.sync()
                before = source.cpu()
                result = run(arguments)
                time.sleep(0.3)
                result["cpu"] += source.cpu() - before
                seen[name].append(result)
        figures = {
            name: {key: statistics.median(each[key] for each in results) for key in ("wall", "cpu", "peak")}
            for name, results in seen.items()}
    finally:
        target.stop()
        tuned.stop()
    ours, proved = figures["ours"], figures["proved"]

    def against(name, other, key="wall"):
        return f"{figures[name][key] / figures[other][key]:.2f} × ({figures[name][key]:.1f} s, {figures[other][key]:.1f} s)"

    row("`backup run` of 1.4 GB against `pg_dump -Fd -j2`", against("ours", "dump"), "0.5 ×")
    row("`backup run` against `pg_dump -Fd -j2 -Z1`", against("ours", "fast"), "1.0 ×")
    row("`backup run`, CPU with the server's, against `pg_dump \\| zstd -3`", against("ours", "pipe", "cpu"), "1.1 ×")
    row("`backup run --prove` against `pg_dump -Fd -j2` and an unproved `pg_restore -j2`", against("proved", "restored"),
        "0.75 ×")
    row("the unproved restore alone, with the proof's settings against PostgreSQL's own", against("tuned", "restored"), "–")
    row("peak memory of `backup run`, with proof", f"{ours['peak'] / 1e6:.0f} MB, {proved['peak'] / 1e6:.0f} MB",
        "under 64 MB")


def stored(repository):
    """Bytes of all packs."""
    return sum(os.path.getsize(os.path.join(path, name))
               for path, _, names in os.walk(f"{repository}/data") for name in names)


def cut(arguments, repository, enough):
    """Runs a copy until that much lies in the repository, then kills its restic; what lay there at the end."""
    child = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while stored(repository) < enough:
        if child.poll() is not None:
            sys.exit("the copy was over before it could be cut")
        time.sleep(0.02)
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8") as file:
                program, parent = file.read().rsplit(")", 1)
            if program.endswith("(restic") and int(parent.split()[1]) == child.pid:
                os.kill(int(name), signal.SIGKILL)
        except (OSError, ValueError):
            continue
    if child.wait() == 0:
        sys.exit("a copy whose restic was killed says that it succeeded")
    return stored(repository)


def copies(source, mainstay, state, rows=20_000_000):
    """Copies of 2.6 GB, where nothing else is said, into restic repositories on the same disk: unchanged data again, and one that was cut off."""
    source.sql("create database copied")
    source.sql(f"""create table t as select n, md5(n::text) a, md5((n * 7)::text) b, md5((n * 13)::text) c
        from generate_series(1, {rows}) n""", "copied")
    configuration = f"{state}/copied.yaml"
    with open(configuration, "w", encoding="utf-8") as file:
        file.write("environments: {copied: {resources: {main: {kind: postgresql, connection: \""
                   f"{source.database('copied')}\"}}}}}}}}\nbackups: {{work: {state}-work, storage: {{"
                   f"secondary: {{repository: {state}/first, password: x}},"
                   f"offsite: {{repository: {state}/second, password: x}}}}}}\n")
    ours = ["--environment", "copied", "--config", configuration, "--state", f"{state}/copied", "--quiet"]
    backup = [mainstay, "backup", "run", *ours]
    copy = [mainstay, "backup", "copy", "--fail-on", "never", *ours]
    taken = run(backup)
    first = run([*copy, "--storage", "secondary"])
    whole = stored(f"{state}/first")
    before = cut([*copy, "--storage", "offsite"], f"{state}/second", whole // 2)
    run([*copy, "--storage", "offsite"])
    # Both repositories hold the same once; what was sent twice lies there twice.
    again = max(0, stored(f"{state}/second") - whole)
    retaken = run(backup)
    repeated = run([*copy, "--storage", "secondary"])
    row("`backup run` of unchanged data against the first, with nothing to deduplicate",
        f"{retaken['wall'] / taken['wall']:.2f} × ({retaken['wall']:.1f} s, {taken['wall']:.1f} s)", "–")
    both = (taken["wall"] + first["wall"], retaken["wall"] + repeated["wall"])
    row("`backup run` and `backup copy` of unchanged data against the first of both",
        f"{both[1] / both[0]:.2f} × ({both[1]:.1f} s, {both[0]:.1f} s)", "0.8 ×")
    row("peak memory of `backup run` of that", f"{max(taken['peak'], retaken['peak']) / 1e6:.0f} MB", "under 64 MB")
    row("`backup copy` of unchanged data against the first copy",
        f"{repeated['wall'] / first['wall']:.2f} × ({repeated['wall']:.1f} s, {first['wall']:.1f} s)", "0.8 ×")
    row("what that adds to the repository",
        f"{(stored(f'{state}/first') - whole) / whole * 100:.1f} % of {whole / 1e6:.0f} MB", "–")
    row(f"a copy cut off after {before / 1e6:.0f} of {whole / 1e6:.0f} MB: sent again of it",
        f"{again / before * 100:.1f} %", "0 %")
    row("peak memory of `backup copy`, restic's with it", f"{first['peak'] / 1e6:.0f} MB", "–")


# Eight tables of equal size, each with an index that amcheck has to hold against it.
SHARE = """create table part_{n} as select g as id, md5(g::text) as a, md5((g * 7)::text) as b, g % 1000 as c
    from generate_series(1, {rows}) g; create index on part_{n} (id); vacuum (freeze, analyze) part_{n};"""


def physical(mainstay, state, gigabytes):
    """A physical backup restored and proved, against pgBackRest's own restore and one parallel COPY of all tables."""
    directory = tempfile.mkdtemp(prefix="msb-", dir="/var/tmp")
    os.chmod(directory, 0o755)
    archive = f"pgbackrest --config={directory}/pgbackrest.conf --stanza=bench archive-push %p"
    cluster = Cluster()
    try:
        for name in ("", "/repository", "/restored", "/work"):
            os.makedirs(directory + name, exist_ok=True)
            if cluster.prefix:
                user = pwd.getpwnam("postgres")
                os.chown(directory + name, user.pw_uid, user.pw_gid)
        with open(f"{directory}/pgbackrest.conf", "w", encoding="utf-8") as file:
            file.write(f"[global]\nrepo1-path={directory}/repository\nrepo1-retention-full=2\nlog-path={directory}\n"
                       f"lock-path={directory}/lock\nspool-path={directory}/spool\nstart-fast=y\ncompress-type=lz4\n"
                       f"process-max=2\n\n[bench]\npg1-path={cluster.directory}/data\n"
                       f"pg1-socket-path={cluster.directory}\n")
        with open(f"{cluster.directory}/data/postgresql.auto.conf", "a", encoding="utf-8") as file:
            file.write(f"archive_mode = on\nwal_level = replica\narchive_command = '{archive}'\n")
        cluster.call(f"{POSTGRESQL}/pg_ctl", "-D", f"{cluster.directory}/data", "-w", "-l", f"{cluster.directory}/log",
                     "restart")
        back = ["pgbackrest", f"--config={directory}/pgbackrest.conf", "--stanza=bench", "--log-level-console=off"]
        cluster.call(*back, "stanza-create")
        for number in range(8):
            cluster.sql(SHARE.format(n=number, rows=int(gigabytes * 960_000)))
        cluster.call(*back, "--type=full", "backup")
        cluster.sql("select pg_switch_wal()")
        size = int(subprocess.run([f"{POSTGRESQL}/psql", "-XAtqd", cluster.connection, "-c",
                                   "select pg_database_size(current_database())"], check=True,
                                  stdout=subprocess.PIPE).stdout)
        configuration = f"{state}/physical.yaml"
        with open(configuration, "w", encoding="utf-8") as file:
            file.write(f"environments: {{physical: {{resources: {{main: {{kind: postgresql, connection: "
                       f"\"{cluster.connection}\", backups: {{physical: {{stanza: bench, configuration: "
                       f"{directory}/pgbackrest.conf}}}}}}}}}}}}\nbackups: {{work: {directory}/work}}\n")
        parallel = ["sh", "-c", "for n in 0 1 2 3 4 5 6 7; do echo $n; done | xargs -P 2 -I @ "
                    f"{POSTGRESQL}/psql -Xqd '{cluster.connection}' -c 'copy part_@ to stdout' > /dev/null"]
        seen = {"restore": [], "copy": [], "ours": []}
        for _ in range(BACKUP_ROUNDS):
            shutil.rmtree(f"{directory}/restored/data", ignore_errors=True)
            os.sync()
            seen["restore"].append(run([*cluster.prefix, *back, f"--pg1-path={directory}/restored/data", "--type=none",
                                        "restore"]))
            seen["copy"].append(run(parallel))
            os.sync()
            seen["ours"].append(run([mainstay, "backup", "verify", "--physical", "--environment", "physical", "--config",
                                     configuration, "--state", f"{state}/physical", "--quiet"]))
        restore, copied, ours = (statistics.median(each["wall"] for each in seen[name]) for name in seen)
        peak = max(each["peak"] for each in seen["ours"])
        taking = [mainstay, "backup", "run", "--environment", "physical", "--config", configuration, "--state",
                  f"{state}/physical", "--quiet", "--type"]
        first, again = run([*taking, "full"]), run([*taking, "incremental"])
        row("`backup run --type incremental` of unchanged data against a full one",
            f"{again['wall'] / first['wall']:.2f} × ({again['wall']:.1f} s, {first['wall']:.1f} s)", "0.8 ×")
        row("peak memory of `backup run --type full`, pgBackRest's with it", f"{first['peak'] / 1e6:.0f} MB", "flat")
        row(f"proof of a physical backup of {size / 1e9:.1f} GB against pgBackRest's restore and 1.3 parallel COPYs",
            f"{ours / (restore + 1.3 * copied):.2f} × ({ours:.1f} s; restore {restore:.1f} s, COPY {copied:.1f} s)", "1 ×")
        row("peak memory of that, pgBackRest's with it", f"{peak / 1e6:.0f} MB", "flat")
    finally:
        cluster.stop()
        shutil.rmtree(directory, ignore_errors=True)


def many_tables(source, mainstay, state):
    """10,000 tables of twenty rows."""
    source.sql("create database many")
    source.sql("""do $$ begin for i in 1..10000 loop
        execute format('create table t%s (id int primary key, a text, b text, at timestamptz default now())', i);
        execute format('insert into t%s select n, n::text, md5(n::text) from generate_series(1, 20) n', i);
        if i % 500 = 0 then commit; end if; end loop; end $$""", "many")
    configuration, seen = configure(state, "many", source.database("many")), {"dump": [], "ours": []}
    for _ in range(BACKUP_ROUNDS):
        for name, arguments in {
                "dump": [f"{POSTGRESQL}/pg_dump", "-d", source.database("many"), "-Fd", "-j2", "-f", f"{state}/many-dump"],
                "ours": [mainstay, "backup", "run", "--environment", "many", "--config", configuration, "--state",
                         f"{state}/many", "--quiet"]}.items():
            for path in (f"{state}/many-dump", f"{state}/many/backups"):
                shutil.rmtree(path, ignore_errors=True)
            os.sync()
            seen[name].append(run(arguments))
    dump, ours = ({key: statistics.median(each[key] for each in seen[name]) for key in ("wall", "peak")}
                  for name in ("dump", "ours"))
    row("`backup run` of 10,000 small tables against `pg_dump -Fd -j2`",
        f"{ours['wall'] / dump['wall']:.2f} × ({ours['wall']:.1f} s, {dump['wall']:.1f} s)", "2 ×")
    row("peak memory of that", f"{ours['peak'] / 1e6:.0f} MB (pg_dump: {dump['peak'] / 1e6:.0f} MB)", "–")


def databases(source, mainstay, state, count=200):
    """One look at each of many databases of one cluster."""
    names = [f"d{number}" for number in range(count)]
    source.sql("create database d0")
    source.sql("""do $$ begin for i in 1..20 loop
        execute format('create table t%s (id int primary key, a int, at timestamptz)', i);
        execute format('create index on t%s (a)', i); end loop; end $$""", "d0")
    for name in names[1:]:
        source.sql(f"create database {name} template d0")
    path = f"{state}/many-databases.yaml"
    with open(path, "w", encoding="utf-8") as file:
        file.write("environments:\n  many:\n    resources:\n")
        for name in names:
            file.write(f"      {name}: {{kind: postgresql, connection: \"{source.database(name)}\"}}\n")
    looked = run([mainstay, "db", "doctor", "--environment", "many", "--config", path, "--state", f"{state}/many-databases",
                  "--fail-on", "never", "--quiet"])
    row(f"`db doctor` of {count} databases of one cluster", f"{looked['wall']:.1f} s, {looked['peak'] / 1e6:.0f} MB",
        "60 s")


def interference(source, mainstay, state, seconds=60, scale=20):
    """What pgbench at half its most feels of surveys and of acts: pairs of rounds with and without them, in turn."""
    source.sql("create database busy")
    connection = source.database("busy")
    address = ["-h", source.directory, "-U", "postgres", "busy"]
    subprocess.run([f"{POSTGRESQL}/pgbench", "-iq", "-s", str(scale), *address], check=True, stderr=subprocess.DEVNULL)
    text = run([f"{POSTGRESQL}/pgbench", "-c4", "-j2", f"-T{seconds}", *address], output=None)["text"]
    most = float(next(line for line in text.splitlines() if line.startswith("tps")).split()[2])
    configuration = configure(state, "busy", connection)

    def p99(acts):
        for name in os.listdir(state):
            if name.startswith("latency"):
                os.remove(f"{state}/{name}")
        bench = subprocess.Popen([f"{POSTGRESQL}/pgbench", "-c4", "-j2", f"-T{seconds}", f"-R{most / 2:.0f}", "-l",
                                  f"--log-prefix={state}/latency", *address], stdout=subprocess.DEVNULL)
        while acts and bench.poll() is None:
            for words in acts:
                subprocess.run([mainstay, *words.split(), "--environment", "busy", "--config", configuration, "--state",
                                f"{state}/busy", "--fail-on", "never", "--quiet"], stdout=subprocess.DEVNULL, check=True)
        if bench.wait() != 0:
            sys.exit("pgbench failed")
        took = sorted(int(line.split()[2]) for name in os.listdir(state) if name.startswith("latency")
                      for line in open(f"{state}/{name}", encoding="ascii"))
        return took[len(took) * 99 // 100] / 1000

    for what, acts, goal in (("surveys (`db doctor`, `db bloat`)", ["db doctor", "db bloat"], 1.05),
                             ("acts (`db vacuum`, `db reindex`)", ["db vacuum --everything", "db reindex --everything "
                                                                   "--minimum-size=1"], 1.15)):
        alone, beside = [], []
        for _ in range(ROUNDS):
            alone.append(p99([]))
            beside.append(p99(acts))
        before, after = statistics.median(alone), statistics.median(beside)
        row(f"p99 of pgbench at half its most ({most / 2:.0f} a second) beside {what}",
            f"{after / before:.2f} × ({after:.1f} ms, {before:.1f} ms)", f"{goal} ×")


# Every next start is before the clocks change: croniter 6.0.0 gives '12 4 * 6-8 *' in Europe/Berlin, asked in winter, as
# 03:12, and the sums of both are compared.
SCHEDULES = [
    "0 2 * * *", "*/5 * * * *", "30 3 * * 0", "0 4 1 * *", "15 9-17 * * 1-5", "0 0 1 1 *", "0 6 * * 1,4", "45 23 * * 5",
    "0 0 29 2 *", "10 1 15 */3 *", "5,35 * * * *", "0 12 13 * 5", "20 4 * 12,1 *", "0 */6 * * *", "59 22 28-31 * *",
    "7 3 1-7 * *"]
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]
CRONITER = """
import sys, time, zoneinfo
from datetime import datetime, timezone
from croniter import croniter
lines = [line.rstrip("\\n").split("\\t") for line in open(sys.argv[1])]
after = int(sys.argv[2])
starts = {zone: datetime.fromtimestamp(after, zoneinfo.ZoneInfo(zone)) for zone, _ in lines}
parsed = [croniter(text, starts[zone]) for zone, text in lines]
begin = time.process_time()
total = sum(int(each.get_next(float)) for each in parsed)
print(time.process_time() - begin, total)
"""


def schedules(bench, state):
    """The next start of 10,000 cron lines, against croniter of PyPI, which is the field's own in Python."""
    packages, path, after = f"{state}/croniter", f"{state}/schedules", "1794830400"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--target", packages, "croniter==6.0.0", "tzdata"],
                   check=True, stdout=subprocess.DEVNULL)
    with open(path, "w", encoding="utf-8") as file:
        for number in range(10_000):
            minute, rest = SCHEDULES[number % len(SCHEDULES)].split(" ", 1)
            minute = str(number * 7 % 60) if minute.isdigit() else minute
            file.write(f"{ZONES[number % len(ZONES)]}\t{minute} {rest}\n")
    ours, theirs, sums = [], [], set()
    for _ in range(ROUNDS):
        answer = json.loads(run([bench, "schedules", path, after], output=None)["text"])
        ours.append(answer["seconds"])
        sums.add(answer["sum"])
        seconds, total = run([sys.executable, "-c", CRONITER, path, after],
                             {**os.environ, "PYTHONPATH": packages}, output=None)["text"].split()
        theirs.append(float(seconds))
        sums.add(int(total))
    if len(sums) != 1:
        sys.exit(f"croniter finds other starts: {sums}")
    own, other = statistics.median(ours), statistics.median(theirs)
    row("next start of 10,000 schedules, CPU", f"{own * 1000:.1f} ms", "under 10 ms")
    row("the same against croniter 6.0.0", f"{own / other:.4f} × ({own * 1000:.1f} ms, {other * 1000:.0f} ms)", "0.05 ×")


BARE = """
import sqlite3, sys, time
store = sqlite3.connect(sys.argv[1], isolation_level=None)
store.execute("pragma journal_mode = wal")
store.execute("pragma synchronous = full")
store.execute("create table change (number integer primary key, state text, witness text)")
store.execute("create table journal (number integer primary key, change int, state text, at int, detail text)")
for number in range(100):
    store.execute("insert into change values (?, 'planned', null)", (number,))
begin = time.perf_counter()
count = int(sys.argv[2])
for number in range(count):
    store.execute("begin immediate")
    store.execute("update change set state = ?, witness = ? where number = ?", ("started", '{"rows":12}', number % 100))
    store.execute("insert into journal values (?, ?, 'started', ?, ?)", (number, number % 100, number, '{"rows":12}'))
    store.execute("commit")
print(count / (time.perf_counter() - begin))
"""


def journal(bench, state):
    """Durable moves of the journal a second, through the whole engine, against bare transactions of two rows each."""
    bare, one, sixteen = [], [], []
    for number in range(ROUNDS):
        bare.append(float(run([sys.executable, "-c", BARE, f"{state}/bare{number}", "3000"], output=None)["text"]))
        for callers, count, seen in ((1, 1000, one), (16, 250, sixteen)):
            answer = run([bench, "journal", f"{state}/journal{number}-{callers}", str(callers), str(count)], output=None)
            seen.append(json.loads(answer["text"])["moves a second"])
    own, peer, many = (statistics.median(each) for each in (one, bare, sixteen))
    row("durable moves of the journal against bare SQLite transactions", f"{own / peer:.2f} × ({own:,.0f}/s, {peer:,.0f}/s)",
        "0.7 ×")
    row("the same with 16 callers", f"{many / peer:.2f} × ({many:,.0f}/s)", "20,000/s")


def first_step(mainstay, state):
    """From the start of the program to the first step that it writes down."""
    place, configuration = f"{state}/first", f"{state}/first.yaml"
    with open(configuration, "w", encoding="utf-8") as file:
        file.write("environments: {bench: {}}\n")
    seen = []
    for _ in range(4 * ROUNDS):
        begin = time.time()
        run([mainstay, "report", "prune", "--config", configuration, "--state", place, "--quiet"])
        with sqlite3.connect(f"{place}/mainstay.sqlite") as store:
            (step,) = store.execute("select max(started_at) from step").fetchone()
        seen.append(step / 1e6 - begin)
    row("from the start of the program to its first step", f"{statistics.median(seen[ROUNDS:]) * 1000:.0f} ms", "under 50 ms")


HISTORY = """
with recursive n(i) as (select 1 union all select i + 1 from n where i < {runs})
insert into run select '2024' || printf('%08d', i), name, is_routine, is_dry_run, environments, state, requester,
  started_at - ({runs} - i) * 3600000000, ended_at - ({runs} - i) * 3600000000 from run, n where id = '{id}';
insert into step select r.id, s.number, s.task, s.arguments, s.environment, s.resource, s.state, r.started_at, r.ended_at,
  s.plan, s.plan_digest, s.observation, s.error, s.terms from run r, step s where s.run_id = '{id}' and r.id <> '{id}';
"""


def history(mainstay, bench, state):
    """What is asked of a state with 1,000,000 steps in 10,000 runs."""
    place = f"{state}/history"
    run([bench, "steps", place, "100"])
    with sqlite3.connect(f"{place}/mainstay.sqlite") as store:
        (name,) = store.execute("select id from run").fetchone()
        store.executescript(HISTORY.format(runs=9_999, id=name))
        (steps,) = store.execute("select count(*) from step").fetchone()
    configuration = f"{place}.yaml"
    with open(configuration, "w", encoding="utf-8") as file:
        file.write("environments: {bench: {}}\n")
    common = ["--config", configuration, "--state", place]
    figures = rounds({
        "runs": [mainstay, "runs", *common], "show": [mainstay, "show", "latest", *common],
        "findings": [mainstay, "findings", *common]})
    words = ", ".join(f"{name} {figures[name]['wall'] * 1000:.0f} ms" for name in ("runs", "show", "findings"))
    row(f"`mainstay runs`, `show`, `findings` with {steps:,} steps of history", words, "under 100 ms")


def configure(state, name, connection):
    path = f"{state}/{name}.yaml"
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"environments:\n  {name}:\n    resources:\n      main: {{kind: postgresql, connection: \"{connection}\"}}\n"
                   f"backups: {{work: {state}-work}}\n")
    return path


def part(name, mainstay, gigabytes):
    """One part of what takes long, in a size of its own."""
    state = tempfile.mkdtemp(prefix="msb-", dir="/var/tmp")
    try:
        if name == "physical":
            physical(mainstay, state, gigabytes)
            return
        cluster = Cluster("shared_buffers=512MB max_connections=50" if name == "care" else Cluster.OWN)
        try:
            if name == "care":
                databases(cluster, mainstay, state)
                interference(cluster, mainstay, state)
                return
            # 130 bytes a row.
            copies(cluster, mainstay, state, int(gigabytes * 7_700_000))
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(state)
        shutil.rmtree(f"{state}-work", ignore_errors=True)


def main():
    if len(sys.argv) == 4:
        print("| what | figure | goal |\n|---|---|---|", flush=True)
        part(sys.argv[3], f"{sys.argv[1]}/mainstay", float(sys.argv[2]))
        return
    programs, count = sys.argv[1], int(sys.argv[2])
    mainstay, bench = f"{programs}/mainstay", f"{programs}/mainstay-bench"
    print(f"{os.cpu_count()} cores, medians of {ROUNDS} interleaved rounds, {count:,} rows\n")
    print("| what | figure | goal |\n|---|---|---|", flush=True)

    start = rounds({"mainstay": [mainstay, "--version"], "true": ["/bin/true"]})
    row("`mainstay --version`", f"{start['mainstay']['wall'] * 1000:.1f} ms (/bin/true: {start['true']['wall'] * 1000:.1f} ms)",
        "under 30 ms")

    state = tempfile.mkdtemp(prefix="msb-", dir="/tmp")
    steps = [json.loads(run([bench, "steps", f"{state}/{n}", "200"], output=None)["text"]) for n in range(ROUNDS)]
    row("engine and store, a step that does nothing", f"{statistics.median(s['ms a step'] for s in steps):.2f} ms",
        "under 5 ms")

    journal(bench, state)
    first_step(mainstay, state)
    history(mainstay, bench, state)
    schedules(bench, state)

    cluster = Cluster()
    try:
        cluster.sql(TABLE.replace("ROWS", str(count)))
        copy = [f"{POSTGRESQL}/psql", "-Xqd", cluster.connection, "-c", "copy customers to stdout"]
        digest = [bench, "digest", cluster.connection, "public.customers"]
        run(copy)
        figures = rounds({"psql": copy, "one": [*digest, "1"], "two": [*digest, "2"]})
        sums = {json.loads(run([*digest, n], output=None)["text"])["sum"] for n in ("1", "2")}
        if len(sums) != 1:
            sys.exit("the digests over one and two connections differ")
        wall = figures["psql"]["wall"]
        row("row digest, one connection, against `psql copy > /dev/null`",
            f"{figures['one']['wall'] / wall:.2f} × ({figures['one']['wall']:.2f} s, {wall:.2f} s)", "1.1 ×")
        row("row digest, two connections", f"{figures['two']['wall'] / wall:.2f} × ({figures['two']['wall']:.2f} s)",
            "0.65 ×")
        row("peak memory of a digest", f"{figures['one']['peak'] / 1e6:.0f} MB", "flat")
        configuration = f"{state}/mainstay.yaml"
        with open(configuration, "w", encoding="utf-8") as file:
            file.write("environments:\n  bench:\n    resources:\n      main: {kind: postgresql, connection: \""
                       f"{cluster.connection}\"}}\n      machine: {{kind: host}}\n")
        daily = run([mainstay, "run", "daily", "--environment", "bench", "--config", configuration, "--state",
                     f"{state}/daily", "--fail-on", "never", "--quiet"])
        row("daily routine over that database, peak memory of the program", f"{daily['peak'] / 1e6:.0f} MB",
            "under 64 MB")
        row("daily routine over that database, wall and CPU", f"{daily['wall']:.1f} s, {daily['cpu']:.2f} s", "–")
        backups(cluster, mainstay, state)
        many_tables(cluster, mainstay, state)
        copies(cluster, mainstay, state)
        for gigabytes in (1, 5):
            physical(mainstay, state, gigabytes)
    finally:
        cluster.stop()
        shutil.rmtree(state)
        shutil.rmtree(f"{state}-work", ignore_errors=True)


if __name__ == "__main__":
    main()

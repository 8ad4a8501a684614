"""What scripts/bench measures. Interleaved rounds, medians, ratios; the operating system's own accounting of every
finished process (wait4)."""

import argparse
import json
import os
import pwd
import re
import resource
import selectors
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
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


def run(arguments, environment=None, output=subprocess.DEVNULL, statuses=(0,)):
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
    if child.returncode not in statuses:
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


# Actions of check_postgres that look into a database, and those that ask for all of the cluster at once.
INSIDE = ["bloat", "disabled_triggers", "index_size", "last_analyze", "last_vacuum", "table_size"]
AROUND = ["autovac_freeze", "backends", "commitratio", "database_size", "hitratio", "locks", "query_time", "txn_idle",
          "txn_time", "txn_wraparound"]
# What they refuse to begin without.
LIMITS = {"index_size": "1TB", "table_size": "1TB", "database_size": "1TB", "query_time": "1h", "txn_idle": "1h",
          "txn_time": "1h"}


def check_postgres(source, names):
    """What check_postgres takes for all of its actions that say something of the same, whatever it finds: status 0 to 2; 3 is
    that it could not look."""
    program = shutil.which("check_postgres")
    address = [f"--host={source.directory}", "--dbuser=postgres"]
    wall = cpu = 0
    for action, asked in [(action, ",".join(names)) for action in INSIDE] + [(action, names[0]) for action in AROUND]:
        limit = [f"--critical={LIMITS[action]}"] if action in LIMITS else []
        took = run([program, f"--action={action}", f"--dbname={asked}", *limit, *address], statuses=(0, 1, 2))
        wall, cpu = wall + took["wall"], cpu + took["cpu"]
    return {"wall": wall, "cpu": cpu}


def databases(source, mainstay, state, count):
    """One look at each of many databases of one cluster, and never more connections than it says; check_postgres beside
    it, where it is installed (Debian: check-postgres)."""
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
    doctor = [mainstay, "db", "doctor", "--environment", "many", "--config", path, "--state", f"{state}/many-databases",
              "--fail-on", "never", "--quiet"]
    peer = shutil.which("check_postgres") is not None
    ours, theirs, most = [], [], 0
    for _ in range(BACKUP_ROUNDS):
        with Watch(source) as watch:
            ours.append(run(doctor))
        most = max(most, watch.most)
        if peer:
            theirs.append(check_postgres(source, names))
    wall, peak = (statistics.median(each[key] for each in ours) for key in ("wall", "peak"))
    row(f"`db doctor` of {count} databases of one cluster", f"{wall:.1f} s, {peak / 1e6:.0f} MB", "60 s, 150 MB")
    row("connections it had at once", most, "8")
    if peer:
        other = statistics.median(each["wall"] for each in theirs)
        row(f"that against {len(INSIDE) + len(AROUND)} actions of check_postgres",
            f"{wall / other:.2f} × ({wall:.1f} s, {other:.1f} s)", "1 ×")
    else:
        row("that against check_postgres", "not measured: apt-get install check-postgres", "1 ×")


class Watch:
    """Counts Mainstay's sessions ten times a second, over one connection of its own."""

    def __init__(self, source):
        self.source, self.most, self.end = source, 0, threading.Event()
        self.thread = threading.Thread(target=self.count)

    def __enter__(self):
        self.psql = subprocess.Popen([f"{POSTGRESQL}/psql", "-XqAtd", self.source.connection], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, text=True, bufsize=1)
        self.thread.start()
        return self

    def count(self):
        while not self.end.wait(0.1):
            self.psql.stdin.write("select count(*) from pg_stat_activity where application_name like 'mainstay%';\n")
            self.most = max(self.most, int(self.psql.stdout.readline()))

    def __exit__(self, *_):
        self.end.set()
        self.thread.join()
        self.psql.stdin.close()
        self.psql.wait()


def interference(source, mainstay, state, pairs, seconds, scale):
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
        for _ in range(pairs):
            alone.append(p99([]))
            beside.append(p99(acts))
        before, after = statistics.median(alone), statistics.median(beside)
        row(f"p99 of pgbench at half its most ({most / 2:.0f} a second) beside {what}",
            f"{after / before:.2f} × ({after:.1f} ms, {before:.1f} ms; {pairs} pairs of {seconds} s)", f"{goal} ×")


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


NGINX = """
daemon off; worker_processes 1; pid {place}/pid; error_log {place}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_body_temp_path {place}/b; proxy_temp_path {place}/p; fastcgi_temp_path {place}/f;
  uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;
  server {{
    listen 0.0.0.0:{port} backlog=4096; listen 0.0.0.0:{secure} ssl backlog=4096;
    ssl_certificate {place}/certificate.pem; ssl_certificate_key {place}/key.pem;
    location / {{ default_type text/plain; return 200 "all is ok, with a needle in it\\n"; }}
  }}
}}
"""


class WebServer:
    """nginx on every address of the loopback network, plain and with TLS."""

    def __init__(self, state):
        self.place = f"{state}/nginx"
        self.port, self.secure = 18_080, 18_443
        os.mkdir(self.place)
        self.authority = f"{self.place}/certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-keyout", f"{self.place}/key.pem", "-out", self.authority, "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, stderr=subprocess.DEVNULL)
        with open(f"{self.place}/nginx.conf", "w", encoding="utf-8") as file:
            file.write(NGINX.format(place=self.place, port=self.port, secure=self.secure))
        self.server = subprocess.Popen(["nginx", "-e", f"{self.place}/error.log", "-c", f"{self.place}/nginx.conf"])
        for _ in range(100):
            if subprocess.run(["curl", "-so", "/dev/null", f"http://127.0.0.1:{self.port}/"], check=False).returncode == 0:
                return
            time.sleep(0.05)
        sys.exit("nginx did not start")

    def stop(self):
        self.server.terminate()
        self.server.wait()


def monitoring(bench, state):
    """What continuous checks cost, against one worker of wrk that opens a connection for each request and looks at nothing."""
    server = WebServer(state)
    try:
        plain, secure = f"http://127.0.0.1:{server.port}/", f"https://localhost:{server.secure}/"
        ours, theirs = {"plain": [], "TLS": []}, {"plain": [], "TLS": []}
        for _ in range(ROUNDS):
            for name, url, count in (("plain", plain, 20_000), ("TLS", secure, 10_000)):
                words = [bench, "probes", url, str(count), "32"] + ([server.authority] if name == "TLS" else [])
                answer = json.loads(run(words, output=None)["text"])
                if answer["met"] != answer["checks"]:
                    sys.exit(f"{answer['met']} of {answer['checks']} checks passed")
                ours[name].append(answer["CPU ms a check"])
                peer = run(["wrk", "-t1", "-c32", "-d3", "-H", "Connection: close", url], output=None)
                requests = next(line for line in peer["text"].splitlines() if " requests in " in line).split()[0]
                theirs[name].append(peer["cpu"] * 1_000 / int(requests))
        for name, goal in (("plain", "0.12 ms"), ("TLS", "0.40 ms")):
            own, peer = statistics.median(ours[name]), statistics.median(theirs[name])
            row(f"CPU of an HTTP check with its own connection, status and body looked at ({name}), against wrk",
                f"{own:.3f} ms, {own / peer:.1f} ×", goal)
        cluster = Cluster("max_connections=300 fsync=off")
        try:
            for number, words in ((1_000, []), (0, [cluster.connection, "200"]), (1_000, [cluster.connection, "200"])):
                answer = json.loads(run([bench, "watch", f"{state}/watch{number}{len(words)}", str(server.port), str(number), "60",
                                         *words], output=None)["text"])
                name = " and ".join(([f"{number:,} HTTP"] if number else []) + (["200 PostgreSQL"] if words else []))
                row(f"{name} checks every 20 s",
                    f"{answer['% of a core']:.2f} % of a core, {answer['CPU µs a round']:.0f} µs each, late p99 "
                    f"{answer['late ms p99']:.1f} ms, {answer['peak MB']:.0f} MB, {answer['not well']} not well",
                    "1.5 %, p99 under 50 ms" if number and words else "150 µs" if words else "–")
        finally:
            cluster.stop()
        kept = json.loads(run([bench, "samples", f"{state}/samples", "4", "366"], output=None)["text"])
        slowest = max(value for name, value in kept.items() if name.startswith("ms for "))
        row("a year of samples every 20 s, on disk, of 1,200 checks", f"{kept['KB a series'] * 1_200 / 1_024:.0f} MB", "bounded")
        row("the slowest chart of four spans over it", f"{slowest:.1f} ms", "under 100 ms")
    finally:
        server.stop()


class Streams:
    """Clients of one server that listen to its events, all in this process."""

    def __init__(self, port, token):
        self.port = port
        self.request = (f"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n").encode()
        self.open = []

    def add(self, count, patience=60):
        """Opens so many at once; how many of them are answered. The others are closed by the server."""
        fresh = {}
        selector = selectors.DefaultSelector()
        for _ in range(count):
            client = socket.create_connection(("127.0.0.1", self.port))
            selector.register(client, selectors.EVENT_READ)
            fresh[client] = b""
            try:
                client.sendall(self.request)
            except (BrokenPipeError, ConnectionResetError):
                pass
        answered = 0
        deadline = time.monotonic() + patience
        while fresh:
            if time.monotonic() > deadline:
                sys.exit(f"{len(fresh)} of {count} connections were neither answered nor closed within {patience} s")
            for key, _ in selector.select(1):
                client = key.fileobj
                try:
                    read = client.recv(65536)
                except ConnectionResetError:
                    read = b""
                fresh[client] += read
                if read and b"event: change" not in fresh[client]:
                    continue
                selector.unregister(client)
                if read:
                    if not fresh[client].startswith(b"HTTP/1.1 200 "):
                        sys.exit(f"the server answered {fresh[client][:200]}")
                    answered += 1
                    client.setblocking(False)
                    self.open.append(client)
                else:
                    client.close()
                del fresh[client]
        selector.close()
        return answered

    def hear(self, word, patience=120):
        """Seconds until every one of them has heard an event."""
        begin = time.monotonic()
        selector = selectors.DefaultSelector()
        heard = dict.fromkeys(self.open, b"")
        for client in heard:
            selector.register(client, selectors.EVENT_READ)
        while heard:
            if time.monotonic() - begin > patience:
                sys.exit(f"{len(heard)} of {len(self.open)} clients heard nothing within {patience} s")
            for key, _ in selector.select(1):
                client = key.fileobj
                read = client.recv(65536)
                if not read:
                    sys.exit("the server closed a stream that it had answered")
                heard[client] += read
                if word in heard[client]:
                    selector.unregister(client)
                    del heard[client]
        selector.close()
        return time.monotonic() - begin

    def leave(self, count):
        for client in self.open[-count:]:
            client.close()
        del self.open[-count:]


def private(process):
    """Bytes that a process has for itself alone (proc_pid_smaps(5))."""
    with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as file:
        return 1024 * sum(int(line.split()[1]) for line in file if line.startswith("Private_"))


def clients(mainstay, state, count):
    """What each of so many open streams costs the server, how long until all have heard what is new, and what becomes of
    more than it takes: they are closed, and the others go on."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    # As docs/dashboard.md says.
    limit = min(12_000, min(most, 24_000) // 2)
    if count > limit or count + 400 > most:
        sys.exit(f"{count:,} clients need {2 * count:,} descriptors for the server, and this machine gives {most:,}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with open(f"{state}/mainstay.yaml", "w", encoding="utf-8") as file:
        file.write(f"environments: {{production: {{}}}}\n"
                   f"server: {{listen: \"127.0.0.1:{port}\", requests-per-minute: 100000}}\n")
    place = ["--config", f"{state}/mainstay.yaml", "--state", f"{state}/state"]
    run([mainstay, "access", "invite", "ann", "--role", "viewer", *place])
    token = run([mainstay, "access", "token", "ann", "--role", "viewer", "--purpose", "measure", "--for", "2h", *place],
                output=None)["text"].strip()
    server = subprocess.Popen([mainstay, "serve", *place], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                if time.monotonic() > deadline or server.poll() is not None:
                    sys.exit("the server does not listen")
                time.sleep(0.05)
        streams = Streams(port, token)
        # What the first ones cost is there once for all.
        streams.add(20)
        streams.leave(20)
        before = private(server.pid)
        begin = time.monotonic()
        while len(streams.open) < count:
            wanted = min(100, count - len(streams.open))
            if streams.add(wanted) < wanted:
                sys.exit(f"the server refused with {len(streams.open):,} streams open")
        opened = time.monotonic() - begin
        after = private(server.pid)
        row(f"{len(streams.open):,} open streams of events, each", f"{(after - before) / count / 1000:.1f} kB private "
            f"({before / 1e6:.0f} MB before, {after / 1e6:.0f} MB with them; opened in {opened:.1f} s)", "under 50 kB")
        run([mainstay, "access", "invite", "bob", "--role", "viewer", *place])
        row("until the last of them has heard what is new", f"{streams.hear(b'event: granted'):.2f} s", "")
        row("private afterwards", f"{private(server.pid) / 1e6:.0f} MB", "")
        # Only where it is near: the way there takes a minute.
        if count + 2_000 >= limit and limit + 300 <= most:
            asked = limit + 100 - len(streams.open)
            while asked > 0:
                streams.add(min(100, asked))
                asked -= 100
            if len(streams.open) > limit:
                sys.exit(f"{len(streams.open):,} streams are open, and {limit:,} are the limit")
            run([mainstay, "access", "invite", "eve", "--role", "viewer", *place])
            streams.hear(b"event: granted")
            row("streams it takes with as many descriptors as this machine gives", f"{len(streams.open):,} "
                f"({private(server.pid) / 1e6:.0f} MB), then it closes what comes; those that are open go on",
                f"at most {limit:,}")
            streams.leave(100)
            deadline = time.monotonic() + 120
            while streams.add(1) == 0:
                if time.monotonic() > deadline:
                    sys.exit("nobody gets in although 100 have left")
                time.sleep(1)
        if server.poll() is not None:
            sys.exit(f"the server ended with status {server.returncode}")
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            sys.exit("the server did not end within 30 s")


GUIDES = ["agentic-ecosystem", "contribux", "environment-management", "event-manager", "next-portal"]


def guides(mainstay, state, count):
    """The five guides, without a server and with one, and so many that are made of them with other numbers and names."""
    fixtures = f"{os.path.dirname(os.path.abspath(__file__))}/../Tests/Fixtures/guides"
    five = [f"{fixtures}/{name}.md" for name in GUIDES]
    cluster = Cluster()
    try:
        check = [mainstay, "guide", "check", "--fail-on", "never"]
        figures = rounds({
            "check": [*check, *five], "account": [mainstay, "guide", "account", *five],
            "server": [*check, "--database=bench", "--config", configure(state, "bench", cluster.connection), *five]})
    finally:
        cluster.stop()
    for name, what in (("check", "`guide check` of the five guides"), ("server", "the same with a server asked about SQL"),
                       ("account", "`guide account` of the five guides")):
        row(f"{what}, wall, CPU, peak", told(figures[name]), "under 1 s")
    place = f"{state}/guides"
    os.mkdir(place)
    files = []
    for number in range(count):
        with open(five[number % len(five)], encoding="utf-8") as file:
            text = file.read()
        # Every copy has its own percentages, and half of them spellings that nothing has seen before.
        text = re.sub(r"(\d+)%", lambda found, by=number: f"{(int(found[1]) + by) % 100}%", text)
        if number % 2:
            text = re.sub(r"(npm run |pnpm )([a-z]+):", rf"\1\2-{number}:", text)
        files.append(f"{place}/{number}.md")
        with open(files[-1], "w", encoding="utf-8") as file:
            file.write(text)
    row(f"`guide check` of {count:,} guides of that size, wall, CPU, peak", told(run([*check, *files])),
        "under 60 s and 100 MB")


def told(figure):
    return f"{figure['wall']:.2f} s, {figure['cpu']:.2f} s, {figure['peak'] / 1e6:.0f} MB"


def configure(state, name, connection):
    path = f"{state}/{name}.yaml"
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"environments:\n  {name}:\n    resources:\n      main: {{kind: postgresql, connection: \"{connection}\"}}\n"
                   f"backups: {{work: {state}-work}}\n")
    return path


def part(options, mainstay, bench):
    """One part of what takes long, in a size of its own."""
    print("| what | figure | goal |\n|---|---|---|", flush=True)
    state = tempfile.mkdtemp(prefix="msb-", dir="/var/tmp")
    try:
        match options.only:
            case "physical":
                physical(mainstay, state, options.gigabytes)
            case "monitoring":
                monitoring(bench, state)
            case "clients":
                clients(mainstay, state, options.clients)
            case "guides":
                guides(mainstay, state, options.guides)
            case "care":
                cluster = Cluster("shared_buffers=512MB max_connections=50")
                try:
                    databases(cluster, mainstay, state, options.databases)
                    interference(cluster, mainstay, state, options.pairs, options.seconds, options.scale)
                finally:
                    cluster.stop()
            case "copies":
                cluster = Cluster()
                try:
                    # 130 bytes a row.
                    copies(cluster, mainstay, state, int(options.gigabytes * 7_700_000))
                finally:
                    cluster.stop()
    finally:
        shutil.rmtree(state)
        shutil.rmtree(f"{state}-work", ignore_errors=True)


def at_least_one(text):
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("programs", help=argparse.SUPPRESS)
    parser.add_argument("--only", choices=["copies", "physical", "care", "monitoring", "clients", "guides"],
                        help="one part alone")
    for name, standard, what in (
            ("rows", 2_000_000, "in the table that is digested"), ("guides", 1_000, "how many"),
            ("clients", 10_000, "open streams of events"), ("databases", 200, "of one cluster, for 'care'"),
            ("pairs", ROUNDS, "of pgbench with and without us, for 'care'"), ("seconds", 60, "of one such"),
            ("scale", 20, "of pgbench")):
        parser.add_argument(f"--{name}", type=at_least_one, default=standard, help=f"{what} ({standard:,})")
    parser.add_argument("--gigabytes", type=float, default=1, help="for 'copies' and 'physical' (1)")
    options = parser.parse_args()
    # Only whether the options are understood, before anything is built.
    if options.programs == "-":
        return
    programs, count = options.programs, options.rows
    mainstay, bench = f"{programs}/mainstay", f"{programs}/mainstay-bench"
    if options.only:
        part(options, mainstay, bench)
        return
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
    guides(mainstay, state, 1_000)
    history(mainstay, bench, state)
    schedules(bench, state)
    monitoring(bench, state)

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

"""What the programs beside this file share: building, starting, stopping, and looking at the clocks.

Everything that is started is a child of this process, is bound to its life by the kernel, and is stopped by its pid.
"""

import atexit
import base64
import hashlib
import json
import math
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
BENCH_TARGET = HERE / "target" / "release"
PORTAL, BARE, LOAD = TARGET / "portal", BENCH_TARGET / "bare", BENCH_TARGET / "load"
TICK = os.sysconf("SC_CLK_TCK")


def build():
    """Builds the portal and the programs that measure it, as they are released."""
    environment = os.environ | {"SQLX_OFFLINE": "true"}
    for what, arguments in {
        "the portal": ["--manifest-path", ROOT / "Cargo.toml", "--target-dir", TARGET.parent, "--bin", "portal"],
        "the programs that measure it": ["--manifest-path", HERE / "Cargo.toml", "--target-dir", BENCH_TARGET.parent],
    }.items():
        say(f"Building {what} …")
        command = ["cargo", "build", "--quiet", "--release", "--locked", *arguments]
        if subprocess.run(command, env=environment).returncode:
            sys.exit("the build failed: the compiler's messages above say why")


def begin(arguments):
    """Builds, and begins anew beside a private PostgreSQL unless that is already so."""
    if "POSTGRES_PID" not in os.environ:
        if not arguments.no_build:
            build()
        os.execv(HERE / "postgres", ["bench/postgres", sys.executable, Path(sys.argv[0]).resolve(), *sys.argv[1:]])
    # Ended by a signal, the program must still stop what it started.
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(1))
    say_how_busy()
    return Path(tempfile.mkdtemp(prefix="portal-bench-"))


def say(text):
    print(text, file=sys.stderr, flush=True)


def say_how_busy():
    """Times mean little while others use the machine, so it is said."""

    def busy():
        fields = [int(field) for field in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
        return sum(fields) - fields[3] - fields[4], sum(fields)

    before = busy()
    time.sleep(1)
    used, all_of_it = (after - then for after, then in zip(busy(), before))
    print(f"{os.cpu_count()} cores, {100 * used / all_of_it:.0f} % busy with other things before the run began")


def free_port():
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        return any_port.getsockname()[1]


# --- programs ---------------------------------------------------------------------------------------------------------


class Program:
    """A program that runs until it is stopped."""

    running = set()

    def __init__(self, command, log, environment=None, **options):
        self.log = open(log, "ab")
        options = {"stdin": subprocess.DEVNULL, "stdout": self.log, "stderr": self.log} | options
        bound = ["setpriv", "--pdeathsig=KILL", "--", *map(str, command)]
        self.process = subprocess.Popen(bound, env=environment, **options)
        self.pid = self.process.pid
        Program.running.add(self)

    def is_running(self):
        return self.process.poll() is None

    def kill(self):
        self.stop(signal.SIGKILL)

    def stop(self, number=signal.SIGTERM, patience=15):
        """Says how many seconds it took."""
        started = time.monotonic()
        Program.running.discard(self)
        if self.is_running():
            self.process.send_signal(number)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        return time.monotonic() - started

    def cpu(self):
        return cpu_of(self.pid)

    def memory(self, what="VmRSS"):
        """In MiB; `VmHWM` is the most that it ever was."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(what + ":"):
                return int(line.split()[1]) / 1024
        return math.nan


@atexit.register
def stop_everything():
    for program in list(Program.running):
        program.stop(patience=5)


class Portal(Program):
    """The portal, in one of its ways to run."""

    secret = base64.b64encode(secrets.token_bytes(32)).decode()

    def __init__(self, directory, *arguments, mail=None, port=None, **settings):
        self.port = port or free_port()
        self.address = f"127.0.0.1:{self.port}"
        environment = {
            "PATH": os.environ["PATH"],
            "PORTAL_ENV": "development",
            "PORTAL_LISTEN": self.address,
            "PORTAL_DATABASE_URL": os.environ["DATABASE_URL"],
            "PORTAL_SECRET_KEY": self.secret,
            "PORTAL_CAPTCHA__MAX_NUMBER": "1",
            "PORTAL_LOG": "info",
        }
        if mail:
            environment["PORTAL_MAIL__URL"] = f"smtp://{mail}"
        environment |= {f"PORTAL_{key}": value for key, value in settings.items()}
        self.started_at = time.monotonic()
        super().__init__([PORTAL, *arguments], directory / "portal.log", environment)

    def wait_until_ready(self, patience=30):
        """Says how many seconds after its start the portal was ready."""
        while time.monotonic() < self.started_at + patience:
            if ask(self.port, "/readyz") == 200:
                return time.monotonic() - self.started_at
            if not self.is_running():
                break
            time.sleep(0.001)
        sys.exit(f"the portal did not become ready: {self.log.name} says why")


def ask(port, path):
    """The status of one GET, None if there is no answer."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            return int(connection.recv(64).split()[1])
    except (OSError, IndexError, ValueError):
        return None


def migrate(directory):
    migration = Portal(directory, "migrate")
    if migration.process.wait(60):
        sys.exit(f"portal migrate failed: {migration.log.name} says why")
    migration.stop()


class Sink(Program):
    """A mail server that takes everything and writes down what came."""

    def __init__(self, directory, delay_ms=0):
        self.file = directory / f"mail-{secrets.token_hex(4)}"
        command = [LOAD, "sink", "--delay-ms", str(delay_ms), self.file]
        super().__init__(command, directory / "sink.log", stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()

    def wait_for(self, count, patience=120):
        """Waits until so many messages came, without troubling the database."""
        until = time.monotonic() + patience
        with open(self.file) as lines:
            while count > 0 and time.monotonic() < until:
                count -= sum(1 for _ in lines)
                time.sleep(0.02)

    def messages(self):
        """What came: (seconds since 1970, Message-ID without its domain, recipient)."""
        for line in self.file.read_text().splitlines():
            at, message_id, recipient = line.split(" ")
            yield int(at) / 1e6, message_id.split("@")[0], recipient


class Load(Program):
    """A program that makes requests: it gets ready at once, and begins when told."""

    def __init__(self, directory, *arguments):
        command = [LOAD, *arguments]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        super().__init__(command, directory / "load.log", **pipes)
        if self.process.stdout.readline() != "ready\n":
            sys.exit(f"the load did not get ready: {self.log.name} says why")

    def go(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def lines(self):
        """All that it prints, until it ends."""
        yield from self.process.stdout
        if self.process.wait():
            sys.exit(f"the load failed: {self.log.name} says why")
        self.stop()

    def run(self):
        """Begins, waits for the end, gives the figures."""
        self.go()
        return json.loads(list(self.lines())[-1])


# --- clocks -----------------------------------------------------------------------------------------------------------


def stat_of(pid):
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()


def cpu_of(pid):
    """Seconds of CPU that a process used, without its children."""
    fields = stat_of(pid)
    return (int(fields[11]) + int(fields[12])) / TICK


def cpu_of_postgres(pid):
    """Seconds of CPU that PostgreSQL used: its first process, the children that have ended and those that run."""
    fields = stat_of(pid)
    used = sum(int(field) for field in fields[11:15]) / TICK
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if int(stat_of(process.name)[1]) == pid:
                used += cpu_of(process.name)
        except (FileNotFoundError, ProcessLookupError):
            pass  # It has just ended, and counts among the ended ones next time.
    return used


# --- the database -----------------------------------------------------------------------------------------------------


def sql(query, patience=30):
    """The rows of a query, each a tuple of texts."""
    command = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-F", "\t", "-c", query]
    done = subprocess.run(command, capture_output=True, text=True, timeout=patience)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    return [tuple(line.split("\t")) for line in done.stdout.splitlines()]


def number(query):
    return int(sql(query)[0][0])


def forget_sign_ups():
    """An empty database again, but for the directory."""
    # The audit trail is only ever added to; a benchmark's is thrown away with its database.
    sql("alter table audit disable trigger user")
    sql("truncate accounts, tokens, outbox, audit, used_proofs, budgets cascade")
    sql("alter table audit enable trigger user")


def wait_until_sent(patience):
    """Waits until nothing is left in the outbox; says how many seconds that took, or None if it did not end."""
    started = time.monotonic()
    while time.monotonic() < started + patience:
        if number("select count(*) from outbox where status in ('queued', 'sending')") == 0:
            return time.monotonic() - started
        time.sleep(0.1)
    return None


# --- people -----------------------------------------------------------------------------------------------------------

# What the demo vendor signs in with; `make_people` gives it to all whom it makes.
PASSWORD = "kaya-toast-2026"


def make_people(directory, prefix, count):
    """Active local accounts, `prefix-0` and so on, all with one password: making a hash for each would take minutes."""
    demo = Portal(directory, "demo")
    if demo.process.wait(60):
        sys.exit(f"portal demo failed: {demo.log.name} says why")
    demo.stop()
    sql(
        f"""with made as (
              insert into accounts (id, username, email, status, seed_status, created_at, activation_ends, first_name, last_name,
                                    activated_at, last_sign_in_at, codes_kept_at, phone_verified_at)
              select gen_random_uuid(), '{prefix}-' || n, '{prefix}-' || n || '@vendor.example', 'active', 'not_required', now(),
                     now() + interval '30 days', 'Ana', 'Lim', now(), now(), now(), now()
                from generate_series(0, {count - 1}) n returning id
            )
            insert into passwords (account_id, hash, kind, set_at)
            select made.id, (select p.hash from passwords p join accounts a on a.id = p.account_id where a.username = 'ana.demo'),
                   'chosen', now() from made"""
    )
    sql(
        f"""insert into acceptances (account_id, document, version, hash, accepted_at)
            select a.id, t.document, t.version, t.hash, now() from accounts a, terms t where a.username like '{prefix}-%'"""
    )


def session_of(username):
    """The cookie of a browser in which this account is signed in."""
    session = secrets.randbits(127)
    key = hashlib.sha256(session.to_bytes(16, "big")).hexdigest()
    account = sql(f"select id from accounts where username = '{username}'")[0][0]
    sitting = {
        "account": account, "began_at": int(time.time() * 1e6), "is_second_factor_proven": True, "is_complete": True,
        "is_staff": False, "browser": "", "network": "",
    }
    sql(
        f"""insert into sessions (id, account_id, content, created_at, last_seen_at, ends_at)
            values ('\\x{key}', '{account}', '{json.dumps({"sitting": sitting})}', now(), now(), now() + interval '12 hours')"""
    )
    return "session=" + base64.urlsafe_b64encode(session.to_bytes(16, "little")).rstrip(b"=").decode()


# --- figures ----------------------------------------------------------------------------------------------------------


def quantile(values, share):
    values = sorted(values)
    return values[round((len(values) - 1) * share)] if values else math.nan


class Checks:
    """Figures beside their goals; the exit code says whether all were met."""

    def __init__(self):
        self.missed = 0

    def note(self, what, figure, is_met, goal):
        self.missed += not is_met
        print(f"{'met   ' if is_met else 'MISSED'}  {what}: {figure} (goal: {goal})", flush=True)

    def end(self, directory):
        if self.missed:
            sys.exit(f"{self.missed} goals missed; logs in {directory}")
        shutil.rmtree(directory)

"""PostgreSQL, Redis and the API as processes of ours, to be started, stopped, killed and hung."""

import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from common import SCRATCH, cpu_seconds, treebeard_api

#: As whom PostgreSQL runs when root starts it: it refuses to run as root.
UNPRIVILEGED = "postgres"


class Service:
    """A process that listens on a port. `start` it, then `stop`, `kill` (no chance to say goodbye) or `hang` it."""

    name: str

    def __init__(self) -> None:
        self.port = free_port()
        self.log = SCRATCH / f"{self.name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def ready(self) -> bool:
        raise NotImplementedError

    def start(self, **options: Any) -> Self:
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **options
            )
        if (
            within(lambda: self.ready() or self.process.poll() is not None, 60) is None
            or self.process.poll() is not None
        ):
            self.process.kill()
            raise SystemExit(f"{self.name} does not start: see {self.log}")
        return self

    def stop(self) -> None:
        """Ends it, however it is."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(signal.SIGINT if self.name == "postgres" else signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def hang(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def cpu(self) -> float:
        """Seconds of processor time so far."""
        return cpu_seconds(self.process.pid)

    def resident_mb(self) -> float:
        """Memory in use."""
        size = subprocess.run(["ps", "-o", "rss=", "-p", str(self.process.pid)], capture_output=True, text=True)
        return round(int(size.stdout) / 1024, 1)


class Postgres(Service):
    """With pg_stat_statements, which counts the queries."""

    name = "postgres"

    def __init__(self) -> None:
        super().__init__()
        self.programs = postgres_programs()
        self.user = {"user": UNPRIVILEGED, "group": pwd.getpwnam(UNPRIVILEGED).pw_gid} if os.geteuid() == 0 else {}
        self.folder = tempfile.mkdtemp(prefix="treebeard-bench-postgres.")
        if self.user:
            shutil.chown(self.folder, **self.user)
        initdb = [self.programs / "initdb", "-D", self.folder, "-A", "trust", "-U", "bench", "--no-sync"]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, **self.user)

    def command(self) -> list[str]:
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "shared_preload_libraries": "pg_stat_statements",
        }
        flags = [f"--{name}={value}" for name, value in settings.items()]
        return [str(self.programs / "postgres"), "-D", self.folder, *flags]

    def start(self) -> Self:
        # After a kill its children need a moment to notice, and until then another one does not start.
        for _ in range(50):
            try:
                return super().start(**self.user)
            except SystemExit:
                time.sleep(0.1)
        raise SystemExit(f"PostgreSQL does not start: see {self.log}")

    def ready(self) -> bool:
        asked = [self.programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(asked).returncode == 0

    def url(self) -> str:
        return f"postgres://bench@127.0.0.1:{self.port}/postgres"

    def query(self, sql: str) -> list[list[str]]:
        return rows(self.psql(sql).communicate()[0])

    def psql(self, sql: str) -> subprocess.Popen[str]:
        command = [
            self.programs / "psql",
            "-X",
            "-q",
            "-A",
            "-t",
            "-F",
            "\t",
            "-v",
            "ON_ERROR_STOP=1",
            self.url(),
            "-c",
            sql,
        ]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Redis(Service):
    """Keeps nothing on disk, as a cache should."""

    name = "redis"

    def command(self) -> list[str]:
        return ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]

    def ready(self) -> bool:
        try:
            return self.cli("ping") == "PONG"
        except subprocess.CalledProcessError:
            return False

    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def cli(self, *words: str) -> str:
        command = ["redis-cli", "-p", str(self.port), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def gets(self) -> int:
        """GETs that it has answered."""
        calls = re.search(r"^cmdstat_get:calls=(\d+)", self.cli("info", "commandstats"), re.M)
        return int(calls[1]) if calls else 0

    def used_mb(self) -> float:
        used = re.search(r"^used_memory:(\d+)", self.cli("info", "memory"), re.M)
        return round(int(used[1]) / (1 << 20), 1)


class Api(Service):
    """The program under test, with its defaults but for what `settings` (environment variables) say."""

    name = "treebeard-api"

    def __init__(self, postgres: Postgres, settings: dict[str, str]) -> None:
        super().__init__()
        self.environment = {
            **os.environ,
            "AUTH_MODE": "demo",
            "DATABASE_URL": postgres.url(),
            "PORT": str(self.port),
            "ADMIN_ADDR": "127.0.0.1:0",
            **settings,
        }

    def command(self) -> list[str]:
        return [treebeard_api(), "serve"]

    def start(self) -> Self:
        return super().start(env=self.environment)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def ready(self) -> bool:
        return self.request("/health/ready")[0] == 200

    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def request(self, path: str, timeout: float = 30) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers; status 0 without an answer."""
        try:
            with urllib.request.urlopen(self.url() + path, timeout=timeout) as answer:
                return answer.status, answer.read(), {name.lower(): text for name, text in answer.headers.items()}
        except urllib.error.HTTPError as error:
            return error.code, error.read(), {}
        except OSError:
            return 0, b"", {}

    def metrics(self) -> dict[str, float]:
        """What `/metrics` tells, by name and labels."""
        lines = self.request("/metrics")[1].decode().splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")}

    def status(self) -> str:
        """`healthy`, `degraded` or `unhealthy`."""
        _, body, _ = self.request("/health", timeout=5)
        return json.loads(body)["status"] if body else "no answer"


def within(holds: Callable[[], bool], limit: float) -> float | None:
    """Seconds until it holds; nothing if it does not within the limit."""
    start = time.monotonic()
    while not holds():
        if time.monotonic() - start > limit:
            return None
        time.sleep(0.02)
    return round(time.monotonic() - start, 3)


def rows(text: str) -> list[list[str]]:
    return [line.split("\t") for line in text.splitlines()]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def postgres_programs() -> Path:
    """The newest version's programs, or those of the PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    found = str(versions[-1]) if versions else shutil.which("initdb")
    if not found:
        raise SystemExit("PostgreSQL is missing: apt-get install postgresql, or brew install postgresql@17")
    return Path(found).resolve().parent

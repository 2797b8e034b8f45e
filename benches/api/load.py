"""Runs the load generator and wrk against the API, and says what came of it and what it cost."""

import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from common import API, SCRATCH, built, busy_seconds
from services import Api

Row = dict[str, Any]
#: What to do so many seconds after all users have arrived; what it returns is written down.
Events = dict[int, Callable[[], Row]]


def users(api: Api, count: int, ramp_up: int, duration: int, events: Events | None = None, whole: bool = False) -> Row:
    """The performance guide's users. The summary is of the time after all have arrived, or of the whole."""
    command = [built("load"), "--url", api.url(), "users", f"--users={count}"]
    command += [f"--ramp-up={ramp_up}", f"--duration={duration}"]
    command += ["--count-ramp-up"] if whole else []
    timeline: list[Row] = []
    pending = []
    with cost(api) as spent, ThreadPoolExecutor() as pool:
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                told = json.loads(line)
                if "summary" in told:
                    break
                timeline.append(told)
                if event := (events or {}).get(told["second"] + 1 - ramp_up):
                    pending.append(pool.submit(event))
        spent["generator_cpu_s"] = told["summary"]["generator"]["cpu_s"]
    row: Row = {"ramp_up_s": ramp_up, **told["summary"], "cost": spent}
    if pending:
        row["events"] = [event.result() for event in pending]
    measured = timeline[0 if whole else ramp_up :]
    row["worst_second"] = {
        key: max(second[key] for second in measured) for key in ("p50_ms", "p95_ms", "p99_ms", "max_ms")
    }
    row["worst_second"]["least_completed"] = min(second["completed"] for second in measured)
    row["timeline"] = {key: [second[key] for second in timeline] for key in ("completed", "errors", "p95_ms", "p99_ms")}
    return row


def paths(api: Api, targets: Iterable[str], connections: int) -> Row:
    """Requests every path once, over so many connections at a time."""
    command = [built("load"), "--url", api.url(), "--timeout=60", "paths", f"--connections={connections}"]
    done = subprocess.run(command, input="\n".join(targets), check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])["summary"]


def wrk(url: str, connections: int, seconds: int, targets: Iterable[str] = ()) -> Row:
    """Requests one URL as fast as the machine can, or `targets` of its server in turn."""
    environment = dict(os.environ)
    if targets:
        environment["PATHS"] = str(SCRATCH / "paths")
        (SCRATCH / "paths").write_text("\n".join(targets) + "\n")
    command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--timeout=10s", "-s", str(API / "wrk.lua"), url]
    busy, started = busy_seconds(), time.monotonic()
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    cores = (busy_seconds() - busy) / (time.monotonic() - started)
    return {**json.loads(done.stdout.splitlines()[-1]), "busy_cores": round(cores, 2)}


@contextmanager
def ceiling(page: bytes, redis_url: str) -> Iterator[str]:
    """A bare axum handler that answers with `page`; its URL."""
    file = SCRATCH / "page"
    file.write_bytes(page)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([built("ceiling"), str(file), redis_url], text=True, **pipes) as process:
        yield f"http://{process.stdout.readline().strip()}"
        process.stdin.close()


@contextmanager
def cost(api: Api) -> Iterator[Row]:
    """What happens inside costs: processor time of the API and of others, and the API's memory at the end."""
    spent: Row = {"generator_cpu_s": 0.0}
    busy, cpu, started = busy_seconds(), api.cpu(), time.monotonic()
    yield spent
    wall = time.monotonic() - started
    spent["wall_s"] = round(wall, 2)
    spent["api_cpu_s"] = round(api.cpu() - cpu, 2)
    others = busy_seconds() - busy - spent["api_cpu_s"] - spent["generator_cpu_s"]
    spent["others"] = round(max(0.0, others) / (wall * (os.cpu_count() or 1)), 2)
    spent["api_resident_mb"] = api.resident_mb()


@contextmanager
def requested(api: Api, targets: Iterator[str], every: float) -> Iterator[list[float]]:
    """Requests a path every so many seconds meanwhile; how long each took, in milliseconds."""
    took: list[float] = []
    ended = threading.Event()

    def request() -> None:
        while not ended.wait(every):
            start = time.monotonic()
            if api.request(next(targets))[0] == 200:
                took.append((time.monotonic() - start) * 1e3)

    thread = threading.Thread(target=request)
    thread.start()
    try:
        yield took
    finally:
        ended.set()
        thread.join()


class QueryTimes:
    """The API's own histogram of its statements' times, from when this is made until it is read."""

    def __init__(self, api: Api) -> None:
        self.api, self.before = api, self.buckets(api)

    @staticmethod
    def buckets(api: Api) -> dict[float, int]:
        """How many statements took at most so many seconds."""
        metrics = api.metrics()
        found = (re.fullmatch(r'db_query_duration_seconds_bucket\{le="(.+)"\}', name) for name in metrics)
        return {float(match[1]): int(metrics[match[0]]) for match in found if match}

    def read(self) -> Row:
        """Percentiles, as if times were spread evenly within a bucket."""
        counts = [(bound, count - self.before[bound]) for bound, count in sorted(self.buckets(self.api).items())]
        total = counts[-1][1]
        row: Row = {"count": total}
        for share in (50, 95, 99) if total else ():
            rank, low, below = total * share / 100, 0.0, 0
            for bound, count in counts:
                if count >= rank:
                    width = bound - low if bound < float("inf") else 0.0
                    row[f"p{share}_ms"] = round((low + width * (rank - below) / (count - below)) * 1e3, 2)
                    break
                low, below = bound, count
        return row

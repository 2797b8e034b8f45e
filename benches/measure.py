"""Runs a command, says what it cost, and writes that down."""

import json
import os
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from processor import busy_seconds
from server import ENVIRONMENT, Server


def run(command: list[str], variables: dict[str, str], log: Path, server: Server | None = None) -> dict[str, Any]:
    """Exit code, wall time, processor time of all its processes (s), and the largest one's peak memory (MB).

    `others` is the share of the machine that neither the command nor the server used: noise, when it is not small.
    """
    busy, served = busy_seconds(), server.cpu() if server else 0.0
    with open(log, "a") as output:
        started = time.monotonic()
        process = subprocess.Popen(
            command, env=ENVIRONMENT | variables, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu = used.ru_utime + used.ru_stime
    served = server.cpu() - served if server else 0.0
    others = busy_seconds() - busy - cpu - served
    return {
        "exit": process.returncode,
        "wall_s": round(wall, 4),
        "cpu_s": round(cpu, 3),
        "peak_mb": round(used.ru_maxrss / (1 << 20 if os.uname().sysname == "Darwin" else 1 << 10), 1),
        "server_cpu_s": round(served, 2),
        "others": round(max(0.0, others) / (wall * (os.cpu_count() or 1)), 2),
    }


def machine() -> str:
    """What the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    system = os.uname()
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {system.sysname} {system.release.split('-')[0]} {system.machine}"


def heading(command: str, versions: dict[str, str]) -> dict[str, Any]:
    """The first record of a file: what was run, when, where, and with which versions."""
    today = datetime.now(UTC).date().isoformat()
    return {"command": command, "date": today, "machine": machine(), "versions": versions}


def record(out: TextIO, row: dict[str, Any]) -> None:
    """Writes a record down as soon as it is known."""
    line = json.dumps(row)
    out.write(line + "\n")
    out.flush()
    print(line, flush=True)

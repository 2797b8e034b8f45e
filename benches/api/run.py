#!/usr/bin/env python3
"""Measures the API under load, scenario by scenario. One that is written down already is not run again.

usage: benches/api/run.py --all                    everything, about 25 minutes
       benches/api/run.py users-10000 redis-hung   these
       benches/api/run.py --list                   their names
"""

import argparse
import hashlib
import json
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from common import API, RESULTS, SCRATCH, heading, record, treebeard_api
from scenarios import SCENARIOS, Bench


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO")
    parser.add_argument("--all", action="store_true", help="every scenario")
    parser.add_argument("--list", action="store_true", help="prints the scenarios' names")
    parser.add_argument("--out", type=Path, help="records, added to [default: benches/results/api.jsonl]")
    parser.add_argument("--quick", action="store_true", help="a tenth of users and time, to try out")
    options = parser.parse_args()
    if options.list:
        return print("\n".join(SCENARIOS))
    names = list(SCENARIOS) if options.all else options.scenarios
    if not names or (unknown := set(names) - set(SCENARIOS)):
        parser.error(f"unknown: {', '.join(unknown)}" if names else "name scenarios, or say --all")
    out = options.out or (SCRATCH / "api-quick.jsonl" if options.quick else RESULTS / "api.jsonl")
    build()
    raise_file_limit()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what runs is ended on the way out
    done = measured(out)
    with open(out, "a") as file, Bench(0.1 if options.quick else 1.0) as bench:
        if done is None:
            record(file, heading("benches/api/run.py --all", versions()))
        for name in names:
            if name in (done or ()):
                continue
            started = time.monotonic()
            found = list(SCENARIOS[name](bench))  # whole or not at all, so that it can be taken up again
            for row in found:
                record(file, {"scenario": name, **row})
            print(f"{name}: {time.monotonic() - started:.0f} s", flush=True)


def build() -> None:
    """Our own programs, and looks for the rest."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    for name in ("load", "ceiling"):
        manifest, target = API.parent / name / "Cargo.toml", SCRATCH / name
        cargo = [
            "cargo",
            "build",
            "--release",
            "--locked",
            "--quiet",
            "--manifest-path",
            manifest,
            "--target-dir",
            target,
        ]
        subprocess.run(cargo, check=True)
    for program, package in (("redis-server", "redis"), ("redis-cli", "redis"), ("wrk", "wrk")):
        if not shutil.which(program):
            raise SystemExit(f"{program} is missing: apt-get install {package}, or brew install {package}")
    if not Path(treebeard_api()).exists():
        raise SystemExit(f"{treebeard_api()} is missing: cargo build --release --locked -p treebeard-api")


def raise_file_limit() -> None:
    """A user is a connection, which is an open file on either side."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 20_000 if most == resource.RLIM_INFINITY else min(20_000, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    if wanted < 16_000:
        print(f"only {wanted} files may be open: fewer than 15,000 users fit; raise `ulimit -Hn`", flush=True)


def measured(out: Path) -> set[str] | None:
    """The scenarios that are written down; nothing without a file."""
    if not out.exists() or not out.stat().st_size:
        return None
    head, *rows = map(json.loads, out.read_text().splitlines())
    if head["versions"] != versions():
        raise SystemExit(f"{out} is of another build: remove it, or name another file with --out")
    return {row["scenario"] for row in rows}


def versions() -> dict[str, str]:
    def first_line(*command: str) -> str:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[0]

    program = treebeard_api()
    digest = hashlib.sha256(Path(program).read_bytes()).hexdigest()[:12]
    wrk = subprocess.run(["wrk", "--version"], capture_output=True, text=True)  # it exits with 1
    return {
        "treebeard-api": f"{first_line(program, '--version')} (sha256 {digest})",
        "redis": first_line("redis-server", "--version").split(" sha=")[0],
        "postgres": first_line("psql", "--version"),
        "wrk": (wrk.stdout + wrk.stderr).splitlines()[0].split(" Copyright")[0],
    }


if __name__ == "__main__":
    main()

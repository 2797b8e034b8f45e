#!/usr/bin/env python3
"""Compares deploys: every tool, every scenario, the tools in turn within each round.

cold      v1 into an empty bucket
noop      v1 again
rebuilt   v1 again, the same bytes, every file new: what a build in CI leaves
delta     v2: 1 % of the files changed, see sites.py
headers   v2 again, with another Cache-Control for pages

A JSON line a run goes to --out, after one that says what was run where. After `cold` and `delta` the bucket is compared
with the folder, byte for byte; after `headers` a page's header is looked at.
"""

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import measure
import peers
from scratch import SCRATCH, SITES
from server import Relay, Server
from sites import files_of

SCENARIOS = ["cold", "noop", "rebuilt", "delta", "headers"]
#: Long ago: a file that is not touched is older than its object.
LONG_AGO = 1_600_000_000
BEFORE, AFTER = "public, max-age=300, must-revalidate", "public, max-age=600, must-revalidate"


def main() -> int:
    args = arguments()
    site = args.sites / args.site
    args.out.parent.mkdir(parents=True, exist_ok=True)
    failed = False
    with Server() as server, Relay(server, args.delay_ms) as relay, open(args.out, "w") as out:
        measure.record(out, measure.heading(f"benches/deploy.py {' '.join(args.shown)}", peers.versions(args.peers)))
        for number in range(args.rounds):
            for peer in args.peers:
                bucket = f"{args.site}-{peer}-{number}"
                server.create(bucket)
                peers.forget(site)
                for row in scenarios(site, bucket, peer, args.scenarios, server, relay.endpoint):
                    measure.record(out, {"site": args.site, "delay_ms": args.delay_ms, "peer": peer, "round": number, **row})
                    failed |= row["exit"] != 0
                server.remove(bucket)
    return int(failed)


def arguments() -> argparse.Namespace:
    def names(text: str) -> list[str]:
        return text.split(",")

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", default="spa")
    parser.add_argument("--sites", type=Path, default=SITES, help="the folder with the sites")
    parser.add_argument("--peers", type=names, default=list(peers.PEERS))
    parser.add_argument("--scenarios", type=names, default=SCENARIOS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--delay-ms", type=int, default=0, help="added to every answer of the server")
    parser.add_argument("--out", type=Path, default=SCRATCH / "deploy.jsonl")
    args = parser.parse_args()
    unknown = set(args.peers) - set(peers.PEERS) | set(args.scenarios) - set(SCENARIOS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    # Where the lines go and where the sites lie says nothing about the figures.
    args.shown = [f"--{name} {value}" for name, value in [("site", args.site), ("rounds", args.rounds)]]
    args.shown += [f"--delay-ms {args.delay_ms}"] if args.delay_ms else []
    return args


def scenarios(
    site: Path, bucket: str, peer: str, wanted: list[str], server: Server, endpoint: str
) -> Iterator[dict[str, Any]]:
    """Runs the scenarios in turn on one bucket, and yields what each one cost."""
    changes = json.loads((site / "changes.json").read_text())
    for version in ("v1", "v2"):
        touch(site / version, files_of(site / version), LONG_AGO)
    for scenario in wanted:
        version = "v2" if scenario in ("delta", "headers") else "v1"
        if scenario in ("rebuilt", "delta"):
            # Times have whole seconds in S3: what changes must be newer than its object.
            time.sleep(1.2)
            touched = files_of(site / version) if scenario == "rebuilt" else recognisable(changes)
            touch(site / version, touched, time.time())
        cache_control = AFTER if scenario == "headers" else BEFORE
        task = peers.Task(site, version, bucket, endpoint, cache_control)
        command, variables = peers.PEERS[peer](task)
        before = server.requests(bucket)
        row = {"scenario": scenario, **measure.run(command, variables, SCRATCH / f"{peer}.log", server)}
        after = server.requests(bucket)
        row["requests"] = {kind: n - before.get(kind, 0) for kind, n in after.items() if n > before.get(kind, 0)}
        if scenario in ("cold", "delta"):
            row["differences"] = differences(site / version, bucket, changes if version == "v2" else {}, server)
        if scenario == "headers":
            row["header_changed"] = server.get(bucket, "index.html")[1].get("cache-control") == AFTER
        yield row


def recognisable(changes: dict[str, list[str]]) -> list[str]:
    """The changed files that have a new time."""
    return [*changes["grown"], *changes["same_size"], *changes["added"]]


def touch(folder: Path, files: list[str], when: float) -> None:
    for file in files:
        os.utime(folder / file, (when, when))


def differences(folder: Path, bucket: str, changes: dict[str, list[str]], server: Server) -> dict[str, int]:
    """How many objects differ from the folder's files; of changed files, by the kind of change."""
    wanted, stored = set(files_of(folder)), server.keys(bucket)
    stale = {file for file in wanted & stored.keys() if not same(folder / file, stored[file], bucket, file, server)}
    found = {"missing": len(wanted - stored.keys()), "left_over": len(stored.keys() - wanted), "stale": len(stale)}
    kinds = {f"stale_{kind}": len(stale.intersection(files)) for kind, files in changes.items() if kind != "removed"}
    return found | kinds


def same(file: Path, etag: str, bucket: str, key: str, server: Server) -> bool:
    """Whether an object holds the file's bytes. The tag of one that was uploaded in a single request is their MD5."""
    content = file.read_bytes()
    return hashlib.md5(content).hexdigest() == etag or server.get(bucket, key)[0] == content


if __name__ == "__main__":
    sys.exit(main())

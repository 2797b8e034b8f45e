#!/usr/bin/env python3
"""Compares making Brotli 11 and gzip 9 variants of a site: treebeard-cdn, without and with its cache, and npm's precompress.

Both get the same files: what precompress compresses, of 1 KiB or more. A JSON line a run goes to --out.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import measure
from scratch import SCRATCH, SITES, program, treebeard_cdn
from server import ENVIRONMENT
from sites import files_of

TYPES = (".css", ".html", ".js", ".json", ".map", ".mjs", ".svg", ".txt", ".wasm", ".xml")
CONFIG = """\
version: 1
site: { root: ., output: dist, spa: false }
compression: { encodings: [br, gzip] }
environments: { local: { target: local } }
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", default="spa")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=SCRATCH / "compress.jsonl")
    args = parser.parse_args()
    project = SCRATCH / "compress"
    args.out.parent.mkdir(parents=True, exist_ok=True)
    failed = False
    with open(args.out, "w") as out:
        measure.record(out, measure.heading(f"benches/compress.py --site {args.site} --rounds {args.rounds}", versions()))
        for number in range(args.rounds):
            for peer, run in [("precompress", precompress), ("ours", ours), ("ours, cached", ours)]:
                if peer != "ours, cached":
                    prepare(project, SITES / args.site / "v1")
                row = run(project)
                measure.record(out, {"site": args.site, "peer": peer, "round": number, **row})
                failed |= row["exit"] != 0
    return int(failed)


def prepare(project: Path, site: Path) -> None:
    """A project with the site's compressible files, and nothing from an earlier run."""
    shutil.rmtree(project, ignore_errors=True)
    for file in files_of(site):
        if file.endswith(TYPES) and os.path.getsize(site / file) >= 1024:
            target = project / "dist" / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(site / file, target)
    (project / "cdn-config.yml").write_text(CONFIG)


def precompress(project: Path) -> dict[str, Any]:
    row = measure.run([program("precompress"), "-t", "gz,br", str(project / "dist")], {}, SCRATCH / "precompress.log")
    made = files_of(project / "dist")
    for name, ending in [("br_bytes", ".br"), ("gzip_bytes", ".gz")]:
        row[name] = sum(os.path.getsize(project / "dist" / file) for file in made if file.endswith(ending))
    return row


def ours(project: Path) -> dict[str, Any]:
    build = [treebeard_cdn(), "--config", str(project / "cdn-config.yml"), "build", "--no-build"]
    row = measure.run([*build, "--quiet"], {}, SCRATCH / "compress.log")
    table = subprocess.run([*build, "--json"], env=ENVIRONMENT, capture_output=True, text=True, check=True)
    totals = json.loads(table.stdout)["totals"]
    return row | {"br_bytes": totals["br"], "gzip_bytes": totals["gzip"]}


def versions() -> dict[str, str]:
    ours = subprocess.run([treebeard_cdn(), "--version"], capture_output=True, text=True, check=True)
    package = SCRATCH / "npm" / "node_modules" / "precompress" / "package.json"
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    theirs = json.loads(package.read_text())["version"]
    return {"ours": ours.stdout.strip(), "precompress": f"precompress {theirs}, Node.js {node.stdout.strip()}"}


if __name__ == "__main__":
    sys.exit(main())

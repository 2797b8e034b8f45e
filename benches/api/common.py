"""What the other benchmarks have already: where things lie, and how runs are written down."""

import os
import sys
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parent.parent))

from measure import heading, record  # noqa: E402, F401
from processor import busy_seconds, cpu_seconds  # noqa: E402, F401
from scratch import REPOSITORY, SCRATCH  # noqa: E402, F401

API = Path(__file__).resolve().parent
RESULTS = REPOSITORY / "benches" / "results"


def built(name: str) -> str:
    """A program of ours beside this folder, as `run.py` builds it."""
    return str(SCRATCH / name / "release" / name)


def treebeard_api() -> str:
    """The program under test: what TREEBEARD_API names, else the release build."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    return os.environ.get("TREEBEARD_API", str(target / "release" / "treebeard-api"))

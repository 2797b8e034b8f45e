#!/usr/bin/env python3
"""Prints the records of deploy.py and compress.py as Markdown tables: medians over the rounds, and the range of wall times."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

Row = dict[str, Any]


def main() -> None:
    for name in sys.argv[1:]:
        head, *rows = map(json.loads, Path(name).read_text().splitlines())
        print(f"\n`{head['command']}` ({head['date']}; {head['machine']}; {'; '.join(head['versions'].values())})")
        if "br_bytes" in rows[0]:
            compression(rows)
        else:
            for scenario in dict.fromkeys(row["scenario"] for row in rows):
                deploys(scenario, [row for row in rows if row["scenario"] == scenario])


def deploys(scenario: str, rows: list[Row]) -> None:
    findings: dict[str, Callable[[Row], str]] = {
        "cold": lambda row: words(row["differences"]),
        "delta": lambda row: words(row["differences"]),
        "headers": lambda row: "header changed" if row["header_changed"] else "header stayed as it was",
    }
    finding = findings.get(scenario)
    title = ["the bucket afterwards"] if finding else []
    table([scenario, "wall s (range)", "CPU s", "peak MB", "server CPU s", "requests", "wall ÷ ours", *title])
    ours = wall_by_round([row for row in rows if row["peer"] == "ours"])
    for peer, runs in by_peer(rows).items():
        wall = wall_by_round(runs)
        ratios = [wall[number] / ours[number] for number in wall if number in ours]
        requests = " ".join(f"{count} {kind}" for kind, count in runs[-1]["requests"].items())
        cells = [peer, span(runs), f"{of(runs, 'cpu_s'):.2f}", f"{of(runs, 'peak_mb'):.0f}"]
        cells += [f"{of(runs, 'server_cpu_s'):.2f}", requests, f"{median(ratios):.2f}" if ratios else "–"]
        print(f"| {' | '.join(cells + ([finding(runs[-1])] if finding else []))} |")


def compression(rows: list[Row]) -> None:
    table(["br 11 and gzip 9", "wall s (range)", "CPU s", "peak MB", "br bytes", "gzip bytes"])
    for peer, runs in by_peer(rows).items():
        cells = [peer, span(runs), f"{of(runs, 'cpu_s'):.2f}", f"{of(runs, 'peak_mb'):.0f}"]
        cells += [f"{runs[-1][name]:,}" for name in ("br_bytes", "gzip_bytes")]
        print(f"| {' | '.join(cells)} |")


def table(columns: list[str]) -> None:
    print(f"\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")


def by_peer(rows: list[Row]) -> dict[str, list[Row]]:
    """The runs of each peer. One that failed is no figure."""
    peers: dict[str, list[Row]] = {}
    for row in rows:
        if row["exit"] == 0:
            peers.setdefault(row["peer"], []).append(row)
    return peers


def wall_by_round(rows: list[Row]) -> dict[int, float]:
    return {row["round"]: row["wall_s"] for row in rows if row["exit"] == 0}


def of(runs: list[Row], name: str) -> float:
    return median(run[name] for run in runs)


def span(runs: list[Row]) -> str:
    walls = [run["wall_s"] for run in runs]
    digits = 3 if max(walls) < 1 else 2
    return f"{median(walls):.{digits}f} ({min(walls):.{digits}f}–{max(walls):.{digits}f})"


def words(differences: dict[str, int]) -> str:
    """`the same`, or what differs; a part of `stale` is not told twice."""
    parts = {kind: count for kind, count in differences.items() if count and kind != "stale"}
    if differences["stale"] > sum(count for kind, count in parts.items() if kind.startswith("stale")):
        parts["stale"] = differences["stale"]
    return ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in parts.items()) or "the same"


if __name__ == "__main__":
    main()

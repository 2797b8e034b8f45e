#!/usr/bin/env python3
"""Prints the records of run.py as Markdown tables."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

Row = dict[str, Any]
Records = dict[str, list[Row]]


def main() -> None:
    for name in sys.argv[1:]:
        head, *rows = map(json.loads, Path(name).read_text().splitlines())
        print(f"`{head['command']}` ({head['date']}; {head['machine']}; {'; '.join(head['versions'].values())})")
        records: Records = {}
        for row in rows:
            records.setdefault(row["scenario"], []).append(row)
        for part in (crowds, cache, failures, cold_key, pages, memory):
            part(records)


def crowds(records: Records) -> None:
    found = [rows[0] for name, rows in records.items() if name.startswith("users-")]
    columns: dict[str, Callable[[Row], str]] = {
        "users": lambda row: f"{row['users']:,}",
        "seconds": lambda row: f"{row['seconds']:.0f}",
        "requests/s": lambda row: f"{row['achieved_per_s']:,.0f}",
        "of the offered": lambda row: f"{row['share_of_offered']:.1%}",
        "errors": lambda row: f"{row['errors']}",
        "P50 ms": lambda row: f"{row['p50_ms']:.2f}",
        "P95 ms": lambda row: f"{row['p95_ms']:.2f}",
        "P99 ms": lambda row: f"{row['p99_ms']:.2f}",
        "hit rate": lambda row: f"{row['hit_rate']:.2%}",
        "not cached: P50 / P95 / P99 ms": lambda row: percentiles(row["uncached"]),
        "queries: P50 / P95 / P99 ms": lambda row: percentiles(row["queries"]),
        "API cores": lambda row: f"{row['cost']['api_cpu_s'] / row['cost']['wall_s']:.2f}",
        "API MB": lambda row: f"{row['cost']['api_resident_mb']:.0f}",
        "other processes": lambda row: f"{row['cost']['others']:.0%}",
    }
    table(columns, found)


def cache(records: Records) -> None:
    """The guide's "before" and "after"."""
    found = [records[name][0] | {"cache": name.removeprefix("cache-")} for name in records if name.startswith("cache-")]
    columns: dict[str, Callable[[Row], str]] = {
        "cache": lambda row: row["cache"],
        "hit rate": lambda row: f"{row['hit_rate']:.2%}",
        "queries": lambda row: f"{row['queries']['count']:,}",
        "queries: P50 / P95 / P99 ms": lambda row: percentiles(row["queries"]),
        "API: P50 / P95 / P99 ms": percentiles,
        "users": lambda row: f"{row['users']:,}",
        "requests/s": lambda row: f"{row['achieved_per_s']:,.0f}",
        "errors": lambda row: f"{row['errors']}",
        "API cores": lambda row: f"{row['cost']['api_cpu_s'] / row['cost']['wall_s']:.2f}",
    }
    table(columns, found)


def failures(records: Records) -> None:
    found = [{"name": name, **rows[0]} for name, rows in records.items() if "events" in rows[0]]

    def told(row: Row, key: str) -> str:
        seconds = row["events"][0].get(key)
        return "–" if seconds is None else f"{seconds:.2f}"

    columns: dict[str, Callable[[Row], str]] = {
        "what failed": lambda row: row["name"].replace("-", " "),
        "users": lambda row: f"{row['users']:,}",
        "errors": lambda row: f"{row['errors']}",
        "P50 / P95 / P99 ms": percentiles,
        "worst second: P95 ms": lambda row: f"{row['worst_second']['p95_ms']:.1f}",
        "worst second: answers": lambda row: f"{row['worst_second']['least_completed']:,}",
        "seconds without an answer": lambda row: f"{row['seconds_without_answer']}",
        "said so after s": lambda row: told(row, "noticed_s"),
        "recovered after s": lambda row: told(row, "recovered_s"),
        "answered from": lambda row: ", ".join(f"{source} {count:,}" for source, count in row["x_cache"].items()),
    }
    table(columns, found)


def cold_key(records: Records) -> None:
    columns: dict[str, Callable[[Row], str]] = {
        "1,000 requests for one cold": lambda row: row["key"],
        "round": lambda row: f"{row['round'] + 1}",
        "answered": lambda row: f"{row['completed']:,}",
        "errors": lambda row: f"{row['errors']}",
        "times that each statement ran": lambda row: ", ".join(map(str, row["statements"].values())),
    }
    table(columns, records.get("cold-key", []))


def pages(records: Records) -> None:
    """Medians, and the median of the rounds' ratios: both targets of a round were measured in the same minute."""
    found = []
    for name in ("page-memory", "page-redis"):
        rows = records.get(name, [])
        for connections in dict.fromkeys(row["connections"] for row in rows):
            of = {
                t: [r for r in rows if (r["target"], r["connections"]) == (t, connections)] for t in ("ceiling", "ours")
            }
            rates = {target: [row["requests_per_s"] for row in runs] for target, runs in of.items()}
            ratio = median(ours / bare for ours, bare in zip(rates["ours"], rates["ceiling"], strict=True))
            last = of["ours"][-1]
            found.append({"from": last["x_cache"], "rates": rates, "ratio": ratio, **last})
    columns: dict[str, Callable[[Row], str]] = {
        "page from": lambda row: row["from"],
        "bytes": lambda row: f"{row['bytes']:,}",
        "connections": lambda row: f"{row['connections']}",
        "bare axum, requests/s": lambda row: f"{median(row['rates']['ceiling']):,.0f}",
        "ours, requests/s": lambda row: f"{median(row['rates']['ours']):,.0f}",
        "ours ÷ bare": lambda row: f"{row['ratio']:.2f}",
        "ours: P50 / P95 / P99 ms": percentiles,
        "errors": lambda row: f"{row['errors']}",
    }
    table(columns, found)


def memory(records: Records) -> None:
    columns: dict[str, Callable[[Row], str]] = {
        "limit in the process": lambda row: row["limit"],
        "entries in the process": lambda row: f"{row['entries']:,}",
        "MB that the limit counts": lambda row: f"{row['counted_mb']:.0f}",
        "MB resident": lambda row: f"{row['api_resident_mb']:.0f}",
        "entries in Redis": lambda row: f"{row['redis_entries']:,}",
        "MB in Redis": lambda row: f"{row['redis_mb']:.0f}",
    }
    table(columns, records.get("memory", []))


def table(columns: dict[str, Callable[[Row], str]], rows: list[Row]) -> None:
    if rows:
        print(f"\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
        for row in rows:
            print(f"| {' | '.join(cell(row) for cell in columns.values())} |")


def percentiles(row: Row) -> str:
    if "p50_ms" not in row:
        return "–"
    return " / ".join(f"{row[key]:.2f}" for key in ("p50_ms", "p95_ms", "p99_ms"))


if __name__ == "__main__":
    main()

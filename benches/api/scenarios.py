"""What is measured. Each scenario gets a PostgreSQL with the demo's data and an empty Redis, and yields records."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import islice, product
from statistics import quantiles

import load
from common import treebeard_api
from load import QueryTimes, Row
from services import Api, Postgres, Redis, within

#: What the guide's users request: after one of each, everything that they want is cached.
PATHS = ("/api/v1/plans/catalog", "/api/v1/recommendations/user_123", "/api/v1/users/profile")
PAGE = PATHS[0]
ENTRIES = 100_000
ROUNDS = 3
CONNECTIONS = (64, 512)


class Bench:
    """The servers around the API. `scale` shortens everything, to try out."""

    def __init__(self, scale: float) -> None:
        self.scale = scale

    def __enter__(self) -> "Bench":
        with ExitStack() as servers:
            self.postgres, self.redis = Postgres(), Redis()
            servers.callback(self.postgres.remove)
            servers.callback(self.redis.stop)
            self.postgres.start()
            self.redis.start()
            for command in ("migrate", "seed"):
                environment = {"DATABASE_URL": self.postgres.url()}
                subprocess.run([treebeard_api(), command], check=True, stdout=subprocess.DEVNULL, env=environment)
            self.postgres.query("CREATE EXTENSION pg_stat_statements")
            regions = self.postgres.query("SELECT DISTINCT unnest(available_regions) FROM plan_catalog ORDER BY 1")
            self.regions = [region for (region,) in regions]
            self.pages = pages(self.regions)
            self.servers = servers.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.servers.close()

    def api(self, redis: bool = True, **settings: str) -> Api:
        """An API that is not yet started; Redis is emptied."""
        self.redis.cli("flushall")
        return Api(self.postgres, ({"REDIS_URL": self.redis.url()} if redis else {}) | settings)

    def users(self, api: Api, users: int, duration: int, events: load.Events | None = None, whole: bool = False) -> Row:
        """The guide's users, 500 of whom arrive a second."""
        users = max(100, int(users * self.scale))
        duration = max(30 if events else 10, int(duration * self.scale))
        return load.users(api, users, max(5, users // 500), duration, events, whole)


def pages(regions: list[str]) -> Iterator[str]:
    """Catalogue pages that nobody has requested yet."""
    for months, share, region in product(range(121), range(101), regions):
        yield f"{PAGE}?zip_code={region}01&min_renewable={share}&max_contract_length={months}"


def warm(api: Api) -> None:
    for path in PATHS * 2:
        status, _, _ = api.request(path)
        if status != 200:
            raise SystemExit(f"{path} answers {status}")


def crowd(bench: Bench, users: int, duration: int) -> Iterator[Row]:
    """So many users, everything warm, and ten requests a second for pages that are not."""
    with bench.api() as api:
        warm(api)
        queries = QueryTimes(api)
        with load.requested(api, bench.pages, 0.1) as uncached:
            row = bench.users(api, users, duration)
        at = quantiles(uncached, n=100)
        row["uncached"] = {"requests": len(uncached), **{f"p{n}_ms": round(at[n - 1], 2) for n in (50, 95, 99)}}
        yield {**row, "queries": queries.read()}


def cache(bench: Bench, state: str) -> Iterator[Row]:
    """The same users with the cache off, empty at first, and warm: the guide's "before" and "after"."""
    with bench.api(redis=False, CACHE_MAX_BYTES="0") if state == "off" else bench.api() as api:
        if state == "warm":
            warm(api)
        queries = QueryTimes(api)
        yield {**bench.users(api, 2000, 30, whole=True), "queries": queries.read()}


def outage(api: Api, fail: Callable[[], object], mend: Callable[[], object], recovered: Callable[[], bool]) -> Row:
    """Ten seconds without a server. How long the API takes to say so, and to be as before, in seconds."""
    start = time.monotonic()
    fail()
    noticed = within(lambda: api.status() != "healthy", 10)
    time.sleep(max(0.0, start + 10 - time.monotonic()))
    mend()
    return {"noticed_s": noticed, "recovered_s": within(recovered, 30)}


def failing(bench: Bench, what: str, in_memory: bool = True, users: int = 5000) -> Iterator[Row]:
    """A server goes away ten seconds into the load, and comes back after ten more."""
    redis, postgres = bench.redis, bench.postgres
    with bench.api(**({} if in_memory else {"CACHE_MAX_BYTES": "0"})) as api:

        def healthy() -> bool:
            return api.status() == "healthy"

        def fills() -> bool:
            return healthy() and api.request(next(bench.pages))[0] == 200

        def kill_both() -> None:
            redis.kill()
            postgres.kill()

        def start_both() -> None:
            postgres.start()
            redis.start()

        courses: dict[str, Callable[[], Row]] = {
            "redis-killed": lambda: outage(api, redis.kill, redis.start, healthy),
            "redis-hung": lambda: outage(api, redis.hang, redis.go_on, healthy),
            "redis-flushed": lambda: {"answer": redis.cli("flushall")},
            "postgres-killed": lambda: outage(api, postgres.kill, postgres.start, fills),
            "both-killed": lambda: outage(api, kill_both, start_both, fills),
        }
        warm(api)
        yield bench.users(api, users, 40, {10: courses[what]})


def cold_key(bench: Bench) -> Iterator[Row]:
    """1,000 requests for what is not cached, all of them under way at once: the table is locked meanwhile."""
    statements = "SELECT calls, query FROM pg_stat_statements WHERE query ILIKE 'select%from plan_catalog%'"
    with bench.api() as api:
        warm(api)
        plans = (f"/api/v1/plans/plan_{number:04}" for number in range(1, 1 + ROUNDS))
        for number, (key, targets) in product(range(ROUNDS), {"page": bench.pages, "plan": plans}.items()):
            bench.postgres.query("SELECT pg_stat_statements_reset()")
            lock = "BEGIN; LOCK plan_catalog IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(2); COMMIT"
            with bench.postgres.psql(lock):
                time.sleep(0.5)
                row = load.paths(api, [next(targets)] * 1000, 1000)
            calls = {query: int(count) for count, query in bench.postgres.query(statements)}
            yield {"round": number, "key": key, **row, "statements": calls}


def page(bench: Bench, source: str) -> Iterator[Row]:
    """A cached page as fast as the API can, beside the least that axum can do, in turn.

    From Redis, there are twice as many pages as connections: requests for the same one at the same time share a GET.
    """
    redis = source == "redis"
    seconds = max(2, int(5 * bench.scale))
    with bench.api(**({"CACHE_MAX_BYTES": "0"} if redis else {})) as api:
        warm(api)
        _, body, headers = api.request(PAGE)
        alike = pages_like(bench, api, len(body), 2 * max(CONNECTIONS)) if redis else [PAGE]
        with load.ceiling(body, bench.redis.url()) as bare:
            targets = {"ceiling": (bare, [f"/{source}"]), "ours": (api.url(), alike)}
            for number, connections in product(range(ROUNDS), CONNECTIONS):
                for target, (url, paths) in targets.items():
                    gets = bench.redis.gets()
                    # A list for both targets, since choosing from it takes wrk some time; each of its threads has a part.
                    listed = paths * 2 if redis else ()
                    row = load.wrk(url + paths[0], connections, seconds, listed)
                    told = {"target": target, "round": number, "connections": connections, "bytes": len(body)}
                    told["redis_gets"] = bench.redis.gets() - gets
                    if redis and told["redis_gets"] < 0.95 * row["requests"]:
                        raise SystemExit(f"{target}: {told['redis_gets']} GETs for {row['requests']} requests")
                    yield told | row | ({"x_cache": headers.get("x-cache")} if target == "ours" else {})


def pages_like(bench: Bench, api: Api, size: int, count: int) -> list[str]:
    """So many pages within a tenth of that many bytes, all of them cached."""
    found = []
    for months, region in product(range(36, 121), bench.regions):
        path = f"{PAGE}?zip_code={region}01&max_contract_length={months}"
        _, body, _ = api.request(path)
        if abs(len(body) - size) <= size / 10:
            found.append(path)
        if len(found) == count:
            return found
    raise SystemExit(f"only {len(found)} pages of the catalogue have about {size} bytes")


def memory(bench: Bench) -> Iterator[Row]:
    """What 100,000 cached entries need: with a limit that holds them all, then with the default one."""
    entries = max(1000, int(ENTRIES * bench.scale))
    wanted: list[str] = []
    with bench.api(CACHE_MAX_BYTES=str(4 << 30)) as api:
        yield {"limit": "4 GiB", **sizes(bench, api)}
        while (held := int(bench.redis.cli("dbsize"))) < entries:
            each = held / len(wanted) if wanted else 1.0  # a page is kept as data and as response
            wanted += (batch := list(islice(bench.pages, max(100, int((entries - held) / each)) if wanted else 100)))
            row = load.paths(api, batch, 64)
        yield {"limit": "4 GiB", **sizes(bench, api), "errors": row["errors"]}
    with Api(bench.postgres, {"REDIS_URL": bench.redis.url()}) as api:
        row = load.paths(api, wanted, 64)
        yield {"limit": "64 MiB", **sizes(bench, api), "x_cache": row["x_cache"], "errors": row["errors"]}


def sizes(bench: Bench, api: Api) -> Row:
    """Entries and megabytes, in the process and in Redis."""
    metrics = api.metrics()
    return {
        "entries": int(metrics["cache_l1_entries"]),
        "counted_mb": round(sum(n for name, n in metrics.items() if name.startswith("cache_l1_bytes{")) / (1 << 20), 1),
        "api_resident_mb": api.resident_mb(),
        "redis_entries": int(bench.redis.cli("dbsize")),
        "redis_mb": bench.redis.used_mb(),
    }


#: In the order in which they run.
SCENARIOS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "users-1000": lambda bench: crowd(bench, 1000, 45),
    "users-5000": lambda bench: crowd(bench, 5000, 45),
    "users-10000": lambda bench: crowd(bench, 10_000, 300),
    "users-15000": lambda bench: crowd(bench, 15_000, 60),
    "cache-off": lambda bench: cache(bench, "off"),
    "cache-cold": lambda bench: cache(bench, "cold"),
    "cache-warm": lambda bench: cache(bench, "warm"),
    "redis-killed": lambda bench: failing(bench, "redis-killed"),
    "redis-hung": lambda bench: failing(bench, "redis-hung"),
    "redis-flushed": lambda bench: failing(bench, "redis-flushed"),
    "postgres-killed": lambda bench: failing(bench, "postgres-killed"),
    "both-killed": lambda bench: failing(bench, "both-killed"),
    "redis-killed-l2-only": lambda bench: failing(bench, "redis-killed", in_memory=False, users=1000),
    "redis-hung-l2-only": lambda bench: failing(bench, "redis-hung", in_memory=False, users=1000),
    "redis-flushed-l2-only": lambda bench: failing(bench, "redis-flushed", in_memory=False, users=1000),
    "cold-key": cold_key,
    "page-memory": lambda bench: page(bench, "memory"),
    "page-redis": lambda bench: page(bench, "redis"),
    "memory": memory,
}

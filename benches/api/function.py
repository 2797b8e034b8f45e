#!/usr/bin/env python3
"""Measures the API as a Lambda function: one environment, one request at a time, as Lambda would hand them out.

The program is the same `treebeard-api`. A runtime interface of our own gives it a function URL's events and takes its
responses. "Response" is the time from the event to the whole response, "busy" to the program's asking for the next
event: what a request left to do is done between the two. Nothing of AWS is in it: no network, no start of a virtual
machine, no share of a processor.

usage: benches/api/function.py                 about two minutes; prints tables
       benches/api/function.py --requests 500  fewer of each kind, to try out; not for figures
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle, islice
from queue import SimpleQueue
from statistics import mean, quantiles
from typing import Any, Self

from common import SCRATCH, busy_seconds, cpu_seconds, heading, treebeard_api
from run import versions
from scenarios import PATHS, Bench
from services import Redis

#: The guide's users: catalogue 3, recommendations 2, profile 1.
MIX = [path for path, weight in zip(PATHS, (3, 2, 1), strict=True) for _ in range(weight)]
USER = "user_123"
SECRET = "s" * 32
STARTS = 20
THAWS = 10
#: Longer than memory is believed without a message.
FROZEN = 5.5
#: What an environment says each second, and where.
CHANNEL, BEAT = "treebeard:invalidations", "beat"
SUBSCRIBERS, MESSAGES, HEARD = 500, 400, 10_000


class Runtime:
    """Lambda's runtime interface, for one environment: `invoke` hands an event out and waits for what comes back."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.asking: SimpleQueue[tuple[socket.socket, float]] = SimpleQueue()
        self.answers: SimpleQueue[tuple[bytes, float]] = SimpleQueue()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.attend, args=(connection,), daemon=True).start()

    def attend(self, connection: socket.socket) -> None:
        """What the program asks over one connection."""
        with connection, connection.makefile("rb") as stream:
            while line := stream.readline():
                method, path, _ = line.split(b" ")
                lines = iter(lambda: stream.readline().strip(), b"")
                headers = dict(line.lower().split(b": ", 1) for line in lines)
                body = read_body(stream, headers)
                now = time.perf_counter()
                if method == b"GET":
                    self.asking.put((connection, now))
                    continue
                self.answers.put((body if path.endswith(b"/response") else b"", now))
                connection.sendall(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")

    def wait(self) -> float:
        """When the program asked for an event."""
        self.waiting, at = self.asking.get(timeout=30)
        return at

    def invoke(self, event: bytes) -> tuple[dict[str, Any], float, float]:
        """The response, and the seconds to it and to the program's next question. It must have asked before."""
        deadline = int(time.time() * 1000) + 15_000
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(event)}\r\n"
        head += f"lambda-runtime-aws-request-id: {time.time_ns():032x}\r\nlambda-runtime-deadline-ms: {deadline}\r\n"
        head += "lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:123456789012:function:api\r\n\r\n"
        started = time.perf_counter()
        self.waiting.sendall(head.encode() + event)
        body, answered = self.answers.get(timeout=30)
        asked = self.wait()
        if not body:
            raise SystemExit("the program reported an error to the runtime")
        return json.loads(body), answered - started, asked - started

    def close(self) -> None:
        self.listener.close()


def read_body(stream: Any, headers: dict[bytes, bytes]) -> bytes:
    if headers.get(b"transfer-encoding") != b"chunked":
        return stream.read(int(headers.get(b"content-length", 0)))
    parts = []
    while size := int(stream.readline().split(b";")[0], 16):
        parts.append(stream.read(size))
        stream.readline()
    while stream.readline().strip():
        pass
    return b"".join(parts)


class Environment:
    """The program as Lambda starts it: no arguments, a little environment."""

    def __init__(self, bench: Bench, **settings: str) -> None:
        self.runtime = Runtime()
        self.settings = {
            "AWS_LAMBDA_RUNTIME_API": self.runtime.address,
            "AWS_LAMBDA_FUNCTION_NAME": "api",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
            "AWS_LAMBDA_LOG_GROUP_NAME": "group",
            "DATABASE_URL": bench.postgres.url(),
            "REDIS_URL": bench.redis.url(),
            "JWT_SECRET": SECRET,
            "ORIGIN_SECRET_SHA256": hashlib.sha256(SECRET.encode()).hexdigest(),
            **settings,
        }

    def __enter__(self) -> Self:
        started = time.perf_counter()
        with open(SCRATCH / "function.log", "ab") as log:
            self.process = subprocess.Popen(
                [treebeard_api()], env=self.settings, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self.init_s = self.runtime.wait() - started
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self.runtime.close()

    def get(self, path: str, source: str = "") -> tuple[float, float]:
        """Milliseconds to the response, and to the next question; `source` is what X-Cache must say."""
        response, answered, asked = self.runtime.invoke(event(path))
        found = {name.lower(): value for name, value in response["headers"].items()}.get("x-cache", "")
        if response["statusCode"] != 200 or (source and found != source):
            raise SystemExit(f"{path} answers {response['statusCode']} {found}, not {source or 200}")
        return 1000 * answered, 1000 * asked

    def body(self, path: str) -> int:
        """Bytes of the body, as they are sent."""
        response = self.runtime.invoke(event(path))[0]
        return len(base64.b64decode(response["body"]) if response["isBase64Encoded"] else response["body"].encode())


def event(path: str) -> bytes:
    """What a function URL makes of a request that came through CloudFront."""
    path, _, query = path.partition("?")
    host = "abcdefghijklmnopqrstuvwxyz012345.lambda-url.us-east-1.on.aws"
    headers = {
        "host": host,
        "accept": "application/json",
        "accept-encoding": "gzip, deflate, br",
        "authorization": f"Bearer {token()}",
        "cloudfront-viewer-address": "192.0.2.7:50000",
        "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "via": "2.0 0123456789abcdef.cloudfront.net (CloudFront)",
        "x-amz-cf-id": "n" * 56,
        "x-forwarded-for": "192.0.2.7",
        "x-forwarded-proto": "https",
        "x-origin-verify": SECRET,
    }
    http = {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "198.51.100.7", "userAgent": "-"}
    context = {
        "accountId": "anonymous",
        "apiId": host.split(".")[0],
        "domainName": host,
        "http": http,
        "requestId": "00000000-0000-0000-0000-000000000000",
        "stage": "$default",
        "time": "01/Jan/2026:00:00:00 +0000",
        "timeEpoch": 1_767_225_600_000,
    }
    document = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": context,
        "isBase64Encoded": False,
    }
    return json.dumps(document).encode()


def token() -> str:
    """An access token as the API issues it."""
    now = int(time.time())
    claims = {"iss": "treebeard-api", "aud": "access", "sub": USER, "iat": now, "exp": now + 900}
    parts = [coded(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "HS256"}, claims)]
    return ".".join([*parts, coded(hmac.digest(SECRET.encode(), ".".join(parts).encode(), "sha256"))])


def coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def kinds(bench: Bench, count: int) -> Iterator[list[Any]]:
    """Each kind of request, so many times."""
    with Environment(bench) as environment:
        for path in PATHS * 2:
            environment.get(path)
        yield times("from memory", environment, islice(cycle(MIX), count), "HIT-L1")
        yield times("from PostgreSQL, then written to Redis", environment, islice(bench.pages, count // 5), "MISS")
        for path in PATHS * 2:
            environment.get(path)
        yield times(f"after {FROZEN} s frozen, from Redis", environment, islice(cycle(MIX), THAWS), "HIT-L2", FROZEN)
    with Environment(bench, CACHE_MAX_BYTES="0") as environment:
        for path in PATHS:
            environment.get(path)
        yield times("from Redis", environment, islice(cycle(MIX), count), "HIT-L2")


def times(name: str, environment: Environment, paths: Iterator[str], source: str, frozen: float = 0) -> list[Any]:
    """A row: what was asked, how often, both times, and the processor time."""
    measured, spent = [], cpu_seconds(environment.process.pid)
    for path in paths:
        if frozen:
            environment.process.send_signal(signal.SIGSTOP)
            time.sleep(frozen)
            environment.process.send_signal(signal.SIGCONT)
        measured.append(environment.get(path, source))
    spent = 1000 * (cpu_seconds(environment.process.pid) - spent) / len(measured)
    response, busy = zip(*measured, strict=True)
    return [name, len(measured), spread(response), spread(busy), f"{mean(busy):.2f}", f"{spent:.2f}"]


def starts(bench: Bench) -> list[list[Any]]:
    """Processes that begin from nothing: until they ask for an event, and the first of each kind."""
    rows = []
    for name, source, path in (
        ("answered from Redis", "HIT-L2", lambda: PATHS[0]),
        ("answered from PostgreSQL", "MISS", lambda: next(bench.pages)),
    ):
        init, first, resident = [], [], []
        for _ in range(STARTS):
            with Environment(bench) as environment:
                init.append(1000 * environment.init_s)
                first.append(environment.get(path(), source)[1])
                size = subprocess.run(
                    ["ps", "-o", "rss=", "-p", str(environment.process.pid)], check=True, capture_output=True, text=True
                )
                resident.append(int(size.stdout) / 1024)
        rows.append([name, STARTS, spread(init), spread(first), f"{mean(resident):.0f}"])
    return rows


def spread(values: Any) -> str:
    """P50 / P95 / P99; of few values, the median and the range."""
    if len(values) < 100:
        ordered = sorted(values)
        return f"{ordered[len(ordered) // 2]:.2f} ({ordered[0]:.2f}–{ordered[-1]:.2f})"
    at = quantiles(values, n=100)
    return " / ".join(f"{at[n - 1]:.2f}" for n in (50, 95, 99))


def sizes(bench: Bench) -> tuple[list[list[Any]], list[list[Any]]]:
    """What one page and one user take: on the way, in Brotli, and in Redis."""
    bench.redis.cli("flushall")
    paths = (*PATHS, "/api/v1/plans/plan_0001", "/api/v1/usage/analysis")
    with Environment(bench) as environment:
        sent = [[f"`{path}`", environment.body(path)] for path in paths]
    keys = sorted(key for key in bench.redis.cli("keys", "*").splitlines() if not key.startswith("treebeard:"))
    return sent, [[f"`{key}`", int(bench.redis.cli("memory", "usage", key))] for key in keys]


def messages(bench: Bench) -> list[list[Any]]:
    """What a sign of life costs in processor time: Redis to deliver it once, an environment to hear it."""
    with connected(bench.redis) as publisher:

        def publish(count: int) -> None:
            for _ in range(count):
                publisher.sendall(f"PUBLISH {CHANNEL} {BEAT}\r\n".encode())
                publisher.recv(64)

        with subscribed(bench.redis, SUBSCRIBERS):
            delivering = used(bench.redis.process.pid, lambda: publish(MESSAGES))
        with Environment(bench) as environment:
            hearing = used(environment.process.pid, lambda: publish(HEARD))
    return [
        ["Redis delivers one", SUBSCRIBERS * MESSAGES, f"{1e6 * delivering / SUBSCRIBERS / MESSAGES:.1f}"],
        ["an environment hears one", HEARD, f"{1e6 * hearing / HEARD:.1f}"],
    ]


@contextmanager
def connected(redis: Redis) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", redis.port)) as connection:
        yield connection


@contextmanager
def subscribed(redis: Redis, count: int) -> Iterator[None]:
    """So many connections on the channel, whose messages are read and forgotten."""
    with ExitStack() as stack, selectors.DefaultSelector() as ready:
        for _ in range(count):
            connection = stack.enter_context(connected(redis))
            connection.sendall(f"SUBSCRIBE {CHANNEL}\r\n".encode())
            connection.recv(256)
            ready.register(connection, selectors.EVENT_READ)
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                for key, _ in ready.select(0.1):
                    key.fileobj.recv(1 << 16)

        reader = threading.Thread(target=read)
        reader.start()
        yield
        done.set()
        reader.join()


def used(pid: int, what: Callable[[], object]) -> float:
    before = cpu_seconds(pid)
    what()
    return cpu_seconds(pid) - before


def table(head: str, rows: Iterable[list[Any]]) -> None:
    print(f"\n| {head} |\n|{'---|' * (head.count('|') + 1)}")
    for row in rows:
        print(f"| {' | '.join(f'{cell:,}' if isinstance(cell, int) else cell for cell in row)} |", flush=True)


def busy_share() -> float:
    """The share of the machine that something else uses now."""
    busy = busy_seconds()
    time.sleep(2)
    return (busy_seconds() - busy) / 2 / (os.cpu_count() or 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=3000, help="from memory and from Redis [default: 3000]")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what runs is ended on the way out
    SCRATCH.mkdir(parents=True, exist_ok=True)
    told = heading("benches/api/function.py", versions())
    print(f"`{told['command']}` ({told['date']}; {told['machine']}; {'; '.join(told['versions'].values())})")
    print(f"other processes before: {busy_share():.0%}")
    with Bench(1.0) as bench:
        each = "P50 / P95 / P99 ms"
        head = f"answered | requests | response: {each} | busy: {each} | busy: mean ms | processor ms a request"
        table(head, kinds(bench, options.requests))
        head = "a start | starts | process to first question, ms | first request, ms | MB resident"
        table(head, starts(bench))
        table("a message | messages | processor µs", messages(bench))
        sent, kept = sizes(bench)
        table("answer | bytes sent", sent)
        table("entry in Redis | bytes", kept)
    print(f"\nother processes after: {busy_share():.0%}")


if __name__ == "__main__":
    main()

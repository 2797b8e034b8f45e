"""One SeaweedFS process as the S3 server, and the relay before it."""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import xml.etree.ElementTree as xml
from pathlib import Path
from urllib.parse import quote

from processor import cpu_seconds
from scratch import SCRATCH, program

#: What every peer gets: credentials for the server, and no settings of this machine's user.
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RCLONE_", "S3_"))},
    "AWS_ACCESS_KEY_ID": "benchkey",
    "AWS_SECRET_ACCESS_KEY": "benchsecret",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "RCLONE_CONFIG": os.devnull,
}


class Server:
    """Runs while in scope. Peers sign their requests; our own look into the buckets needs no signature."""

    def __enter__(self) -> "Server":
        SCRATCH.mkdir(parents=True, exist_ok=True)
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.data = Path(tempfile.mkdtemp(prefix="treebeard-bench.", dir=memory))
        admin = ["Admin", "Read", "List", "Tagging", "Write"]
        key = {"accessKey": ENVIRONMENT["AWS_ACCESS_KEY_ID"], "secretKey": ENVIRONMENT["AWS_SECRET_ACCESS_KEY"]}
        identities = [
            {"name": "bench", "credentials": [key], "actions": admin},
            {"name": "anonymous", "actions": admin},
        ]
        config = self.data / "s3.json"
        config.write_text(json.dumps({"identities": identities}))
        master, volume, filer, s3, metrics = free_ports(5)
        self.endpoint, self.metrics = f"http://127.0.0.1:{s3}", f"http://127.0.0.1:{metrics}/metrics"
        (self.data / "volumes").mkdir()
        flags = [
            f"-dir={self.data}/volumes", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3",
            f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}", f"-s3.port={s3}",
            f"-metricsPort={metrics}", f"-s3.config={config}", "-s3.port.iceberg=0", "-s3.port.lance=0",
            "-volume.max=400", "-master.volumeSizeLimitMB=512", "-master.telemetry=false",
        ]  # fmt: skip
        with open(SCRATCH / "server.log", "w") as log:
            command = [program("weed"), f"-logdir={self.data}", "server", *flags]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait_until_ready()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.data, ignore_errors=True)

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                self.request("PUT", "/ready")
                self.request("PUT", "/ready/object", b"x")
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.3)
        self.__exit__()
        raise SystemExit(f"the S3 server did not start: see {SCRATCH / 'server.log'}")

    def request(self, method: str, path: str, body: bytes | None = None) -> tuple[bytes, dict[str, str]]:
        request = urllib.request.Request(self.endpoint + path, data=body, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read(), {name.lower(): value for name, value in answer.headers.items()}

    def create(self, bucket: str) -> None:
        self.request("PUT", f"/{bucket}")

    def remove(self, bucket: str) -> None:
        """Removes a bucket and all that it holds: SeaweedFS, other than S3, does not ask for an empty one."""
        self.request("DELETE", f"/{bucket}")

    def get(self, bucket: str, key: str) -> tuple[bytes, dict[str, str]]:
        return self.request("GET", f"/{bucket}/{quote(key)}")

    def keys(self, bucket: str) -> dict[str, str]:
        """Every object of the bucket with its entity tag, without what treebeard-cdn keeps for itself."""
        found: dict[str, str] = {}
        after = ""
        while True:
            page, _ = self.request("GET", f"/{bucket}?list-type=2&start-after={quote(after, safe='')}")
            listing = xml.fromstring(page)
            space = listing.tag.removesuffix("ListBucketResult")
            for item in listing.iter(f"{space}Contents"):
                after = item.findtext(f"{space}Key")
                if not after.startswith("_tb/"):
                    found[after] = item.findtext(f"{space}ETag").strip('"')
            if listing.findtext(f"{space}IsTruncated") != "true":
                return found

    def requests(self, bucket: str) -> dict[str, int]:
        """How many requests of each kind the server has answered for the bucket."""
        with urllib.request.urlopen(self.metrics) as answer:
            text = answer.read().decode()
        line = re.compile(r'^SeaweedFS_s3_request_total\{bucket="([^"]*)",code="(\d+)",type="([^"]+)"\} (\S+)', re.M)
        counts: dict[str, int] = {}
        for name, code, kind, count in line.findall(text):
            if name == bucket:
                kind = kind if code[0] in "23" else f"{kind}:{code}"
                counts[kind] = counts.get(kind, 0) + int(float(count))
        return counts

    def cpu(self) -> float:
        """Seconds of processor time that the server has used."""
        return cpu_seconds(self.process.pid)


class Relay:
    """Delays every answer of the server by `milliseconds`, while in scope."""

    def __init__(self, server: Server, milliseconds: int) -> None:
        self.upstream, self.milliseconds = server.endpoint.removeprefix("http://"), milliseconds
        self.endpoint, self.process = server.endpoint, None

    def __enter__(self) -> "Relay":
        if self.milliseconds:
            command = [program("relay"), self.upstream, str(self.milliseconds)]
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self.endpoint = f"http://{self.process.stdout.readline().strip()}"
        return self

    def __exit__(self, *_: object) -> None:
        if self.process:
            self.process.communicate()


def free_ports(count: int) -> list[int]:
    """Ports that are free together with the one 10,000 above: SeaweedFS takes that, too."""
    found: list[int] = []
    for port in range(10_000 + os.getpid() % 10_000, 22_000):
        try:
            for candidate in (port, port + 10_000):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", candidate))
        except OSError:
            continue
        found.append(port)
        if len(found) == count:
            return found
    raise SystemExit("no free ports")

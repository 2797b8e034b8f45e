"""How each tool is asked to make a bucket like a folder: the same objects for all, `Cache-Control` where it can."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scratch import SCRATCH, program, treebeard_cdn

#: Not `immutable`: the next version changes files under the names that they have, which treebeard-cdn then refuses.
ASSETS = "public, max-age=86400"


@dataclass(frozen=True)
class Task:
    """Publish `site/version` to `bucket`, pages with `cache_control`, the rest with that of assets."""

    site: Path
    version: str
    bucket: str
    endpoint: str
    cache_control: str

    @property
    def source(self) -> str:
        return str(self.site / self.version)

    @property
    def target(self) -> str:
        return f"s3://{self.bucket}"


#: A command, and what it needs in its environment beside credentials.
Command = tuple[list[str], dict[str, str]]


def ours(task: Task) -> Command:
    """As users run it: a project folder with a configuration. No variants, which no other tool uploads."""
    config = task.site / "cdn-config.yml"
    config.write_text(f"""\
version: 1
site: {{ root: ., output: "${{OUTPUT}}", spa: false }}
cache:
  - {{ match: "**/*.html", cache_control: "{task.cache_control}" }}
  - {{ match: "**/*", cache_control: "{ASSETS}" }}
compression: {{ encodings: [] }}
environments:
  bench: {{ bucket: "${{BUCKET}}", region: us-east-1, cdn: none, endpoint_url: "${{ENDPOINT}}" }}
""")
    variables = {"OUTPUT": task.version, "BUCKET": task.bucket, "ENDPOINT": task.endpoint}
    command = [treebeard_cdn(), "--config", str(config), "--env", "bench", "--quiet", "deploy", "--no-build"]
    return command, variables


def aws(task: Task) -> Command:
    """`aws s3 sync` in one pass."""
    flags = ["--delete", "--only-show-errors", "--cache-control", task.cache_control]
    return [program("aws"), "--endpoint-url", task.endpoint, "s3", "sync", task.source, task.target, *flags], {}


def aws_guide(task: Task) -> Command:
    """The two passes that AWS's guides show: assets, then pages."""
    sync = f"'{program('aws')}' --endpoint-url {task.endpoint} s3 sync '{task.source}' {task.target} --only-show-errors"
    assets = f"--delete --cache-control '{ASSETS}' --exclude '*.html'"
    pages = f"--cache-control '{task.cache_control}' --exclude '*' --include '*.html'"
    return ["sh", "-ec", f"{sync} {assets}\n{sync} {pages}"], {}


def s5cmd(task: Task) -> Command:
    flags = ["--endpoint-url", task.endpoint, "--log", "error"]
    sync = ["sync", "--delete", "--cache-control", task.cache_control, f"{task.source}/", f"{task.target}/"]
    return [program("s5cmd"), *flags, *sync], {}


def rclone(task: Task, *flags: str) -> Command:
    target = f':s3,provider=Other,env_auth=true,region=us-east-1,endpoint="{task.endpoint}":{task.bucket}'
    header = ["--header-upload", f"Cache-Control: {task.cache_control}"]
    return [program("rclone"), "sync", "--checksum", *flags, *header, task.source, target], {}


def rclone_tuned(task: Task) -> Command:
    concurrency = ["--transfers", "32", "--checkers", "32"]
    return rclone(task, "--fast-list", *concurrency, "--s3-no-head", "--s3-no-check-bucket")


def hugo(task: Task) -> Command:
    folder = SCRATCH / "hugo"
    folder.mkdir(exist_ok=True)
    target = f"{task.target}?region=us-east-1&endpoint={task.endpoint}&use_path_style=true"
    (folder / "hugo.toml").write_text(f"""\
baseURL = "https://example.org/"
publishDir = "{task.source}"
[deployment]
order = ['^.+\\.(js|css|woff2|png|gif|jpg|svg|json)$', '^.+\\.html$']
[[deployment.targets]]
name = "bench"
URL = "{target}"
[[deployment.matchers]]
pattern = '^.+\\.html$'
cacheControl = "{task.cache_control}"
[[deployment.matchers]]
pattern = '^.+$'
cacheControl = "{ASSETS}"
""")
    flags = ["--target", "bench", "--maxDeletes", "-1", "--quiet"]
    return [program("hugo"), "deploy", "--source", str(folder), *flags], {}


PEERS: dict[str, Callable[[Task], Command]] = {
    "ours": ours,
    "aws": aws,
    "aws-guide": aws_guide,
    "s5cmd": s5cmd,
    "rclone": rclone,
    "rclone-tuned": rclone_tuned,
    "hugo": hugo,
}

VERSION = {
    "ours": ["--version"],
    "aws": ["--version"],
    "s5cmd": ["version"],
    "rclone": ["version"],
    "hugo": ["version"],
    "weed": ["version"],
}


def versions(names: list[str]) -> dict[str, str]:
    """The first line that each program says of itself, and the S3 server's."""
    programs = list(dict.fromkeys(name.split("-")[0] for name in names)) + ["weed"]
    found = {}
    for name in programs:
        path = treebeard_cdn() if name == "ours" else program(name)
        told = subprocess.run([path, *VERSION[name]], capture_output=True, text=True, check=True)
        found[name] = told.stdout.splitlines()[0]
    return found


def forget(site: Path) -> None:
    """Removes what our tool keeps beside a project, so that a first deploy is one."""
    shutil.rmtree(site / ".treebeard", ignore_errors=True)

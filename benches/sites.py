"""Makes two sites that nobody here wrote, each as it is (`v1`) and as the next build would leave it (`v2`).

large  the API documentation of OpenJDK 17 (Debian's openjdk-17-doc): 10,000 files, nearly all of them pages
spa    the single-page app that the PyPI package streamlit carries: 360 files with hashed names
"""

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from scratch import SCRATCH, SITES

LARGE_FILES = 10_000
SPA_PACKAGE = "streamlit==1.67.0"


def main() -> None:
    for name, fetch in [("large", documentation), ("spa", app)]:
        site = SITES / name
        if (site / "changes.json").exists():
            continue
        shutil.rmtree(site, ignore_errors=True)
        fetch(site / "v1")
        sort_the_same_everywhere(site / "v1")
        make_next_version(site)
        files = files_of(site / "v1")
        size = sum((site / "v1" / file).stat().st_size for file in files)
        print(f"{name}: {len(files)} files, {size} bytes")


def documentation(folder: Path) -> None:
    packages, unpacked = fresh("packages"), fresh("unpacked")
    subprocess.run(["apt-get", "download", "--quiet", "openjdk-17-doc"], cwd=packages, check=True)
    [package] = packages.glob("*.deb")
    subprocess.run(["dpkg", "--extract", package, unpacked], check=True)
    shutil.copytree(unpacked / "usr/share/doc/openjdk-17-jre-headless/api", folder, symlinks=True)
    for file in [path for path in folder.rglob("*") if path.is_file() or path.is_symlink()]:
        if file.is_symlink():
            file.unlink()
        elif file.suffix == ".gz":  # Debian's packaging, not the site's
            file.with_suffix("").write_bytes(gzip.decompress(file.read_bytes()))
            file.unlink()

    def least_wanted_last(file: str) -> tuple[bool, str]:
        return file.endswith(".html") and "/" in file, digest(file.encode())

    for file in sorted(files_of(folder), key=least_wanted_last)[LARGE_FILES:]:
        (folder / file).unlink()
    for path, folders, files in os.walk(folder, topdown=False):
        if not os.listdir(path):
            os.rmdir(path)


def app(folder: Path) -> None:
    packages = fresh("packages")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--dest", packages, SPA_PACKAGE], check=True)
    [package] = packages.glob("*.whl")
    unpacked = fresh("unpacked")
    zipfile.ZipFile(package).extractall(unpacked)
    shutil.move(unpacked / "streamlit" / "static", folder)


def sort_the_same_everywhere(folder: Path) -> None:
    """Renames folders with `.` or `-` in their names. S3 lists `a.b/c` before `a/c`, SeaweedFS after it, and tools that
    rely on the order upload and delete such files for nothing. These benchmarks are not about that."""
    for path, folders, _ in os.walk(folder, topdown=False):
        for name in folders:
            plain = name.replace(".", "_").replace("-", "_")
            if plain != name:
                os.rename(Path(path, name), Path(path, plain))


def make_next_version(site: Path) -> None:
    """Copies v1 to v2, and changes 1 % of the files: half of these grow, the rest keep their size, and of them some
    keep their time, too. A thousandth is removed, and as many are added. The same files every time."""
    v1, v2 = site / "v1", site / "v2"
    shutil.copytree(v1, v2)
    files = [file for file in files_of(v1) if file != "index.html" and (v1 / file).stat().st_size > 200]
    files.sort(key=lambda file: digest(file.encode()))
    few, fewer = max(10, len(files) // 100), max(2, len(files) // 1000)
    changed, removed = files[:few], files[few : few + fewer]
    added = files[few + fewer : few + 2 * fewer]
    grown, same_size = changed[: few // 2], changed[few // 2 :]
    same_time = same_size[-max(1, few // 10) :]
    for file in grown:
        comment = b"\n/* v2 */\n" if file.endswith((".js", ".css")) else b"\n<!-- v2 -->\n"
        (v2 / file).write_bytes((v1 / file).read_bytes() + comment)
    for file in same_size:
        content = bytearray((v1 / file).read_bytes())
        middle = len(content) // 2
        content[middle] = (content[middle] + 1) % 128 or 65
        (v2 / file).write_bytes(content)
    for file in removed:
        (v2 / file).unlink()
    new = [file.replace(".", "-new.", 1) for file in added]
    for file, original in zip(new, added):
        (v2 / file).write_bytes((v1 / original).read_bytes() + b"\n")
    changes = {
        "grown": grown,
        "same_size": same_size[: len(same_size) - len(same_time)],
        "same_size_and_time": same_time,
        "removed": removed,
        "added": new,
    }
    (site / "changes.json").write_text(json.dumps(changes, indent=1))


def files_of(folder: Path) -> list[str]:
    """Every file below `folder`, by its path there."""
    found = [Path(path, file) for path, _, files in os.walk(folder) for file in files]
    return sorted(str(file.relative_to(folder)) for file in found)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def fresh(name: str) -> Path:
    folder = SCRATCH / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


if __name__ == "__main__":
    main()

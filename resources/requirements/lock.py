"""Locks requirements: one file a platform and Python, with the hashes of the wheels that fit there, and nothing else.

`lock.sh` calls it: `lock.py REQUIREMENTS FOLDER`. A line reads `name==version --hash=sha256:... # bytes`; pip and uv
read it as it stands, the installer also reads the size, which is the largest of the wheels that fit.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import tomllib

PLATFORMS = {
    "linux": "x86_64-manylinux_2_28",
    "linux-arm": "aarch64-manylinux_2_28",
    "windows": "x86_64-pc-windows-msvc",
    "macos": "aarch64-apple-darwin",
}
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
OLDEST_MACOS = "14.0"
"""Newer wheels of torch and pyproj are for this one and later."""

UV = "uv"
"""The installer's own tool, locked the same way; any Python of a platform gets the same wheel."""


def main(requirements: Path, folder: Path) -> None:
    """Write `FOLDER/<platform>/<python>.txt` and `FOLDER/<platform>/uv.txt`."""
    for platform, triple in PLATFORMS.items():
        (folder / platform).mkdir(parents=True, exist_ok=True)
        for python in PYTHONS:
            write(folder / platform / f"{python}.txt", resolve(requirements, triple, python))
        with tempfile.TemporaryDirectory() as scratch:
            tool = Path(scratch) / "uv.in"
            tool.write_text(UV)
            write(folder / platform / "uv.txt", resolve(tool, triple, PYTHONS[0]))


def resolve(requirements: Path, triple: str, python: str) -> list[dict[str, Any]]:
    """The packages of one platform and Python, as `pylock.toml` (PEP 751) has them: only wheels that fit are listed."""
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "pylock.toml"
        options = ["--python-platform", triple, "--python-version", python, "--only-binary", ":all:", "--upgrade"]
        command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--format", "pylock.toml", *options]
        variables = {**os.environ, "MACOSX_DEPLOYMENT_TARGET": OLDEST_MACOS}
        subprocess.run([*command, str(requirements), "--output-file", str(output)], check=True, env=variables)
        return tomllib.loads(output.read_text(encoding="utf-8"))["packages"]


def write(path: Path, packages: list[dict[str, Any]]) -> None:
    """One line a package."""
    with ThreadPoolExecutor(4) as pool:
        lines = list(pool.map(line, packages))
    path.write_text("# Made by lock.sh; do not edit.\n" + "".join(lines), encoding="utf-8")
    print(f"{path}: {len(lines)} packages")


def line(package: dict[str, Any]) -> str:
    """A package with its hashes and size."""
    wheels = package["wheels"]
    hashes = "".join(f" --hash=sha256:{wheel['hashes']['sha256']}" for wheel in wheels)
    largest = max(wheel.get("size") or size(wheel["url"]) for wheel in wheels)
    return f"{package['name']}=={package['version']}{hashes}  # {largest}\n"


@functools.cache
def size(url: str) -> int:
    """Bytes of a file on the registry, which does not always list them."""
    with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=60) as answer:
        return int(answer.headers["Content-Length"])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

#!/usr/bin/env python3
"""The plugin's zip as the QGIS plugin store and "Install from ZIP" take it: tracked files, one top folder.

    python3 .ci/package.py [--output dist] [--email ADDRESS --repository URL]

`.gitattributes` says what stays out. The changelog in metadata.txt is filled from CHANGELOG.md. Addresses are not in
the repository: the store wants them, and whoever publishes knows theirs. Two calls on one commit give the same bytes.
"""

from __future__ import annotations

import argparse
import configparser
import io
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAME = "geodistil"
LARGEST = 25 * 2**20
"""Bytes that the store takes."""
REQUIRED = ("name", "qgisMinimumVersion", "description", "about", "version", "author")
STORE = ("email", "repository", "tracker")
"""What the store asks for besides; QGIS itself does not."""
_EPOCH = (1980, 1, 1, 0, 0, 0)


def main() -> None:
    """Write the zip and say what it is."""
    options = arguments()
    files = tracked(ROOT)
    addresses = {"email": options.email, "repository": options.repository}
    if options.repository:
        addresses |= {"homepage": options.repository, "tracker": f"{options.repository.rstrip('/')}/issues"}
    metadata = filled(files["metadata.txt"].decode(), files["CHANGELOG.md"].decode(), addresses)
    files["metadata.txt"] = metadata.encode()
    values = read(metadata)
    if missing := [key for key in REQUIRED if not values.get(key)]:
        sys.exit(f"metadata.txt lacks {', '.join(missing)}.")
    options.output.mkdir(parents=True, exist_ok=True)
    package = options.output / f"{NAME}-{values['version']}.zip"
    write(package, files)
    if package.stat().st_size > LARGEST:
        sys.exit(f"{package} has {package.stat().st_size / 2**20:.1f} MB, and the store takes {LARGEST // 2**20}.")
    print(f"{package}: {len(files)} files, {package.stat().st_size / 1e6:.1f} MB")
    if missing := [key for key in STORE if not values.get(key)]:
        print(f"It installs from the file; the store also wants {', '.join(missing)}: see --email and --repository.")


def arguments() -> argparse.Namespace:
    """What can be changed from outside."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=ROOT / "dist")
    parser.add_argument("--email", default="", help="whom the store writes to")
    parser.add_argument("--repository", default="", help="where the source lies; its /issues is the tracker")
    return parser.parse_args()


def tracked(root: Path) -> dict[str, bytes]:
    """Contents by path of the last commit, with uncommitted changes of tracked files."""
    nobody = ("-c", "user.name=nobody", "-c", "user.email=nobody")
    changed = _git(root, *nobody, "stash", "create").decode().strip()
    archive = _git(root, "archive", "--format=tar", "--worktree-attributes", changed or "HEAD")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}


def _git(root: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(root), *arguments], check=True, stdout=subprocess.PIPE).stdout


def filled(metadata: str, changelog: str, addresses: dict[str, str]) -> str:
    """The metadata with the newest version's changelog, and with the addresses that were given."""
    lines = metadata.rstrip("\n").splitlines()
    given = {key: value for key, value in addresses.items() if value}
    kept = [line for line in lines if line.split("=")[0] not in {"changelog", *given}]
    return "\n".join([*kept, *(f"{k}={v}" for k, v in given.items()), f"changelog={newest(changelog)}", ""])


def newest(changelog: str) -> str:
    """The first version of CHANGELOG.md as metadata.txt takes it: further lines are indented, marks of code go."""
    section = changelog.split("\n## ", 2)[1]
    title, _, text = section.partition("\n")
    text = re.sub(r"\n +", " ", text.strip()).replace("`", "")
    points = [line.strip() for line in text.splitlines() if line.strip()]
    return "\n ".join([title.split(" (")[0], *points]).replace("%", "%%")


def read(metadata: str) -> dict[str, str]:
    """The values, as QGIS reads them."""
    parser = configparser.ConfigParser()
    parser.optionxform = str  # QGIS's keys have capitals
    parser.read_string(metadata)
    return dict(parser["general"])


def write(package: Path, files: dict[str, bytes]) -> None:
    """A zip whose bytes depend on nothing but the files."""
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{NAME}/{name}", _EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o100644 << 16
            made.writestr(entry, content)


if __name__ == "__main__":
    main()

"""The engine as a wheel, for servers: all of its files, and its command."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    pytest.importorskip("setuptools", minversion="77")
    folder = tmp_path_factory.mktemp("wheel")
    copied = folder / "source"  # building leaves its own folders beside the source
    copied.mkdir()
    for name in ("engine", "pyproject.toml", "README.md", "LICENSE"):
        (copied / name).symlink_to(ROOT / name)
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, copied], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_has_every_file_of_the_engine_and_no_other_package(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    engine = [path for path in (ROOT / "engine").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert names == {path.relative_to(ROOT).as_posix() for path in engine}


def test_the_installed_command_runs_without_the_checkout(wheel, tmp_path):
    options = ["--quiet", "--no-deps", "--no-warn-conflicts", "--target", tmp_path / "installed"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, wheel], check=True, capture_output=True)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    asked = subprocess.run(
        [tmp_path / "installed" / "bin" / "geodistil", "check", "nowhere"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert asked.returncode == 1 and "nowhere" in asked.stderr
    where = subprocess.run(
        [sys.executable, "-c", "import engine; print(engine.__file__)"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert where.stdout.startswith(str(tmp_path))

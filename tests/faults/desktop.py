"""The plugin's own programs, killed: QGIS while a training runs that it has started, the installer of the engine.

Both are programs of other Pythons, so these kinds have starts of their own; what is counted is the same.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from engine.config import save_run
from tests.desktop.profile import Desktop, Unfinished, end, wait_for

from .jobs import SUPERVISED, _digest, _weights, run_of
from .killing import LONGEST, Killed, _differences
from .processes import left_alive

ROOT = Path(__file__).resolve().parents[2]
SESSION = Path(__file__).with_name("qgis_session.py")
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
STEPS = 40
"""Of the training: it lasts about as long as QGIS needs to start."""
WHEELS, MODULES = 10, 60
"""Packages that are installed, and the files of each, so that it takes a moment."""
SKIPPED_FILES = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json"}
"""Of an installed package: they tell how and when it was installed."""


class Unavailable(Exception):
    """What a kind needs is not on this machine."""


def killed_qgis(output: Path, ground: Path, rng: random.Random, times: int) -> Killed:
    """QGIS is killed at random moments; each next one finds the run in its dock, and the model is as of one left alone.

    Raises:
        Unavailable: there is no QGIS, or no screen for it.
    """
    if not (shutil.which("xvfb-run") and shutil.which("qgis")):
        raise Unavailable("no QGIS desktop or no xvfb-run")
    reference = _once(output / "QGIS", lambda folder: _undisturbed_training(folder, ground))
    folder, found = output / "jobs" / "QGIS", Killed()
    shutil.rmtree(folder, ignore_errors=True)
    run = _training(folder, ground)
    desktop = Desktop(folder / "desktop").link()
    for _ in range(times):
        process, result = desktop.start(SESSION, "go_on", run=str(run))
        try:
            wait_for(lambda result=result: result.with_suffix(".begun").exists() or result.exists(), 120)
            if _waited(result.exists, rng.uniform(0, reference["seconds"] / (1 + found.kills))):
                break
            os.kill(int(result.with_suffix(".begun").read_text()), signal.SIGKILL)
            found.kills += 1
        except (Unfinished, ValueError, ProcessLookupError) as error:
            found.faults.append(f"QGIS did not come up: {error}")
        finally:
            end(process)
    try:
        told = desktop.run(SESSION, "go_on", LONGEST, run=str(run))
        found.faults += [] if told == {"state": "Finished"} else [f"the dock says {told}"]
        found.faults += _differences(_weights(folder), reference["digests"])
        lines = (run / "events.jsonl").read_text().splitlines()
        ends = [event["kind"] for event in map(json.loads, lines) if event["kind"] in ("finished", "failed", "stopped")]
        found.faults += [] if ends == ["finished"] else [f"the run ended as {ends}"]
    except Unfinished as error:
        found.faults.append(str(error).strip().splitlines()[-1])
    return found


def _training(folder: Path, ground: Path) -> Path:
    save_run(run_of(ground, SUPERVISED, {"budget": {"steps": STEPS}}), folder / "run")
    return folder / "run"


def _undisturbed_training(folder: Path, ground: Path) -> dict[str, Any]:
    begun = time.monotonic()
    run = _training(folder, ground)
    subprocess.run([sys.executable, "-m", "engine", "train", str(run)], cwd=ROOT, check=True, capture_output=True)
    return {"digests": _weights(folder), "seconds": time.monotonic() - begun}


def killed_setup(output: Path, rng: random.Random, times: int) -> Killed:
    """The installer is killed at random moments; in the end all files of all packages are those of an undisturbed one.

    Raises:
        Unavailable: uv cannot be had here.
    """
    offer = _once(output / "wheels", _offer)
    reference = _once(output / "set-up", lambda folder: _undisturbed_setup(folder, offer))
    folder, found = output / "jobs" / "set-up", Killed()
    shutil.rmtree(folder, ignore_errors=True)
    _ask_for(folder, offer)
    for _ in range(times):
        begun, process = time.monotonic(), _start_setup(folder)
        if _waited(lambda process=process: process.poll() is not None, rng.uniform(0, reference["seconds"])):
            reference["seconds"] = time.monotonic() - begun if not found.kills else reference["seconds"]
            break
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        found.kills += 1
        if alive := left_alive(children):
            found.faults.append(f"{len(alive)} of {len(children)} children lived on")
    if code := _start_setup(folder).wait(LONGEST):
        found.faults.append(f"it did not go on: {code}, {(folder / 'log.txt').read_text().strip()[-300:]}")
        return found
    found.faults += _differences(_packages(folder), reference["digests"])
    left = [each for each in ("scratch", "cache", "stop", "owner") if (folder / each).exists()]
    found.faults += [f"left behind: {', '.join(left)}"] if left else []
    return found


def _undisturbed_setup(folder: Path, offer: dict[str, Any]) -> dict[str, Any]:
    _ask_for(folder, offer)
    begun, code = time.monotonic(), _start_setup(folder).wait(LONGEST)
    if code:
        raise RuntimeError(f"The installer fails even when left alone: {(folder / 'log.txt').read_text()}")
    return {"digests": _packages(folder), "seconds": time.monotonic() - begun}


def _ask_for(folder: Path, offer: dict[str, Any]) -> None:
    folder.mkdir(parents=True)
    request = {**offer, "tool": "uv", "python": sys.executable, "build": "default", "imports": ["package0"]}
    (folder / "request.json").write_text(json.dumps(request))


def _start_setup(folder: Path) -> subprocess.Popen:
    with (folder / "log.txt").open("wb") as log:
        command = [sys.executable, "-m", "jobs.installer", str(folder)]
        return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)


def _offer(folder: Path) -> dict[str, Any]:
    """A folder of wheels, uv's among them, with locked requirements for them."""
    wheels, requirements = folder / "wheels", folder / "requirements" / "linux"
    wheels.mkdir(parents=True)
    requirements.mkdir(parents=True)
    lines = [_wheel(wheels, f"package{number}") for number in range(WHEELS)]
    (requirements / f"{VERSION}.txt").write_text("# a test's\n" + "".join(lines))
    shutil.copy(ROOT / "resources" / "requirements" / "linux" / "uv.txt", requirements)
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(wheels)]
    got = subprocess.run([*pip, "--require-hashes", "-r", str(requirements / "uv.txt")], capture_output=True, text=True)
    if got.returncode:
        raise Unavailable(f"uv cannot be had: {got.stderr.strip().splitlines()[-1]}")
    return {"wheels": str(wheels), "requirements": str(requirements.parent)}


def _wheel(folder: Path, name: str) -> str:
    """A package of many modules; its line in the locked requirements."""
    info, path = f"{name}-1.0.dist-info", folder / f"{name}-1.0-py3-none-any.whl"
    files = {f"{name}/module{number}.py": f"value = {number}\n" for number in range(MODULES)}
    files |= {f"{name}/__init__.py": "", f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"}
    files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{info}/RECORD"] = "".join(f"{each},,\n" for each in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for each, text in files.items():
            archive.writestr(each, text)
    content = path.read_bytes()
    return f"{name}==1.0 --hash=sha256:{hashlib.sha256(content).hexdigest()}  # {len(content)}\n"


def _packages(folder: Path) -> dict[str, str]:
    """All files of all installed packages."""
    site = next((folder / "venv").glob("lib/python3*/site-packages"))
    paths = [path for path in site.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    kept = [path for path in paths if path.name not in SKIPPED_FILES]
    return {path.relative_to(site).as_posix(): _digest(path.read_bytes()) for path in sorted(kept)}


_MADE: dict[Path, dict[str, Any]] = {}


def _once(folder: Path, make: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    """What is made in a folder, once a call."""
    if folder not in _MADE:
        shutil.rmtree(folder, ignore_errors=True)
        _MADE[folder] = make(folder)
    return _MADE[folder]


def _waited(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether something became true within so many seconds."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True

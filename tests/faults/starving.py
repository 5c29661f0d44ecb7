"""Jobs whose disk fills up, whose imagery disappears or is replaced, whose readers die, whose memory ends or lies."""

from __future__ import annotations

import contextlib
import gc
import random
import resource
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import torch
from safetensors.torch import load_file

from .jobs import Digests, Kind
from .killing import LONGEST, Killed, _differences, _last_line, _litter
from .processes import Attempt, left_alive

Disturb = Callable[[Kind, Path, Path, random.Random], "Killed | None"]
PLENTY = 2**26
"""Bytes that are enough for what a job asks for before it begins."""
MARKS = ("Traceback", "Unexpected error", "enforce fail")
"""What no person should read."""


def small_disk(kind: Kind, folder: Path, ground: Path, expected: Digests, rng: random.Random, needed: int) -> Killed:
    """A disk of a part of what the job needs; when it is made larger the job goes on.

    Args:
        needed: bytes that the undisturbed job's folder has in the end.
    """
    with _disk(folder, round(needed * rng.uniform(0.05, 0.95))):
        try:
            arguments = kind.make(folder, ground)
        except OSError:  # not even its beginning fits
            return Killed()
        found = _refused(Attempt(arguments, folder.parent / "log.txt"), folder.parent, "space", "full")
        _mount("remount", folder, max(needed * 8, PLENTY))
        return _gone_on(kind, folder, arguments, expected, found)


def read_only_disk(
    kind: Kind, folder: Path, ground: Path, expected: Digests, rng: random.Random, last: float
) -> Killed:
    """A disk that has an error at some moment: it refuses all writing, and what was not flushed is gone afterwards."""
    with _real_disk(folder) as disk:
        arguments = kind.make(folder, ground)
        attempt = Attempt(arguments, folder.parent / "log.txt")
        if attempt.wait(rng.uniform(0, last)) is not None:
            return Killed()
        subprocess.run(["mount", "-o", "remount,abort", folder], check=True, capture_output=True)
        found = _refused(attempt, folder.parent, "read-only")
        disk.mend()
        return _gone_on(kind, folder, arguments, expected, found)


def lost_imagery(kind: Kind, folder: Path, ground: Path, expected: Digests, rng: random.Random, last: float) -> Killed:
    """A drive that is pulled out and put back: all imagery is away at some moment, and there again afterwards."""
    own = folder.parent / "drive"
    shutil.rmtree(own, ignore_errors=True)
    shutil.copytree(ground, own, copy_function=shutil.copy2)
    arguments = kind.make(folder, own)
    attempt, away = Attempt(arguments, folder.parent / "log.txt"), own.with_name("away")
    code = attempt.wait(rng.uniform(0, last))
    own.rename(away)
    code = attempt.wait(LONGEST) if code is None else code
    away.rename(own)
    found = Killed(kills=1)
    if code:
        found.faults += _unfit(folder.parent)
    return _gone_on(kind, folder, arguments, expected, found)


def dead_worker(kind: Kind, folder: Path, ground: Path, expected: Digests, rng: random.Random, last: float) -> Killed:
    """One of a job's children is killed, as the kernel does where memory ends."""
    arguments = kind.make(folder, ground)
    attempt, found = Attempt(arguments, folder.parent / "log.txt"), Killed()
    code = attempt.wait(rng.uniform(0.3, 1.0) * last)
    children = attempt.children() if code is None else []
    if children:
        with contextlib.suppress(psutil.NoSuchProcess):
            rng.choice(children).kill()
            found.kills = 1
    code = attempt.wait(LONGEST) if code is None else code
    if code:
        found.faults += _unfit(folder.parent)
    elif code is None:
        found.faults.append("it hung after a worker's death")
    if alive := left_alive(children):
        found.faults.append(f"{len(alive)} children lived on")
    return _gone_on(kind, folder, arguments, expected, found)


def little_memory(kind: Kind, folder: Path, ground: Path, expected: Digests, rng: random.Random, last: float) -> Killed:
    """No more memory from some moment on."""
    arguments = kind.make(folder, ground)
    attempt, found = Attempt(arguments, folder.parent / "log.txt"), Killed()
    if attempt.wait(rng.uniform(0, last)) is not None:
        return found
    size = psutil.Process(attempt.process).memory_info().data + rng.randrange(2**20, 2**25)
    resource.prlimit(attempt.process, resource.RLIMIT_DATA, (size, size))
    found.kills, code = 1, attempt.wait(LONGEST)
    if code is None:
        found.faults.append("it hung when memory ended")
    elif code > 0:
        found.faults += _unfit(folder.parent)
    return _gone_on(kind, folder, arguments, expected, found)


def replaced_imagery(
    kind: Kind, folder: Path, ground: Path, expected: Digests, rng: random.Random, last: float
) -> Killed:
    """A job is killed, its imagery is another when it goes on, and the one it was when it does so again."""
    own = folder.parent / "drive"
    shutil.rmtree(own, ignore_errors=True)
    shutil.copytree(ground, own, copy_function=shutil.copy2)
    arguments, raster = kind.make(folder, own), own / "1" / "image.tif"
    attempt = Attempt(arguments, folder.parent / "log.txt")
    if attempt.wait(rng.uniform(0, last)) is not None:
        return Killed()
    attempt.send(signal.SIGKILL)
    attempt.wait(LONGEST)
    if not list(folder.rglob("last.pt")):  # nothing has begun that must not go on
        return Killed()
    found, away = Killed(kills=1), raster.with_name("away.tif")
    raster.rename(away)
    shutil.copy(own / "0" / "image.tif", raster)
    code = Attempt(arguments, folder.parent / "log.txt").wait(LONGEST)
    said = _last_line(folder.parent)
    if code != 1 or str(raster) not in said:
        found.faults.append(f"with other imagery it ended with {code}: {said}")
    away.replace(raster)
    return _gone_on(kind, folder, arguments, expected, found)


def no_number(kind: Kind, folder: Path, ground: Path, expected: Digests, rng: random.Random, last: float) -> Killed:
    """A weight of a network becomes no number at some moment, as by a fault of the memory."""
    arguments, seed = kind.make(folder, ground), rng.random()
    wait = rng.uniform(0.1, 0.9) * last
    attempt = Attempt(arguments, folder.parent / "log.txt", lambda: poison_later(wait, random.Random(seed)))
    found, code = Killed(kills=1), attempt.wait(LONGEST)
    if code is None:
        found.faults.append("it hung")
    elif code:
        found.faults += _unfit(folder.parent)
    return _gone_on(kind, folder, arguments, expected, found)


def poison_later(seconds: float, rng: random.Random) -> None:
    """Begin a thread that waits and then makes one weight of this process no number, as soon as there are any."""

    def poison() -> None:
        time.sleep(seconds)
        while not (weights := _weights()):
            time.sleep(0.1)
        with torch.no_grad():
            rng.choice(weights).view(-1)[0] = torch.nan

    threading.Thread(target=poison, daemon=True).start()


def _weights() -> list[torch.Tensor]:
    """Of all networks of this process that are trained."""
    weights = [each for each in gc.get_objects() if isinstance(each, torch.nn.Parameter)]
    return [each for each in weights if each.requires_grad and each.numel() and each.is_contiguous()]


def _refused(attempt: Attempt, folder: Path, *words: str) -> Killed:
    """The attempt must end with a sentence that has one of the words."""
    found, code = Killed(kills=1), attempt.wait(LONGEST)
    if code is None:
        found.faults.append("it hung")
    elif code:
        found.faults += _unfit(folder)
        said = (folder / "log.txt").read_text(errors="replace").lower()
        if words and not any(word in said for word in words):
            found.faults.append(f"it did not say why: {_last_line(folder)}")
    return found


def _gone_on(kind: Kind, folder: Path, arguments: list[str], expected: Digests, found: Killed) -> Killed:
    """With everything in order again the same command must end as if nothing had been."""
    code = Attempt(arguments, folder.parent / "log.txt").wait(LONGEST)
    if code:
        found.faults.append(f"it did not go on: {code}, {_last_line(folder.parent)}")
    else:
        other = _changed_course(folder)
        wrong = _not_numbers(folder) if other else _differences(kind.outcome(folder), expected)
        found.faults += wrong + _litter(folder)
    return found


def _changed_course(folder: Path) -> bool:
    """Whether a training has said that it went back, or that batches pass in parts, and so ends with other weights."""
    logs = [path.read_text(errors="replace") for path in folder.rglob("events.jsonl")]
    return any(words in log for log in logs for words in ("goes back to step", "at a time"))


def _not_numbers(folder: Path) -> list[str]:
    """What is wrong with weights that need not be those of an undisturbed training."""
    files = [*folder.glob("run/model/*.safetensors"), *folder.glob("run/checkpoints/*.safetensors")]
    values = [each for file in files for each in load_file(file).values() if each.is_floating_point()]
    return [] if values and all(each.isfinite().all() for each in values) else ["weights that are no numbers"]


def _unfit(folder: Path) -> list[str]:
    said = (folder / "log.txt").read_text(errors="replace")
    return [f"it said {mark}: {_last_line(folder)}" for mark in MARKS if mark in said]


@contextlib.contextmanager
def _disk(folder: Path, size: int) -> Iterator[None]:
    """A disk of so many bytes at this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    _mount("rw", folder, size)
    try:
        yield
    finally:
        _unmount(folder)


def _unmount(folder: Path) -> None:
    for _ in range(20):
        if not subprocess.run(["umount", folder], capture_output=True).returncode:
            break
        time.sleep(0.2)


class _Disk(NamedTuple):
    """A file system of its own, in a file beside its folder."""

    folder: Path
    image: Path

    def mount(self) -> None:
        """Have it at its folder."""
        subprocess.run(["mount", "-o", "loop", self.image, self.folder], check=True, capture_output=True)

    def mend(self) -> None:
        """What a person does with a disk that had an error: check it, and mount it again."""
        _unmount(self.folder)
        subprocess.run(["e2fsck", "-fy", self.image], capture_output=True)
        self.mount()


@contextlib.contextmanager
def _real_disk(folder: Path) -> Iterator[_Disk]:
    """A disk that can have an error, at this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    disk = _Disk(folder, folder.parent / "disk.img")
    with disk.image.open("wb") as file:
        file.truncate(2**30)
    subprocess.run(["mkfs.ext4", "-q", "-F", disk.image], check=True, capture_output=True)
    disk.mount()
    try:
        yield disk
    finally:
        _unmount(folder)
        disk.image.unlink()


def can_mount(folder: Path, real: bool = False) -> bool:
    """Whether this user may: a disk of a size, or a real one that can have an error."""
    try:
        with _real_disk(folder) if real else _disk(folder, 2**20):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def _mount(how: str, folder: Path, size: int) -> None:
    options = f"{how},size={size}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True, capture_output=True)

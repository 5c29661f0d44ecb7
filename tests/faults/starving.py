"""Jobs whose disk fills up, whose imagery disappears or is replaced, whose readers die, whose memory ends or lies.

Each is disturbed up to so many times, and then let through. What is left of a job is shorter each time, and so is the
time in which it is disturbed again.
"""

from __future__ import annotations

import contextlib
import random
import re
import resource
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import torch
from safetensors.torch import load_file

from engine.training.loop import Loop, Trained

from .jobs import Digests, Kind
from .killing import LONGEST, Killed, _differences, _last_line, _litter
from .processes import Attempt, left_alive

PLENTY = 2**26
"""Bytes that are enough for what a job asks for before it begins."""
STUCK = 60.0
"""Seconds after which a job that takes a few waits for ever: OpenVINO does where it gets no memory for its threads."""
LONG_ENOUGH = 10.0
"""Seconds in which such a job must end when it is asked to, on a busy machine."""
MARKS = ("Traceback", "Unexpected error", "enforce fail")
"""What no person should read."""
TRACKER = re.compile(r"Traceback \(most recent call last\):\n  File \S+/resource_tracker\.py.*\n.*\n\w+Error: .*\n")
"""What Python's own tracker of semaphores says when it has been killed and begins anew; it cannot be kept from that."""


def small_disk(
    kind: Kind, folder: Path, ground: Path, expected: Digests, rng: random.Random, needed: int, times: int
) -> Killed:
    """A disk of a part of what the job needs; whenever it is made larger the job goes on.

    Args:
        needed: bytes that the undisturbed job's folder has in the end.
    """
    shares = sorted(rng.uniform(0.02, 0.98) for _ in range(times))
    with _disk(folder, plenty := max(needed * 8, PLENTY)):
        arguments, found = kind.make(folder, ground), Killed()
        given = sum(path.stat().st_blocks * 512 for path in folder.rglob("*"))
        for share in shares:
            _mount("remount", folder, round(given + share * max(needed - given, 0)))
            if not _refused(Attempt(arguments, folder.parent / "log.txt"), folder.parent, found, "space", "full"):
                break
        _mount("remount", folder, plenty)
        return _gone_on(kind, folder, arguments, expected, found)


def read_only_disk(
    kind: Kind, folder: Path, ground: Path, expected: Digests, rng: random.Random, last: float, times: int
) -> Killed:
    """A disk that has an error at some moment: it refuses all writing, and what was not flushed is gone afterwards."""
    with _real_disk(folder) as disk:
        arguments, found = kind.make(folder, ground), Killed()
        for _ in range(times):
            attempt = Attempt(arguments, folder.parent / "log.txt")
            if found.code_after(attempt, rng.uniform(0, last / (1 + found.kills))) is not None:
                break
            subprocess.run(["mount", "-o", "remount,abort", folder], check=True, capture_output=True)
            refused = _refused(attempt, folder.parent, found, "read-only")
            disk.mend()
            if not refused:
                break
        return _gone_on(kind, folder, arguments, expected, found)


def lost_imagery(
    kind: Kind, folder: Path, ground: Path, expected: Digests, rng: random.Random, last: float, times: int
) -> Killed:
    """A drive that is pulled out and put back: all imagery is away at some moment, and there again afterwards."""
    own, found = _drive(folder, ground), Killed()
    arguments, away = kind.make(folder, own), own.with_name("away")
    for _ in range(times):
        attempt = Attempt(arguments, folder.parent / "log.txt")
        if found.code_after(attempt, rng.uniform(0, last / (1 + found.kills))) is not None:
            break
        own.rename(away)
        code = attempt.wait(LONGEST)
        away.rename(own)
        found.kills += 1
        if not code:  # it had read all that it needs, or it hangs, which is seen when it goes on
            break
        found.faults += _unfit(folder.parent)
    return _gone_on(kind, folder, arguments, expected, found)


def dead_worker(
    kind: Kind, folder: Path, ground: Path, expected: Digests, rng: random.Random, last: float, times: int
) -> Killed:
    """A job's children are killed one after the other, as the kernel does where memory ends."""
    arguments, found = kind.make(folder, ground), Killed()
    for _ in range(times):
        attempt, children = Attempt(arguments, folder.parent / "log.txt"), []
        while (code := found.code_after(attempt, rng.uniform(0.05, 1.0) * last / (2 + found.kills))) is None:
            children = attempt.children()
            with contextlib.suppress(psutil.NoSuchProcess, IndexError):
                rng.choice(children).kill()
                found.kills += 1
            if found.kills >= times:
                break
        code = attempt.wait(LONGEST) if code is None else code
        if code is None:
            found.faults.append("it hung after a worker's death")
        if alive := left_alive(children):
            found.faults.append(f"{len(alive)} children lived on")
        if not code:
            break
        found.faults += _unfit(folder.parent)
    return _gone_on(kind, folder, arguments, expected, found)


def little_memory(
    kind: Kind, folder: Path, ground: Path, expected: Digests, rng: random.Random, last: float, times: int
) -> Killed:
    """No more memory from some moment on."""
    arguments, found = kind.make(folder, ground), Killed()
    for _ in range(times):
        attempt = Attempt(arguments, folder.parent / "log.txt")
        if found.code_after(attempt, rng.uniform(0, last / (1 + found.kills))) is not None:
            break
        size = psutil.Process(attempt.process).memory_info().data + rng.randrange(2**20, 2**25)
        resource.prlimit(attempt.process, resource.RLIMIT_DATA, (size, size))
        found.kills += 1
        code = attempt.wait(max(STUCK, 8 * last))
        if code is None:
            found.hung += 1
            attempt.send(signal.SIGTERM)
            code = attempt.wait(LONG_ENOUGH)
        if code is None:
            found.faults.append("memory ended, it hung, and who asked it to end did not reach it")
        if not code:
            break
        found.faults += _unfit(folder.parent) if code > 0 else []
    return _gone_on(kind, folder, arguments, expected, found)


def replaced_imagery(
    kind: Kind, folder: Path, ground: Path, expected: Digests, rng: random.Random, last: float, times: int
) -> Killed:
    """A job is killed, its imagery is another when it goes on, and the one it was when it does so again."""
    own, found = _drive(folder, ground), Killed()
    arguments, raster = kind.make(folder, own), own / "1" / "image.tif"
    away = raster.with_name("away.tif")
    for _ in range(times):
        attempt = Attempt(arguments, folder.parent / "log.txt")
        while (code := attempt.wait(0.02)) is None and not list(folder.rglob("last.pt")):
            pass  # nothing has begun that must not go on
        if code is None:
            code = found.code_after(attempt, rng.uniform(0, last / (1 + found.kills)))
        if code is not None:
            break
        attempt.send(signal.SIGKILL)
        attempt.wait(LONGEST)
        found.kills += 1
        raster.rename(away)
        shutil.copy(own / "0" / "image.tif", raster)
        code = Attempt(arguments, folder.parent / "log.txt").wait(LONGEST)
        said = _last_line(folder.parent)
        if code != 1 or str(raster) not in said:
            found.faults.append(f"with other imagery it ended with {code}: {said}")
        away.replace(raster)
    return _gone_on(kind, folder, arguments, expected, found)


def _drive(folder: Path, ground: Path) -> Path:
    """A copy of all imagery beside a job's folder, of the same times."""
    own = folder.parent / "drive"
    shutil.rmtree(own, ignore_errors=True)
    shutil.copytree(ground, own, copy_function=shutil.copy2)
    return own


def no_number(
    kind: Kind, folder: Path, ground: Path, expected: Digests, rng: random.Random, last: float, times: int
) -> Killed:
    """A weight of a network becomes no number at some moment, as by a fault of the memory; at most twice a job.

    That is how often a training goes back of itself.
    """
    arguments, seed, done = kind.make(folder, ground), rng.random(), folder.parent / "poisoned"
    waits = [rng.uniform(0.1, 0.9) * last, rng.uniform(0.05, 0.6) * last][:times]
    attempt = Attempt(arguments, folder.parent / "log.txt", lambda: poison_later(waits, random.Random(seed), done))
    code = attempt.wait(LONGEST)
    found = Killed(kills=len(done.read_text()) if done.exists() else 0)
    if code is None:
        found.faults.append("it hung")
    elif code:
        found.faults += _unfit(folder.parent)
    return _gone_on(kind, folder, arguments, expected, found)


def poison_later(waits: list[float], rng: random.Random, done: Path) -> None:
    """Begin a thread that waits and then makes one weight of this process no number, as soon as there are any.

    Args:
        waits: seconds before each.
        rng: chooses the weights.
        done: file that gets a letter for each.
    """

    networks: list[torch.nn.Module] = []
    train = Loop.train

    def noted(loop: Loop) -> Trained:
        networks.extend(loop.plan.networks.values())
        return train(loop)

    Loop.train = noted

    def poison() -> None:
        for seconds in waits:
            time.sleep(seconds)
            while not (weights := _weights(networks)):
                time.sleep(0.1)
            rng.choice(weights).data.view(-1)[0] = torch.nan  # as a fault would: PyTorch notices nothing
            with done.open("a") as file:
                file.write("x")

    threading.Thread(target=poison, daemon=True).start()


def _weights(networks: list[torch.nn.Module]) -> list[torch.Tensor]:
    """Those that are trained."""
    weights = [each for network in networks for each in network.parameters()]
    return [each for each in weights if each.requires_grad and each.numel() and each.is_contiguous()]


def _refused(attempt: Attempt, folder: Path, found: Killed, *words: str) -> bool:
    """Whether the attempt ends before it is through, which it must with a sentence that has one of the words."""
    code = attempt.wait(LONGEST)
    if code is None:
        found.faults.append("it hung")
    if not code:
        return False
    found.kills += 1
    found.faults += _unfit(folder)
    said = (folder / "log.txt").read_text(errors="replace").lower()
    if not any(word in said for word in words):
        found.faults.append(f"it did not say why: {_last_line(folder)}")
    return True


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
    said = TRACKER.sub("", (folder / "log.txt").read_text(errors="replace"))
    return [f"it said {mark}: {_last_line(folder)}" for mark in MARKS if mark in said]


@contextlib.contextmanager
def _disk(folder: Path, size: int) -> Iterator[None]:
    """A disk of so many bytes at this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    _mount("rw", folder, size)
    try:
        yield
    finally:
        unmount(folder)


def unmount(folder: Path) -> None:
    """Take a disk away from its folder."""
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
        unmount(self.folder)
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
        unmount(folder)
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

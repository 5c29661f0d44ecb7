"""Jobs killed again and again at random moments, until one attempt is let through."""

from __future__ import annotations

import random
import shutil
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from .jobs import Digests, Kind
from .processes import Attempt, left_alive, seen

LONGEST = 600.0
"""Seconds after which an attempt that nobody disturbs counts as hung."""


@dataclass
class Killed:
    """What happened to one job.

    Args:
        kills: that hit it while it ran.
        faults: what was wrong, in words; empty where nothing was.
        seconds: until a signal that asks had ended it, of each.
        hung: how often it waited inside a library, for ever, until it was asked to end.
        whole: seconds that a job took which ended before anything hit it; none where something did.
    """

    kills: int = 0
    faults: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    hung: int = 0
    whole: float | None = None

    def code_after(self, attempt: Attempt, seconds: float) -> int | None:
        """The exit code of an attempt that is left alone so long; none where it still runs, and may be disturbed."""
        code = attempt.wait(seconds)
        if code is not None and not self.kills:
            self.whole = time.monotonic() - attempt.begun
        return code


def undisturbed(kind: Kind, folder: Path, ground: Path) -> tuple[Digests, float, float]:
    """What comes out of a job left alone, with the seconds after which kills begin and after which it ended."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    attempt, first = Attempt(kind.make(folder, ground), folder / "log.txt"), None
    while (code := attempt.wait(0.02)) is None:
        if first is None and (not kind.begins or seen(folder, kind.begins)):
            first = time.monotonic() - attempt.begun
    if code:
        raise RuntimeError(f"The job fails even when left alone: {(folder / 'log.txt').read_text()}")
    return kind.outcome(folder), first or 0.0, time.monotonic() - attempt.begun


def killed(
    kind: Kind,
    folder: Path,
    ground: Path,
    expected: tuple[Digests, float, float],
    rng: random.Random,
    kills: int,
    number: signal.Signals = signal.SIGKILL,
) -> Killed:
    """A job that is killed so many times and then left alone; the folder is removed where all went well."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    digests, first, last = expected
    arguments, found, code = kind.make(folder, ground), Killed(), None
    while found.kills < kills and code is None:
        before, attempt = seen(folder, kind.begins), Attempt(arguments, folder / "log.txt")
        while kind.begins and (code := attempt.wait(0.02)) is None and seen(folder, kind.begins) == before:
            pass
        if code is None:
            longest = last - first if kind.begins else last / (1 + found.kills)  # what is left is shorter each time
            code = found.code_after(attempt, rng.uniform(0, longest))
        if code is None:
            found.kills += 1
            found.faults += _end(attempt, folder, number, found)
        elif code:
            found.faults.append(f"attempt {found.kills + 1} ended with {code}: {_last_line(folder)}")
    if code is None:
        code = Attempt(arguments, folder / "log.txt").wait(LONGEST)
    if code:
        found.faults.append(f"the last attempt ended with {code}: {_last_line(folder)}")
    elif code is None:
        found.faults.append(f"the last attempt hung for {LONGEST:.0f} s")
    else:
        found.faults += _differences(kind.outcome(folder), digests) + _litter(folder)
    if not found.faults:
        shutil.rmtree(folder)
    return found


def _end(attempt: Attempt, folder: Path, number: signal.Signals, found: Killed) -> list[str]:
    """End it, and see whether its children went with it."""
    children, begun, entered = attempt.children(), time.monotonic(), attempt.entered(folder)
    attempt.send(number)
    code = attempt.wait(60)
    if number != signal.SIGKILL:
        found.seconds.append(time.monotonic() - begun)
        if code not in (0, 1) and entered:  # before, there was nothing to end in order
            return [f"signal {number.name} ended it with {code}"]
    alive = left_alive(children)
    return [f"{len(alive)} of {len(children)} children lived on"] if alive else []


def _differences(made: Digests, expected: Digests) -> list[str]:
    changed = sorted(name for name in made.keys() | expected.keys() if made.get(name) != expected.get(name))
    return [f"{', '.join(changed)} differ from the undisturbed job's"] if changed else []


def _litter(folder: Path) -> list[str]:
    """Half-made files that nothing needs any more."""
    left = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if _is_litter(path)]
    return [f"left behind: {', '.join(left)}"] if left else []


def _is_litter(path: Path) -> bool:
    return path.name.endswith((".tmp", ".partial")) or path.name.startswith(".model-")


def _last_line(folder: Path) -> str:
    return (folder / "log.txt").read_text(errors="replace").strip().rpartition("\n")[2]

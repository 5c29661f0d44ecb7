"""Processes, on one or many machines, that share the work of a job through a folder that all of them see.

Nothing but files: a claim is a file that only one process can create, and a process lives as long as it touches its
own file. Claims of the dead are taken over. Claims save work from being done twice; results are right without them too.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..processes import Identity, age, lives, me
from ..text_files import json_or_none
from .sinks import writing

BEAT_SECONDS = 5.0
PATIENCE_SECONDS = 60.0
"""Without a sign of life for so long, a process on another machine is dead; network file systems tell late."""
POLL_SECONDS = 0.2


class Crew:
    """One process's membership; used as a context.

    Args:
        folder: of the job, the same for all.
        rank: of this process, 0 to size - 1.
        size: how many processes there are.
        beat: seconds between signs of life.
        patience: seconds without one after which others count as dead.

    Raises:
        OutputError: the folder cannot be written.
    """

    def __init__(
        self, folder: Path, rank: int, size: int, beat: float = BEAT_SECONDS, patience: float = PATIENCE_SECONDS
    ) -> None:
        self.folder, self.rank, self.size, self.beat, self.patience = folder, rank, size, beat, patience
        self.host = socket.gethostname()
        self.name = f"{rank}.{self.host}.{os.getpid()}"
        self.complete = True
        """Whether all was done; what was not is done when the same job starts again, for which the folder stays."""
        self._ended = threading.Event()

    def __enter__(self) -> Crew:
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._write(f"{self.name}.beat", me().as_dict())
            self.joined = self.now()
        """When, by the clock of the folder's file system."""
        threading.Thread(target=self._live, name="beat", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self._ended.set()
        with contextlib.suppress(OSError):
            if kind is None and self.complete:
                (self.folder / f"{self.rank}.left").touch()
            over = self._is_over()
            self._pulse(self.name).unlink()
            if over:
                shutil.rmtree(self.folder, ignore_errors=True)

    def take(self, what: str) -> bool:
        """Claim a piece of work; false where another living process has it."""
        path = self.folder / f"{what}.claim"
        for _ in range(2):
            with writing(path):
                try:
                    with path.open("x", encoding="utf-8") as file:
                        file.write(self.name)
                    return True
                except FileExistsError:
                    owner = self._owner(path)
                    if owner == self.name or self._holds(owner, path):
                        return owner == self.name
                    path.unlink(missing_ok=True)
        return False

    def taken(self, what: str) -> bool:
        """Whether a living process, perhaps this one, has claimed a piece of work."""
        path = self.folder / f"{what}.claim"
        return self._holds(self._owner(path), path)

    def agree(self, what: str, make: Callable[[], Any]) -> Any:
        """What one of the processes has made, as JSON; the others wait for it."""
        while (value := self.told(what)) is None:
            if self.take(f"{what}.making"):
                self.tell(what, make())
            else:
                time.sleep(POLL_SECONDS)
        return value

    def tell(self, what: str, value: Any) -> None:
        """Leave a value, as JSON, for all."""
        with writing(self.folder / what):
            self._write(f"{what}.json", value)

    def told(self, what: str) -> Any:
        """A value that was left, or none."""
        return json_or_none(self.folder / f"{what}.json")

    def now(self) -> float:
        """The time by the clock of the folder's file system, which may be another machine's."""
        os.utime(self._pulse(self.name))
        return self._pulse(self.name).stat().st_mtime

    def _write(self, name: str, value: Any) -> None:
        partial = self.folder / f"{name}.{self.name}.partial"
        partial.write_text(json.dumps(value), encoding="utf-8")
        partial.replace(self.folder / name)

    def _owner(self, path: Path) -> str | None:
        """Who made a claim: empty where it was only just made, none where nobody did."""
        try:
            return path.read_text(encoding="utf-8")
        except OSError:
            return None

    def _holds(self, owner: str | None, path: Path) -> bool:
        if owner is None:
            return False
        return self._lives(owner) if owner else self._age(path) < self.patience

    def _pulse(self, name: str) -> Path:
        return self.folder / f"{name}.beat"

    def _live(self) -> None:
        while not self._ended.wait(self.beat):
            with contextlib.suppress(OSError):
                os.utime(self._pulse(self.name))

    def _lives(self, name: str) -> bool:
        if name == self.name:
            return True
        return _is_alive(self._pulse(name), self._age, self.patience)

    def _age(self, path: Path) -> float:
        """Seconds since a file was touched, infinitely many where there is none."""
        try:
            # Opening a file has network file systems ask anew.
            with path.open("rb") as file:
                return self.now() - os.fstat(file.fileno()).st_mtime
        except OSError:
            return math.inf

    def _is_over(self) -> bool:
        """Whether the folder is of no more use: all have left, or none is there and nothing came of it."""
        others = set(self._names("*")) - {self.name}
        nothing = not any(map(self._lives, others)) and not any(self.folder.glob("*.json"))
        return nothing or all(self._gone(rank) for rank in range(self.size))

    def _names(self, rank: int | str) -> list[str]:
        return [path.name.removesuffix(".beat") for path in self.folder.glob(f"{rank}.*.beat")]

    def _gone(self, rank: int) -> bool:
        """Whether a process has left, or has come and died; one that has yet to come needs to see what was done."""
        if (self.folder / f"{rank}.left").exists():
            return True
        names = self._names(rank)
        return bool(names) and not any(map(self._lives, names))


class Share:
    """One raster of a crew's job, whose rows of windows its processes divide among them.

    Args:
        crew: the processes.
        key: tells the raster from others.
    """

    def __init__(self, crew: Crew, key: str) -> None:
        self.crew, self.key = crew, key

    def take(self, what: str) -> bool:
        """As `Crew.take`, on this raster."""
        return self.crew.take(f"{self.key}-{what}")

    def take_row(self, i: int) -> bool:
        """Claim a row."""
        return self.take(f"row{i:06d}")

    def taken_rows(self, rows: set[int]) -> set[int]:
        """Which of some rows living processes have claimed."""
        return {i for i in rows if self.crew.taken(f"{self.key}-row{i:06d}")}

    def agree(self, what: str, make: Callable[[], Any]) -> Any:
        """As `Crew.agree`, on this raster."""
        return self.crew.agree(f"{self.key}-{what}", make)

    @property
    def outcome(self) -> dict[str, Any] | None:
        """What has become of the raster: its results, or how it failed; none as long as it is not done.

        Results that were removed since do not count, nor do failures of an earlier start.
        """
        value = self.crew.told(f"{self.key}-done")
        value = value if isinstance(value, dict) and ("results" in value or "time" in value) else None
        if value and "results" in value:
            paths = [path for name, path in value["results"].items() if path and name != "raster"]
            return value if all(map(os.path.exists, paths)) else None
        return value if value and value["time"] >= self.crew.joined else None

    @outcome.setter
    def outcome(self, value: dict[str, Any]) -> None:
        self.crew.tell(f"{self.key}-done", {**value, "time": self.crew.now()})


def at_work(folder: Path) -> bool:
    """Whether a process of a crew lives."""
    return any(_is_alive(beat, age, PATIENCE_SECONDS) for beat in folder.glob("*.beat"))


def _is_alive(beat: Path, age: Callable[[Path], float], patience: float) -> bool:
    process = Identity.from_dict(json_or_none(beat))
    return process is not None and lives(process) is not False and age(beat) < patience

"""One process works in a folder at a time, and what the dead have left behind goes.

Names of leftovers say whose they are, so that nothing is removed that is another's or whose owner lives.

The file is created exclusively, which is atomic on local and on shared storage; locks of the operating system
(`flock`) are not kept by many network file systems. Whether an owner on this machine lives is looked up; an owner
elsewhere lives as long as it touches its file, by the clock of the folder's own file system.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import re
import shutil
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import process
from pathlib import Path
from types import TracebackType
from typing import Any

from ..errors import OutputError, cannot_write
from .identity import Identity, lives, me

SHARED = Path("/dev/shm")  # nosec B108 # where the kernel keeps semaphores; ours alone are looked at
FOLDER = re.compile(r"\.geodistil-(?P<place>[0-9a-f]{8})-(?P<pid>\d+)-(?P<started>[0-9.]+)-[0-9a-f]{8}")
SEMAPHORE = re.compile(r"sem\.geodistil-(?P<place>[0-9a-f]{8})-(?P<pid>\d+)-(?P<started>[0-9.]+)-.+")
NAMELESS = re.compile(r"\.(model-|review_)[a-z0-9_]{8}")
"""Folders of earlier engines, whose names say nothing of their process."""
_own: set[Path] = set()
"""Folders of this process that are there."""
LEFT_SECONDS = 3600.0
"""Untouched for so long, a folder is left behind whose process cannot be looked up from here."""


@contextmanager
def scratch(parent: Path | None = None) -> Iterator[Path]:
    """A folder of our own until the end; what was moved out of it stays.

    Args:
        parent: where; none is the system's place for temporary files.

    Raises:
        OSError: it cannot be made.
    """
    parent = parent or Path(tempfile.gettempdir())
    sweep(parent)
    folder = parent / f".{_name()}-{uuid.uuid4().hex[:8]}"
    folder.mkdir(mode=0o700)
    _own.add(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _own.discard(folder)


def remove_scratch() -> None:
    """Remove this process's folders now: it ends while some of its work goes on."""
    for folder in list(_own):
        shutil.rmtree(folder, ignore_errors=True)


def sweep(parent: Path) -> None:
    """Remove the folders that killed processes have left in a folder; what cannot be removed stays."""
    with suppress(OSError):
        for entry in list(os.scandir(parent)):
            path = parent / entry.name
            if entry.is_dir(follow_symlinks=False) and _is_left(path):
                shutil.rmtree(path, ignore_errors=True)


def name_semaphores() -> None:
    """Have the semaphores that this process makes say whose they are; only Linux shows them, and has room for it."""
    if sys.platform == "linux":
        config = process.current_process()._config  # type: ignore[attr-defined]  # there is no public way
        config["semprefix"] = f"/{_name()}"


def sweep_semaphores(shared: Path = SHARED) -> None:
    """Remove the semaphores of killed processes, where the process that tracks them was killed too."""
    with suppress(OSError):
        for path in shared.glob("sem.geodistil-*"):
            if (match := SEMAPHORE.fullmatch(path.name)) and _lives(match) is False:
                path.unlink(missing_ok=True)


def _is_left(path: Path) -> bool:
    match = FOLDER.fullmatch(path.name)
    if match and (alive := _lives(match)) is not None:
        return not alive
    if not (match or NAMELESS.fullmatch(path.name)):
        return False
    return _age(path) > LEFT_SECONDS


def _age(folder: Path) -> float:
    """Seconds since anything in a folder was touched, by the clock of its file system; none where it is going."""
    try:
        newest = max(path.lstat().st_mtime for path in (folder, *folder.rglob("*")))
        with tempfile.TemporaryFile(dir=folder.parent) as now:
            return os.fstat(now.fileno()).st_mtime - newest
    except OSError:
        return 0.0


def _lives(match: re.Match[str]) -> bool | None:
    own = me()
    if match["place"] != _place(own):
        return None
    return lives(Identity(own.host, own.world, int(match["pid"]), match["started"]))


def _name() -> str:
    own = me()
    return f"geodistil-{_place(own)}-{own.pid}-{own.started or 0}"


def _place(identity: Identity) -> str:
    return hashlib.sha256(f"{identity.host} {identity.world}".encode()).hexdigest()[:8]


OWNER_FILE = "owner.json"
BEAT_SECONDS = 5.0
PATIENCE_SECONDS = 60.0
"""Without a sign of life for so long, an owner on another machine is dead; network file systems tell late."""
CLAIM_SECONDS = 10.0
"""After so long, nobody is still removing a dead owner's file."""


class Lost(OutputError):
    """Another process has taken the folder over, for this one had shown no sign of life, as a sleeping machine does."""


class Owner:
    """This process as the one that works in a folder; used as a context.

    Args:
        folder: made where it is missing.
        beat: seconds between signs of life.
        patience: seconds without one after which an owner on another machine counts as dead.

    Raises:
        OutputError: another process works there, or the folder cannot be written.
    """

    def __init__(self, folder: Path, beat: float = BEAT_SECONDS, patience: float = PATIENCE_SECONDS) -> None:
        self.folder, self.path = folder, folder / OWNER_FILE
        self._beat, self._patience = beat, patience
        self._mark = uuid.uuid4().hex
        self._ended = threading.Event()
        self._lost = False

    def __enter__(self) -> Owner:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            while not self._create():
                self._take_over()
            self._clear()
        except OSError as error:
            raise cannot_write(f"The folder {self.folder}", self.folder, error) from error
        threading.Thread(target=self._live, name="owner", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self.release()

    def release(self) -> None:
        """Let others in; does nothing where the folder is another's by now."""
        with contextlib.suppress(OSError):
            if self._is_mine(_read(self.path)):
                self.path.unlink()

    def check(self) -> None:
        """Go on only as the owner.

        Raises:
            Lost: another process is it.
        """
        if self._lost:
            raise Lost(
                f"The folder {self.folder} was taken over: this process had shown no sign of life for "
                f"{self._patience:.0f} s. {_who(_read(self.path))} works there now."
            )

    def _create(self) -> bool:
        """Whether the file could be made, which only one of several processes can.

        It comes with its content: an empty one, of a process that was killed in between, would keep others waiting.
        """
        whole = self.path.with_name(f"{OWNER_FILE}.{self._mark}")
        try:
            whole.write_text(json.dumps({**me().as_dict(), "since": time.time(), "mark": self._mark}), encoding="utf-8")
            return self._link(whole)
        finally:
            with contextlib.suppress(OSError):
                whole.unlink(missing_ok=True)

    def _link(self, whole: Path) -> bool:
        """Give a file the owner's name, where nobody has it; copied where the file system knows no second names."""
        try:
            os.link(whole, self.path)
            return True
        except FileExistsError:  # or the answer of a network file system went astray, and it was asked twice
            return self._is_mine(_read(self.path))
        except OSError:
            content = whole.read_bytes()
        try:
            descriptor = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        except FileExistsError:
            return False
        try:
            with open(descriptor, "wb") as file:
                file.write(content)
        except OSError:
            self.path.unlink(missing_ok=True)
            raise
        return True

    def _clear(self) -> None:
        """Remove what processes left that were killed when they came."""
        for path in self.folder.glob(f"{OWNER_FILE}.{'[0-9a-f]' * 32}"):
            if CLAIM_SECONDS < age(path) < math.inf:
                path.unlink(missing_ok=True)

    def _take_over(self) -> None:
        """Remove the file of a dead owner; of several that want to, one does, and the others look again.

        Raises:
            OutputError: it lives, or may.
        """
        self._refuse_while_alive(_read(self.path))
        claim = self.path.with_name(f"{OWNER_FILE}.taken")
        try:
            os.close(os.open(claim, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        except FileExistsError:
            if CLAIM_SECONDS < age(claim) < math.inf:  # whoever made it was killed in the moment that this takes
                claim.unlink(missing_ok=True)
            time.sleep(0.02)
            return
        try:
            if self.path.exists():  # looked at again: it may be another's by now
                self._refuse_while_alive(_read(self.path))
                self.path.unlink(missing_ok=True)
        finally:
            claim.unlink(missing_ok=True)

    def _refuse_while_alive(self, owner: dict[str, Any]) -> None:
        identity, seconds = Identity.from_dict(owner), age(self.path)
        alive = lives(identity) if identity else None
        if alive is False or (alive is None and seconds >= self._patience):
            return
        seen = f" Its last sign of life was {seconds:.0f} s ago; after {self._patience:.0f} s without one it is dead."
        raise OutputError(
            f"The folder {self.folder} is in use: {_who(owner)} works there.{'' if alive else seen}",
            "Let it end, or end it in order with an empty file named stop in the folder, then start again.",
        )

    def _live(self) -> None:
        while not self._ended.wait(self._beat):
            with contextlib.suppress(OSError):
                if not self._is_mine(_read(self.path)) and self.folder.is_dir() and not self._ended.is_set():
                    self._lost = True
                    return
                os.utime(self.path)

    def _is_mine(self, owner: dict[str, Any]) -> bool:
        return owner.get("mark") == self._mark


def age(path: Path) -> float:
    """Seconds since a file was touched, by the clock of its file system; infinitely many where there is none."""
    probe = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    try:
        probe.touch()
        with path.open("rb") as file:  # opening it has network file systems ask anew
            return probe.stat().st_mtime - os.fstat(file.fileno()).st_mtime
    except OSError:
        return math.inf
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()


def _read(path: Path) -> dict[str, Any]:
    """What the file says; empty where it is gone, or is just being written."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _who(owner: dict[str, Any]) -> str:
    if not (identity := Identity.from_dict(owner)):
        return "a process that has only just come"
    since = owner.get("since")
    when = time.strftime(" since %Y-%m-%d %H:%M", time.localtime(since)) if isinstance(since, int | float) else ""
    return f"process {identity.pid} on {identity.host}{when}"


def made_once(folder: Path, fill: Callable[[Path], None]) -> Path:
    """A folder that is either absent or complete, also where several processes ask for it at the same moment.

    Args:
        folder: in the cache; its name says what is in it, so that whoever makes it makes the same.
        fill: writes the content into the empty folder it is given; called only while there is none.

    Raises:
        OSError: the cache cannot be written.
    """
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with scratch(folder.parent) as temporary:
        complete = temporary / "model"
        complete.mkdir()
        fill(complete)
        try:
            complete.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    return folder

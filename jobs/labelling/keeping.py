"""What happens to suggestions is written down as it happens, and offered again in the next QGIS."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ..background import Background, start
from ..errors import GeoDistilError
from ..given import given
from ..translation import local, tr
from .kept import PARTIAL, Kept, append, gone, line_of, place_to_write, places, read, set_aside
from .suggestions import Suggestions

BATCH = 500
"""Suggestions that are offered again in one turn."""


class Keeper(QObject):
    """Writes down what is still to be reviewed.

    Judgements are written when the labels are saved: not before is an accepted one a label on the disk.

    Args:
        suggestions: whose changes are heard.
        path: the file; none keeps nothing.
        parent: who owns this.
    """

    failed = pyqtSignal(str)
    """Nothing is written from now on; with a sentence."""

    def __init__(self, suggestions: Suggestions, path: Path | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._suggestions, self._path = suggestions, path
        self._ids = suggestions.unjudged_ids()  # of a dock that was closed, whose file this is
        suggestions.put.connect(self._put)
        suggestions.gone.connect(self._forget)

    def settle(self) -> None:
        """The labels are saved, so what was judged is decided; where nothing is left to be reviewed the file goes."""
        self._forget([fid for fid in self._ids if not self._suggestions.is_unjudged(fid)])

    def clear(self) -> None:
        """Forget all."""
        self._ids.clear()
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink()

    def take_place(self, path: Path, former: Path) -> None:
        """The file goes to a place, and a former one goes, in one step where they are the same: a kill finds either.

        Raises:
            OSError: it cannot.
        """
        if self._path is None:  # nothing could be written, so what was kept stays
            return
        if self._path.exists():
            os.replace(self._path, path)
        if former != path or not self._ids:  # all of it may have been judged meanwhile
            former.unlink(missing_ok=True)
        self._path = path

    def _put(self, ids: list[int]) -> None:
        found = self._suggestions.unjudged(ids)
        self._ids.update(found)
        self._write(line_of(fid, one) for fid, one in found.items())

    def _forget(self, ids: list[int]) -> None:
        known = self._ids.intersection(ids)
        self._ids -= known
        if known and not self._ids:
            self.clear()
        elif known:
            self._write([gone(known)])

    def _write(self, lines: Iterable[dict[str, Any]]) -> None:
        if self._path is None:
            return
        try:
            append(self._path, self._suggestions.layer.crs(), lines)
        except OSError as error:
            self._path = None
            words = tr("Suggestions are not kept on the disk any more ({reason}): review them before QGIS is closed.")
            self.failed.emit(words.format(reason=error.strerror or str(error)))


class Restoring(QObject):
    """Offers again what is kept for a label layer: read on another thread, added in turns.

    Args:
        labels: the label layer.
        parent: who owns this.
    """

    found = pyqtSignal(QgsCoordinateReferenceSystem)
    """There is something, in this CRS; who hears it has called `begin` before it returns."""
    done = pyqtSignal(int)
    """So many are offered again."""
    ended = pyqtSignal()
    """Nothing more is done, whatever there was."""
    failed = pyqtSignal(str)
    """What could not be read, in a sentence."""

    def __init__(self, labels: QgsVectorLayer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = next((path for path in places(labels) if path.is_file()), None)
        self._target = place_to_write(labels) if self._path is not None else None
        self._kept: Kept | None = None
        self._suggestions: Suggestions | None = None
        self._keeper: Keeper | None = None
        self._added = 0
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._turn)
        self._task: Background | None = None

    @property
    def busy(self) -> bool:
        """Whether something is still to be offered."""
        return self._task is not None or self._timer.isActive()

    @property
    def partial(self) -> Path | None:
        """Where to write meanwhile; none where nothing can be written."""
        return None if self._target is None else self._target.with_name(self._target.name + PARTIAL)

    def start(self) -> None:
        """Begin, where something is kept."""
        if self._path is None:
            return
        path = self._path
        self._task = start(
            Background(tr("Reading the suggestions"), lambda _: read(path), self._read, self._damaged, False)
        )

    def stop(self) -> None:
        """Offer no more; what is kept stays as it is."""
        if self._timer.isActive() and self.partial is not None:
            with suppress(OSError):
                self.partial.unlink()
        self._timer.stop()
        self._task = self._kept = None

    def begin(self, suggestions: Suggestions, keeper: Keeper) -> None:
        """Offer them here; the keeper writes into `partial`."""
        self._suggestions, self._keeper = suggestions, keeper
        self._timer.start()

    def _read(self, kept: Kept) -> None:
        if self._task is None:  # stopped meanwhile
            return
        self._task = None
        if kept.damaged:
            words = tr("{count} suggestions kept in {path} cannot be read: the file is damaged.")
            self.failed.emit(words.format(count=local(kept.damaged), path=self._path))
        if not kept.suggestions:
            with suppress(OSError):
                given(self._path).unlink()
            self.ended.emit()
            return
        if self.partial is not None:
            with suppress(OSError):  # of a QGIS that was killed while it restored
                self.partial.unlink()
        self._kept = kept
        self.found.emit(kept.crs)
        if not self.busy:
            self.ended.emit()

    def _damaged(self, error: GeoDistilError) -> None:
        if self._task is None:
            return
        self._task = None
        with suppress(OSError):
            if error.code == "labels":
                set_aside(given(self._path))
        self.failed.emit(str(error))
        self.ended.emit()

    def _turn(self) -> None:
        batch = given(self._kept).suggestions[self._added : self._added + BATCH]
        if batch:
            self._added += len(batch)
            given(self._suggestions).add(batch)
            return
        self._timer.stop()
        self._kept = None
        try:
            if self._target is not None:
                given(self._keeper).take_place(self._target, given(self._path))
        except OSError as error:
            self.failed.emit(error.strerror or str(error))
        self.ended.emit()
        self.done.emit(self._added)

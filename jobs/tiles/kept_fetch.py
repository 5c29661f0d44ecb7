"""A part of a service on its way into the kept tiles, for what looks at it next: one at a time, given up at once."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..background import Background, Cancelled, start
from ..errors import GeoDistilError
from ..translation import tr
from .fetching import Progress, fetch_kept
from .ordering import Order


class KeptFetch(QObject):
    """Fetches in a task; what is kept already is there at once. Of what was given up nothing follows.

    Args:
        parent: who waits for it.
    """

    came = pyqtSignal(str)
    """The file."""
    failed = pyqtSignal(object)
    """With a `GeoDistilError`."""
    told = pyqtSignal(float, str)
    """Percent, and in words."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._task: Background | None = None

    def start(self, order: Order) -> None:
        """Begin; what was on its way is given up."""
        self.cancel()

        def wanted() -> bool:
            return not sip.isdeleted(self) and self._task is task

        def told(progress: Progress) -> None:
            percent = 100 * progress.done / progress.of
            task.setProgress(percent)
            if wanted():
                self.told.emit(percent, progress.text)

        def work(cancelled: Cancelled) -> Path:
            return fetch_kept(order, told, cancelled)

        def came(path: Path) -> None:
            if wanted():
                self._task = None
                self.came.emit(str(path))

        def failed(error: GeoDistilError) -> None:
            if wanted():
                self._task = None
                self.failed.emit(error)

        self._task = task = Background(tr("Fetch {layer}").format(layer=order.service.name), work, came, failed)
        start(task)

    def cancel(self) -> None:
        """Give up what is on its way."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

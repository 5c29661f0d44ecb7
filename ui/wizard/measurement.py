"""What a training costs on this machine, measured once by the engine and shown on two pages."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...jobs.checking import EngineCheck
from ...jobs.errors import GeoDistilError, as_error
from ...jobs.run_folder import write_run
from ...jobs.sources.estimate import estimate_text
from ...jobs.sources.files import Files
from ...jobs.sources.run_file import run_values
from ...jobs.translation import tr
from ...jobs.types import given
from .session import Session


class Measurement(QObject):
    """A child that trains each stage for a few steps, and what it found.

    Args:
        session: gives the run that was checked, and the budget.
    """

    changed = pyqtSignal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._probe: EngineCheck | None = None
        self._estimate: dict[str, Any] | None = None
        self._problem = ""

    @property
    def running(self) -> bool:
        """Whether the engine is at it."""
        return self._probe is not None

    def text(self) -> str:
        """What is known, in the words of the budget as it is now."""
        if self.running:
            return tr("Training a few steps to see how long they take…")
        if self._estimate is not None:
            return estimate_text(self._estimate, self._session.draft.training)
        return self._problem

    def start(self) -> None:
        """Measure the run as it is now, on the device chosen; what was measured before is forgotten."""
        self.cancel()
        session = self._session
        try:
            files = Files(session.draft, session.project)
            write_run(given(session.prepared), run_values(session.draft, files, session.project))
            self._probe = probe = EngineCheck(given(session.prepared), probe=True)
        except Exception as error:  # a slot that raises would leave both pages waiting
            self._failed(as_error(error, tr("Estimate")))
            return
        probe.passed.connect(self._passed)
        probe.failed.connect(self._failed)
        probe.start()
        self.changed.emit()

    def cancel(self) -> None:
        """End what is running, and forget."""
        if self._probe is not None:
            self._probe.cancel()
        self._probe, self._estimate, self._problem = None, None, ""
        self.changed.emit()

    def _passed(self, report: dict[str, Any]) -> None:
        self._probe, self._estimate = None, report["estimate"]
        self.changed.emit()

    def _failed(self, error: GeoDistilError) -> None:
        self._probe, self._problem = None, str(error)
        self.changed.emit()

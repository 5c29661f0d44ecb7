"""Scores of two models on the same ground: the button that asks for them, and how far they are."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from qgis.core import QgsProject
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ...jobs.errors import STOPPED, GeoDistilError
from ...jobs.models.scoring import Scored, Scoring
from ...jobs.models.shelf import Model
from ...jobs.translation import tr
from ..progress_row import ProgressRow
from ..wizard.words import Problem
from .buttons import button
from .ground_dialog import GroundDialog


class GroundBox(QWidget):
    """See the module.

    Args:
        iface: QGIS's interface.
        parent: the window.
    """

    scored = pyqtSignal(object)
    """With a `Scored`."""

    def __init__(self, iface: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._iface = iface
        self._models: tuple[Model, ...] = ()
        self._scoring: Scoring | None = None
        self._known: dict[frozenset[Path], Scored] = {}
        self.ask = button(
            tr("Score both on the same ground…"),
            tr("Predict imagery with both, and hold both against the same labels"),
            self._open,
        )
        self.progress, self.problem = ProgressRow(), Problem()
        self.progress.cancelled.connect(self.cancel)
        row, lines = QHBoxLayout(), QVBoxLayout(self)
        row.addWidget(self.ask)
        row.addStretch()
        lines.setContentsMargins(0, 0, 0, 0)
        lines.addLayout(row)
        lines.addWidget(self.progress)
        lines.addWidget(self.problem)

    @property
    def busy(self) -> bool:
        """Whether models are being scored."""
        return self._scoring is not None

    def show_models(self, models: list[Model]) -> None:
        """Offer it for two sound models; it stays while others are being scored."""
        sound = len(models) == 2 and not any(each.problem for each in models)
        if tuple(models) != self._models:
            self.problem.say("")
        self._models = tuple(models)
        self.ask.setEnabled(sound and not self.busy)
        self.setVisible(sound or self.busy)

    def known(self, models: list[Model]) -> Scored | None:
        """What was found of two models, in this session; in their order."""
        found = self._known.get(frozenset(each.path for each in models))
        return found if found is None or found.models[0] == models[0].path else found.turned()

    def cancel(self) -> None:
        """Give up what is being scored."""
        if self._scoring is not None:
            self._scoring.cancel()

    def begin(self, scoring: Scoring) -> None:
        """Have two models scored."""
        self._scoring = scoring
        self.problem.say("")
        scoring.progressed.connect(self._tell)
        scoring.done.connect(partial(self._end, scoring))
        scoring.failed.connect(partial(self._fail, scoring))
        self.progress.tell(0, tr("The engine starts…"))
        self.ask.setEnabled(False)
        scoring.start()

    def _open(self) -> None:
        first, second = self._models
        dialog = GroundDialog((first, second), QgsProject.instance(), self._iface.activeLayer(), self)
        dialog.ready.connect(self.begin)
        dialog.finished.connect(lambda _: QCoreApplication.instance() and dialog.deleteLater())
        dialog.open()

    def _tell(self, percent: float, text: str) -> None:
        if self.busy and not sip.isdeleted(self):
            self.progress.tell(percent, text)

    def _end(self, scoring: Scoring, scored: Scored) -> None:
        if self._over(scoring):
            self._known[frozenset(scored.models)] = scored
            self.scored.emit(scored)

    def _fail(self, scoring: Scoring, error: GeoDistilError) -> None:
        if self._over(scoring) and error.code != STOPPED:
            self.problem.say(str(error))
            self.problem.setToolTip(error.explained())

    def _over(self, scoring: Scoring) -> bool:
        """Whether somebody still waits for it."""
        if sip.isdeleted(self) or self._scoring is not scoring:
            return False
        self._scoring = None
        self.progress.hide()
        self.show_models(list(self._models))
        return True

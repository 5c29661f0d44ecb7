"""Learning while labelling: one button, a budget, and rounds that are started, followed and told of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import Qgis, QgsProject
from qgis.PyQt.QtCore import QObject, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
)

from ...jobs.errors import GeoDistilError
from ...jobs.labelling.learning import Learning
from ...jobs.labelling.link import Round, read_rounds
from ...jobs.labelling.session import LabelSession
from ...jobs.package_registry import CURRENT_MODEL, current_model, set_current_model
from ...jobs.runs.history import number
from ...jobs.runs.words import score_name
from ...jobs.translation import local, local_time, tr
from ..messages import tell
from ..model_widget import ModelWidget
from ..widgets import FoldingBox, Hint, Problem, ProgressRow, table

LABELS, SCORE, WHEN = range(3)
ROWS = 5
"""Rounds that are seen without scrolling."""


class LearnBox(FoldingBox):
    """See the module."""

    asked = pyqtSignal()
    cancelled = pyqtSignal()
    used = pyqtSignal(int)
    """The model of a round is wanted, by its place."""

    def __init__(self) -> None:
        super().__init__(tr("Learn"))
        self.button = QPushButton(tr("Learn from these labels"))
        self.button.setToolTip(tr("Saves the labels and trains a model on them; you can go on labelling meanwhile"))
        self.button.clicked.connect(self.asked)
        self.minutes = QDoubleSpinBox()
        self.minutes.setRange(0.1, 10_000)
        self.minutes.setDecimals(1)
        self.minutes.setValue(3)
        self.minutes.setSuffix(tr(" min"))
        self.minutes.setAccessibleName(tr("Training budget"))
        self.goes_on = QCheckBox(tr("Go on from the model chosen above"))
        self.goes_on.setChecked(True)
        self.goes_on.setToolTip(
            tr("Otherwise, and where none is chosen, it begins with pretrained weights of an encoder")
        )
        self.progress = ProgressRow()
        self.progress.cancelled.connect(self.cancelled)
        self.problem, self.words = Problem(), Hint()
        self.rounds = table((tr("Labels"), tr("Score"), tr("When")), tr("Rounds of learning"), stretched=WHEN)
        self.rounds.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.rounds.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.rounds.setFixedHeight(self.rounds.fontMetrics().height() * 2 * ROWS)
        self.rounds.itemSelectionChanged.connect(self._show_use)
        self.rounds.itemDoubleClicked.connect(lambda item: self.used.emit(item.row()))
        self.use = QPushButton(tr("Use this round's model"))
        self.use.clicked.connect(lambda: self.used.emit(self.rounds.currentRow()))
        self._lay_out()
        self.show_rounds([], "")

    def show_busy(self, busy: bool) -> None:
        """Show whether a round is at work."""
        self.button.setEnabled(not busy)
        self.progress.setVisible(busy)

    def show_rounds(self, rounds: list[Round], current: str) -> None:
        """Show the rounds that are done; that of the current model is bold."""
        self.rounds.setRowCount(len(rounds))
        for row, one in enumerate(rounds):
            texts = (local(one.labels), _scores(one), local_time(one.time))
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(f"{_in_words(one)}\n{one.model}")
                font = item.font()
                font.setBold(str(one.model) == current)
                item.setFont(font)
                if column == LABELS:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.rounds.setItem(row, column, item)
        for widget in (self.rounds, self.use):
            widget.setVisible(bool(rounds))
        self._show_use()

    def _show_use(self) -> None:
        self.use.setEnabled(bool(self.rounds.selectedItems()))

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.button, 1)
        row.addWidget(self.minutes)
        lines = QVBoxLayout(self)
        lines.addLayout(row)
        for widget in (self.goes_on, self.progress, self.problem, self.words, self.rounds, self.use):
            lines.addWidget(widget)


def told(one: Round) -> str:
    """What a person is told of a round that is over."""
    if not one.after:
        return tr("Learned from the labels ({labels}); there is no validation ground, so there is no score.").format(
            labels=local(one.labels)
        )
    words = tr("Learned from the labels ({labels}). On the validation ground: {scores}.")
    return words.format(labels=local(one.labels), scores=_in_words(one))


def _in_words(one: Round) -> str:
    texts = []
    for name, value in one.after.items():
        if name in one.before:
            text = tr("{score} {before} before, {after} after")
            texts.append(text.format(score=score_name(name), before=number(one.before[name]), after=number(value)))
        else:
            texts.append(f"{score_name(name)} {number(value)}")
    return ", ".join(texts)


def _scores(one: Round) -> str:
    """Short: before and after."""
    texts = []
    for name, value in one.after.items():
        before = f"{number(one.before[name])} → " if name in one.before else ""
        texts.append(before + number(value))
    return ", ".join(texts) or tr("none")


class Learner(QObject):
    """See the module.

    Args:
        iface: QGIS's interface.
        project: where the layers are.
        box: the dock's part.
        model: the choice of the model that is gone on from; it gets what is learned.
        parent: the dock.
    """

    learned = pyqtSignal(str)
    """A round is over: its model's folder, which is the current model now."""

    def __init__(self, iface: Any, project: QgsProject, box: LearnBox, model: ModelWidget, parent: QObject) -> None:
        super().__init__(parent)
        self._iface, self._box, self._model = iface, box, model
        self.session: LabelSession | None = None
        self._learning = Learning(project, self)
        self._learning.told.connect(box.progress.tell)
        self._learning.done.connect(self._finish)
        self._learning.failed.connect(self._fail)
        box.asked.connect(self.start)
        box.cancelled.connect(self._learning.cancel)
        box.used.connect(self._use)
        CURRENT_MODEL.changed.connect(self._show_model)
        self._show_model()

    def take(self, session: LabelSession | None) -> None:
        """Learn from another layer."""
        self.session = session
        self._box.problem.say("")
        self._box.words.say("")
        if session is not None:
            self._learning.resume(session.layer)
        self.show()

    def close(self) -> None:
        """Listen no longer; a training goes on."""
        CURRENT_MODEL.changed.disconnect(self._show_model)
        self._learning.close()

    def start(self) -> None:
        """Begin a round."""
        if self.session is None or self._learning.busy:
            return
        self._box.problem.say("")
        self._box.words.say("")
        model = self._model.path() if self._box.goes_on.isChecked() else ""
        try:
            self._learning.start(self.session, model, self._box.minutes.value())
        except GeoDistilError as error:
            self._box.problem.say(str(error))
        self.show()

    def show(self) -> None:
        """Show the rounds of the layer."""
        self._box.show_busy(self._learning.busy)
        self._box.show_rounds(self._rounds(), str(current_model() or ""))

    def _rounds(self) -> list[Round]:
        return [each for each in read_rounds(self.session.layer) if each.done] if self.session is not None else []

    def _finish(self, one: Round) -> None:
        set_current_model(one.model)
        self._model.set_path(str(one.model))
        self.show()
        self._box.words.say(told(one))
        tell(self._iface, told(one), Qgis.MessageLevel.Success)
        self.learned.emit(str(one.model))

    def _fail(self, error: GeoDistilError) -> None:
        self.show()
        self._box.problem.say(str(error))

    def _use(self, place: int) -> None:
        """Go back to the model of a round."""
        rounds = self._rounds()
        if 0 <= place < len(rounds):
            model = rounds[place].model
            if not Path(model).is_dir():
                self._box.problem.say(tr("The model {model} is gone.").format(model=model))
                return
            self._box.problem.say("")
            set_current_model(model)
            self._model.set_path(str(model))
            self.show()
            self.learned.emit(str(model))

    def _show_model(self) -> None:
        model = current_model()
        if model is not None:
            self._model.set_path(str(model))
        self.show()

"""The dock's part for suggestions: which model, where, from which score on, and what is done with them."""

from __future__ import annotations

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
)

from ...jobs.packages import MODEL_FILES
from ...jobs.translation import local, tr
from ..model_widget import ModelWidget
from ..widgets import FoldingBox, Hint, Problem, ProgressRow

VIEW, RASTER, ACCEPT, REJECT, ACCEPT_VIEW, EDIT, CLEAR = "view", "raster", "accept", "reject", "all", "edit", "clear"
COMMANDS = (
    (
        ACCEPT,
        tr("Accept (Y)"),
        tr("The selected suggestions become labels; a double click with the Select tool does the same"),
    ),
    (
        REJECT,
        tr("Reject (X)"),
        tr("There is no such object: the ground is background. The right button of the Select tool does the same"),
    ),
    (ACCEPT_VIEW, tr("Accept all in view"), tr("All suggestions whose middle is seen become labels, in one step")),
    (EDIT, tr("Edit shape (E)"), tr("Correct the selected suggestion with QGIS's vertex tool, then accept it")),
)
"""Name, title, how it works."""

COLUMNS = 2


class SuggestBox(FoldingBox):
    """See the module."""

    asked = pyqtSignal(str)
    """A place or a command, by its name."""
    layer_asked = pyqtSignal(str)
    """A layer's suggestions, by its id."""
    score_changed = pyqtSignal(float)
    cancelled = pyqtSignal()

    def __init__(self) -> None:
        super().__init__(tr("Suggestions"))
        self.model = ModelWidget(MODEL_FILES)
        self.suggest, self.menu = QPushButton(tr("Suggest labels")), QMenu(self)
        self.suggest.setMenu(self.menu)
        self.suggest.setToolTip(tr("What the model or a layer of predictions finds, for you to accept or reject"))
        self.score = QSpinBox()
        self.score.setRange(0, 100)
        self.score.setValue(50)
        self.score.setSuffix(tr(" %"))
        self.score.setAccessibleName(tr("Least score"))
        self.score.setToolTip(tr("Suggestions that the model is less sure of are not offered"))
        self.score.valueChanged.connect(lambda percent: self.score_changed.emit(percent / 100))
        self.progress = ProgressRow()
        self.progress.cancelled.connect(self.cancelled)
        self.words, self.problem = Hint(), Problem()
        self.commands: dict[str, QPushButton] = {}
        self._lay_out()

    def fill_menu(self, layers: list[tuple[str, str]], some: bool) -> None:
        """Offer where suggestions may come from.

        Args:
            layers: name and id of those that look like predictions.
            some: whether there are suggestions that may go.
        """
        self.menu.clear()
        for name, text in ((VIEW, tr("In this view")), (RASTER, tr("On the whole raster"))):
            self.menu.addAction(text).triggered.connect(lambda _checked=False, name=name: self.asked.emit(name))
        self.menu.addSeparator()
        for name, key in layers:
            text = tr("From the layer {layer}").format(layer=name).replace("&", "&&")
            self.menu.addAction(text).triggered.connect(lambda _checked=False, key=key: self.layer_asked.emit(key))
        if some:
            self.menu.addSeparator()
            self.menu.addAction(tr("Remove all suggestions")).triggered.connect(lambda: self.asked.emit(CLEAR))

    def show_counts(self, left: int, selected: int, busy: bool) -> None:
        """Show how many are left to be reviewed, and what can be done with them."""
        self.suggest.setEnabled(not busy)
        for name in (ACCEPT, REJECT, EDIT):
            self.commands[name].setEnabled(selected == 1 if name == EDIT else selected > 0)
        self.commands[ACCEPT_VIEW].setEnabled(left > 0)
        self.words.say(tr("{count} to review").format(count=local(left)) if left else "")

    def _lay_out(self) -> None:
        row, grid = QHBoxLayout(), QGridLayout()
        label = QLabel(tr("from"))
        label.setBuddy(self.score)
        row.addWidget(self.suggest, 1)
        row.addWidget(label)
        row.addWidget(self.score)
        for place, (name, title, tip) in enumerate(COMMANDS):
            button = QPushButton(title)
            button.setToolTip(tip)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys to the map
            button.clicked.connect(lambda _checked, name=name: self.asked.emit(name))
            self.commands[name] = button
            grid.addWidget(button, place // COLUMNS, place % COLUMNS)
        lines = QVBoxLayout(self)
        lines.addWidget(self.model)
        lines.addLayout(row)
        lines.addWidget(self.progress)
        lines.addWidget(self.problem)
        lines.addWidget(self.words)
        lines.addLayout(grid)

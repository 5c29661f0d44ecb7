"""Page 2: what the labels are called, which of them are learned, and in which colours they are shown."""

from __future__ import annotations

from qgis.PyQt.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWizardPage

from ...jobs.sources.class_lists import class_problem
from ...jobs.sources.draft import DETECTION, LABELLED_ROLES, SEGMENTATION
from ...jobs.translation import tr
from .class_table import ClassTable
from .session import Session
from .words import Hint


class ClassesPage(QWizardPage):
    """Two class lists, side by side; a role without sources has none."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setTitle(tr("Classes"))
        self.setSubTitle(
            tr("Names and colours come from the layers. Rename, merge or leave out; colours are those of the map.")
        )
        self.tables = {
            DETECTION: ClassTable(tr("Found as boxes")),
            SEGMENTATION: ClassTable(tr("Found as areas")),
        }
        self.background = QCheckBox(tr("&Ground without a label is a class of its own (background)"))
        self._hint = Hint(
            tr("Turn it off where the classes cover everything: ground without a label then counts nowhere.")
        )
        lists = QHBoxLayout()
        for table in self.tables.values():
            lists.addWidget(table, 1)
            table.changed.connect(self._check)
        lines = QVBoxLayout(self)
        lines.addLayout(lists, 1)
        lines.addWidget(self.background)
        lines.addWidget(self._hint)
        self.background.toggled.connect(self._set_background)

    def initializePage(self) -> None:  # noqa: D102
        draft = self._session.draft
        self._session.update_classes()
        for role, table in self.tables.items():
            table.setVisible(bool(draft.of_role(role)))
            table.show_classes(draft.classes[role], self._session.found(role))
        for widget in (self.background, self._hint):
            widget.setVisible(bool(draft.of_role(SEGMENTATION)))
        self.background.setChecked(draft.background)
        self._check()

    def cleanupPage(self) -> None:
        """Keep everything: going back loses nothing."""

    def isComplete(self) -> bool:  # noqa: D102
        return not any(class_problem(self._session.draft, role) for role in LABELLED_ROLES)

    def _set_background(self, on: bool) -> None:
        self._session.draft.background = on
        self._check()

    def _check(self) -> None:
        for role, table in self.tables.items():
            table.problem.say(class_problem(self._session.draft, role))
        self.completeChanged.emit()

"""The dock's actions: their words and icons, and which of them a run allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtWidgets import QMenu, QToolBar, QToolButton, QWidget

from ...jobs.qt import QAction
from ...jobs.runs.state import RunState, Status, abilities
from ...jobs.translation import tr
from ..widgets import icon


@dataclass(frozen=True)
class Entry:
    """An action.

    Args:
        name: as in `abilities`, and of the method that does it.
        text: what a person reads.
        help: one sentence for the tooltip.
        icon: an icon's name, that of the action where empty.
    """

    name: str
    text: str
    help: str
    icon: str = ""


BAR = (
    Entry(
        "start", tr("Start"), tr("Train it as soon as its device is free, from its last checkpoint where it has one")
    ),
    Entry("stop", tr("Stop"), tr("End it in order, with a checkpoint; take it off the waiting list")),
    Entry("predict", tr("Predict…"), tr("Predict with this model")),
    Entry("results", tr("Show predictions"), tr("Add to the map what was predicted when the training was done")),
    Entry("report", tr("Report"), tr("Open its report in the browser")),
    Entry("folder", tr("Open folder"), tr("Open its folder")),
)
MORE = (
    Entry("start_now", tr("Start beside the others"), tr("Train it now, though its device may be taken"), icon="start"),
    Entry(
        "end_now", tr("End at once…"), tr("End what does not stop; what came after its checkpoint is lost"), icon="kill"
    ),
    Entry("review", tr("Where to label next…"), tr("Find the ground whose labels would help this model most")),
    Entry("distil", tr("Use as teacher…"), tr("Teach this model to another, smaller network")),
    Entry("template", tr("Use as template…"), tr("Open the wizard, filled in as it was for this run"), icon="train"),
    Entry("teachers", tr("Use its teachers…"), tr("Train another network from the teachers that this run has trained")),
    Entry(
        "both_tasks",
        tr("Use for both tasks…"),
        tr("Train one network of boxes and areas, which this model teaches the task that it knows"),
        icon="teachers",
    ),
    Entry("export", tr("Export…"), tr("Write it into a zip, to train it on another machine or to keep it")),
    Entry("delete", tr("Delete…"), tr("Delete its files")),
)
GENERAL = (
    Entry("import_run", tr("Import…"), tr("Unpack a zip of a run"), icon="import"),
    Entry("folders", tr("Run folders…"), tr("Which folders are searched for runs"), icon="runs"),
    Entry("help", tr("Help"), tr("Open the user guide in the browser"), icon="geodistil"),
)
WITH_TEXT = ("start", "stop")


class Actions:
    """All actions, living on the dock.

    Args:
        owner: the widget they belong to.
        do: called with an action's name.
    """

    def __init__(self, owner: QWidget, do: Callable[[str], None]) -> None:
        self._owner = owner
        self._actions = {entry.name: self._make(entry, do) for entry in (*BAR, *MORE, *GENERAL)}

    def __getitem__(self, name: str) -> QAction:
        """An action by its name."""
        return self._actions[name]

    def show_state(self, state: RunState | None) -> None:
        """Enable what the selected run allows."""
        able = abilities(state) if state else set()
        for entry in (*BAR, *MORE):
            self[entry.name].setEnabled(entry.name in able)
        again = state is not None and state.status in (Status.STOPPED, Status.KILLED, Status.FAILED, Status.FINISHED)
        self["start"].setText(tr("Resume") if again else tr("Start"))

    def bar(self) -> QToolBar:
        """A tool bar with the frequent actions, and the others in a menu at its end."""
        bar = QToolBar(tr("Run"))
        bar.setAccessibleName(tr("What to do with the selected run"))
        bar.setIconSize(QSize(18, 18))
        for entry in BAR:
            bar.addAction(self[entry.name])
            if entry.name in WITH_TEXT:
                bar.widgetForAction(self[entry.name]).setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        bar.addWidget(self._more_button(bar))
        for button in bar.findChildren(QToolButton):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return bar

    def menu(self, parent: QWidget) -> QMenu:
        """Everything, for the list's context menu."""
        menu = QMenu(parent)
        menu.addActions([self[entry.name] for entry in BAR])
        menu.addSeparator()
        self._add_rest(menu)
        return menu

    def _more_button(self, bar: QToolBar) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon("more"))
        button.setToolTip(tr("More"))
        button.setAccessibleName(tr("More actions"))
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        self._add_rest(menu)
        button.setMenu(menu)
        return button

    def _add_rest(self, menu: QMenu) -> None:
        menu.addActions([self[entry.name] for entry in MORE])
        menu.addSeparator()
        menu.addActions([self[entry.name] for entry in GENERAL])

    def _make(self, entry: Entry, do: Callable[[str], None]) -> QAction:
        action = QAction(icon(entry.icon or entry.name), entry.text, self._owner)
        action.setToolTip(entry.help)
        action.triggered.connect(lambda _checked=False, name=entry.name: do(name))
        return action

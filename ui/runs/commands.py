"""What the runs dock's actions do, with the questions they ask, and which folders are searched for runs."""

from __future__ import annotations

import json
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any, Callable, NamedTuple

from qgis.core import Qgis, QgsProject
from qgis.PyQt.QtCore import Qt, QTimer, QUrl
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ...jobs.background import Background, start
from ...jobs.errors import STOPPED, GeoDistilError
from ...jobs.help import help_url
from ...jobs.layers.styled import Result, add_prediction, find_predictions
from ...jobs.packages import ITEM_FILE
from ...jobs.runs import files, waiting
from ...jobs.runs.archive import export_run, import_run, outside_files
from ...jobs.runs.files import MODEL_FOLDER, REPORT_FILE, delete_run
from ...jobs.runs.state import RunState, Status
from ...jobs.runs.waiting import WaitingList
from ...jobs.translation import tr


class FoldersDialog(QDialog):
    """A list of folders to add to and take from.

    Args:
        folders: those so far.
        parent: the window that it belongs to.
        title: what the folders are.
        text: what they are for.
    """

    def __init__(
        self,
        folders: list[Path],
        parent: QWidget | None = None,
        title: str = tr("Run folders"),
        text: str = tr("Runs in these folders, and in the folders inside them, are listed beside those started here."),
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._text = text
        self._list = QListWidget()
        self._list.setAccessibleName(title)
        self._list.addItems([str(folder) for folder in folders])
        self._remove = QPushButton(tr("Remove"))
        self._remove.setToolTip(tr("Search this folder no longer; nothing is deleted"))
        self._remove.clicked.connect(self._remove_selected)
        self._list.currentRowChanged.connect(lambda row: self._remove.setEnabled(row >= 0))
        self._remove.setEnabled(False)
        self._lay_out()
        self.resize(480, 280)

    def folders(self) -> list[Path]:
        """The folders as they are now."""
        return [Path(self._list.item(row).text()) for row in range(self._list.count())]

    def add(self, folder: str) -> None:
        """Add a folder, unless it is there already or none."""
        if folder and Path(folder) not in self.folders():
            self._list.addItem(str(Path(folder)))

    def _lay_out(self) -> None:
        add = QPushButton(tr("Add…"))
        add.clicked.connect(lambda: self.add(QFileDialog.getExistingDirectory(self, self.windowTitle())))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        side = QVBoxLayout()
        side.addWidget(add)
        side.addWidget(self._remove)
        side.addStretch()
        middle = QHBoxLayout()
        middle.addWidget(self._list)
        middle.addLayout(side)
        layout = QVBoxLayout(self)
        text = QLabel(self._text)
        text.setWordWrap(True)
        layout.addWidget(text)
        layout.addLayout(middle)
        layout.addWidget(buttons)

    def _remove_selected(self) -> None:
        self._list.takeItem(self._list.currentRow())


Tell = Callable[..., None]
"""A sentence, its level, and details where there are any."""
OpenAlgorithm = Callable[[str, "dict[str, Any]"], None]


class DockCalls(NamedTuple):
    """What the dock does for its commands.

    Attributes:
        tell: shows a sentence.
        open_algorithm: opens an algorithm's dialog with parameters filled in.
        open_template: opens the wizard, filled in as it was for a run.
        look_again: has the runs read again now.
    """

    tell: Tell
    open_algorithm: OpenAlgorithm
    open_template: Callable[[Path], None]
    look_again: Callable[[], None]


class Commands:
    """One method an action, named as the action.

    Args:
        parent: the widget that questions belong to.
        waiting: the waiting list.
        calls: what the dock does for it.
    """

    def __init__(self, parent: QWidget, waiting: WaitingList, calls: DockCalls) -> None:
        self._parent, self._waiting, self._calls = parent, waiting, calls
        self._stopping: set[Path] = set()

    def do(self, name: str, state: RunState | None) -> None:
        """Do what an action says; what goes wrong is told."""
        try:
            if state is None:
                getattr(self, name)()
            else:
                getattr(self, name)(state)
        except GeoDistilError as error:
            self.fail(error)
        self._calls.look_again()

    def fail(self, error: GeoDistilError) -> None:
        """Show an error."""
        level = Qgis.MessageLevel.Info if error.code == STOPPED else Qgis.MessageLevel.Warning
        self._calls.tell(str(error), level, error.explained())

    # work

    def start(self, state: RunState) -> None:
        """Let it train when its device is free."""
        self._waiting.add(state.folder)

    def start_now(self, state: RunState) -> None:
        """Let it train now."""
        self._waiting.remove(state.folder)
        self._stopping.discard(state.folder)
        waiting.start(state.folder)

    def start_next(self, states: list[RunState], deleted: Collection[Path]) -> None:
        """Start the waiting run whose turn it is, if it is one's; what is deleted waits no longer."""
        run = self._waiting.take(states, deleted)
        if run is not None:
            self._stopping.discard(run)
            files.remember(run)
            waiting.start(run)
            self._calls.look_again()

    def stop(self, state: RunState) -> None:
        """Ask it to end in order, or to wait no longer."""
        if state.status is Status.WAITING:
            self._waiting.remove(state.folder)
            return
        waiting.ask_to_stop(state)
        self._stopping.add(state.folder)

    def keep_asking(self, states: list[RunState]) -> None:
        """Ask again those that were asked while their engine was still loading: it takes an old `stop` away."""
        for state in states:
            if state.folder in self._stopping and state.status in (Status.RUNNING, Status.PREDICTING):
                waiting.ask_to_stop(state)
            elif not state.busy:
                self._stopping.discard(state.folder)

    def end_now(self, state: RunState) -> None:
        """End it without order, if the person is sure."""
        if self._sure(
            tr("End {state} at once?").format(state=state.name),
            tr("What came after its last checkpoint is lost."),
            tr("End it"),
        ):
            waiting.end_now(state)

    # what came of it

    def predict(self, state: RunState) -> None:
        """Open the prediction with this model."""
        self._calls.open_algorithm("geodistil:predict", {"MODEL": _model(state)})

    def review(self, state: RunState) -> None:
        """Open the search for what to label next, which knows the run's imagery and teachers."""
        self._calls.open_algorithm("geodistil:reviewpredictions", {"MODEL": _model(state)})

    def distil(self, state: RunState) -> None:
        """Open the training of another network by this model."""
        self._calls.open_algorithm("geodistil:distilmodel", {"PACKAGE": _model(state)})

    def template(self, state: RunState) -> None:
        """Open the wizard, filled in as it was for this run."""
        self._calls.open_template(state.folder)

    def results(self, state: RunState) -> None:
        """Add what was predicted when the training was done to the map."""
        title = tr("Loading the predictions of {state}").format(state=state.name)
        self._begin(title, partial(find_predictions, state.folder), self._add)

    def report(self, state: RunState) -> None:
        """Open the report."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(state.folder / REPORT_FILE)))

    def folder(self, state: RunState) -> None:
        """Open the folder."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(state.folder)))

    def teachers(self, state: RunState) -> None:
        """Open the training with this run's teachers and their networks filled in."""
        recipe: dict[str, Any] = {"teachers_from": str(state.folder)}
        first = state.settings.get("version", 2) == 1  # networks of design 1, large teachers
        usual, design = ({"size": "large"}, {"design": 1}) if first else ({"size": "medium"}, {})
        recipe.update({name: {**design, **(state.section("recipe").get(name) or usual)} for name in state.teachers})
        self._calls.open_algorithm("geodistil:trainpartialmultitask", {"OPTIONS": json.dumps({"recipe": recipe})})

    def both_tasks(self, state: RunState) -> None:
        """Open the training of both tasks, in which this run's model teaches its own."""
        recipe = {"teachers_from": {f"{state.only_task}_teacher": str(state.folder / MODEL_FOLDER)}}
        self._calls.open_algorithm("geodistil:trainpartialmultitask", {"OPTIONS": json.dumps({"recipe": recipe})})

    # files

    def export(self, state: RunState) -> None:
        """Ask where to and with what, then write the zip."""
        start = state.folder.with_name(f"{state.folder.name}.zip")
        text, _ = QFileDialog.getSaveFileName(
            self._parent, tr("Export {state}").format(state=state.name), str(start), tr("Zip (*.zip)")
        )
        if text:
            self.export_to(state, Path(text).with_suffix(".zip"), self._wants_imagery(state))

    def export_to(self, state: RunState, file: Path, imagery: bool) -> None:
        """Write the zip, in the background."""

        def work(progress: Callable[[float], bool]) -> Path:
            outside = outside_files(state.folder, state.settings) if imagery else {}
            return export_run(state.folder, file, outside, progress)

        self._begin(
            tr("Exporting {state}").format(state=state.name),
            work,
            lambda _: self._told(tr("{state} is in {file}.").format(state=state.name, file=file)),
        )

    def import_run(self) -> None:
        """Ask which zip and where to, then unpack it."""
        text, _ = QFileDialog.getOpenFileName(self._parent, tr("Import a run"), "", tr("Zip of a run (*.zip)"))
        folders = files.run_folders()
        start = str(folders[0]) if folders else str(Path(text).parent)
        parent = text and QFileDialog.getExistingDirectory(self._parent, tr("Where the run folder goes"), start)
        if parent:
            self.import_from(Path(text), Path(parent))

    def import_from(self, file: Path, parent: Path) -> None:
        """Unpack a zip, in the background."""

        def done(run: Path) -> None:
            files.remember(run)
            self._told(tr("The run is in {run}.").format(run=run))

        self._begin(
            tr("Importing {file}").format(file=file.name), lambda progress: import_run(file, parent, progress), done
        )

    def folders(self) -> None:
        """Ask which folders to search."""
        dialog = FoldersDialog(files.run_folders(), self._parent)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            files.set_run_folders(dialog.folders())

    def help(self) -> None:
        """Open the guide's page on runs."""
        QDesktopServices.openUrl(QUrl(help_url("runs")))

    def delete(self, state: RunState) -> None:
        """Delete it, if the person is sure."""
        details = tr(
            "Its settings, labels, checkpoints and model in {folder} are deleted. Other files there stay."
        ).format(folder=state.folder)
        if state.server is not None and state.server.folder:
            details += " " + tr("What is on {server}, in {folder}, stays there.").format(
                server=state.server.name, folder=state.server.folder
            )
        if not self._sure(tr("Delete {state}?").format(state=state.name), details, tr("Delete")):
            return

        def done(gone: bool) -> None:
            files.forget(state.folder)
            rest = "" if gone else tr(" {folder} still holds other files.").format(folder=state.folder)
            self._told(tr("{state} is deleted.{rest}").format(state=state.name, rest=rest))

        title = tr("Deleting {state}").format(state=state.name)
        self._begin(title, lambda _progress: delete_run(state.folder), done, can_cancel=False)

    def _begin(
        self, title: str, work: Callable[..., Any], done: Callable[[Any], None], can_cancel: bool = True
    ) -> None:
        def watched(cancelled: Callable[[], bool]) -> Any:
            def go_on(fraction: float) -> bool:
                task.setProgress(100 * fraction)
                return not cancelled()

            return work(go_on)

        task = Background(title, watched, done, self.fail, can_cancel)
        start(task)

    def _add(self, results: list[Result]) -> None:
        """Add results to the map, one a turn of the event loop, so that hundreds do not hold QGIS up."""
        if results:
            add_prediction(results[0], QgsProject.instance())
            QTimer.singleShot(0, partial(self._add, results[1:]))

    def _told(self, sentence: str) -> None:
        self._calls.tell(sentence, Qgis.MessageLevel.Success)
        self._calls.look_again()

    def _wants_imagery(self, state: RunState) -> bool:
        box = self._box(
            tr("Take the imagery of {state} along?").format(state=state.name),
            tr("Another machine needs it, unless it finds the same files at the same paths."),
        )
        box.setStandardButtons(QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No)
        return box.exec() == QMessageBox.StandardButton.Yes

    def _sure(self, question: str, details: str, verb: str) -> bool:
        box = self._box(question, details)
        button = box.addButton(verb, QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.exec()
        return box.clickedButton() is button

    def _box(self, question: str, details: str) -> QMessageBox:
        box = QMessageBox(self._parent)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("GeoDistil")
        box.setTextFormat(Qt.TextFormat.PlainText)  # names of runs and files may be anything
        box.setText(question)
        box.setInformativeText(details)
        return box


def _model(state: RunState) -> str:
    """A run's model, as algorithms take it."""
    return str(state.folder / MODEL_FOLDER / ITEM_FILE)

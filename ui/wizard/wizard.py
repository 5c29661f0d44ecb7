"""The training wizard's window."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

from qgis.core import Qgis, QgsProject
from qgis.gui import QgsMapCanvas
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt, QUrl, pyqtSignal
from qgis.PyQt.QtGui import QDesktopServices, QIcon
from qgis.PyQt.QtWidgets import QWidget, QWizard

from ...jobs.background import Background, start
from ...jobs.environment import ROOT
from ...jobs.errors import GeoDistilError, as_error
from ...jobs.given import given
from ...jobs.help import help_url
from ...jobs.runs import waiting
from ...jobs.runs.files import remember
from ...jobs.runs.waiting import WaitingList, list_folder
from ...jobs.sources.draft import Draft
from ...jobs.sources.place import remember_runs_folder
from ...jobs.sources.preparation import placing
from ...jobs.sources.run_file import draft_from_run
from ...jobs.translation import tr
from ..messages import tell
from .check_page import CheckPage
from .classes_page import ClassesPage
from .recipe_page import RecipePage
from .run_page import RunPage
from .session import Measurement, Session
from .sources_page import SourcesPage

NAME = "GeoDistilTraining"
"""The window's object name, by which `plugin.unload` finds it."""


class TrainingWizard(QWizard):
    """Five pages from layers to a training that has started.

    Args:
        project: where the layers are.
        canvas: for choosing extents on the map; none leaves that out.
        draft: what to begin with.
        parent: QGIS's window.
    """

    started = pyqtSignal(Path)
    """The run folder of a training that has started, or waits for its turn."""
    written = pyqtSignal(Path)
    """The run folder of a training that is there, but was cancelled before its start."""

    def __init__(
        self,
        project: QgsProject,
        canvas: QgsMapCanvas | None = None,
        draft: Draft | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.session = Session(project, draft)
        self._placing: Background | None = None
        self._closing = False
        self.setObjectName(NAME)
        self.setWindowTitle(tr("Train a model"))
        self.setWindowIcon(QIcon(str(ROOT / "resources" / "icons" / "train.svg")))
        self.setWizardStyle(QWizard.WizardStyle.ModernStyle)
        self.setOption(QWizard.WizardOption.HaveHelpButton)
        self.setOption(QWizard.WizardOption.NoBackButtonOnStartPage)
        self.setButtonText(QWizard.WizardButton.FinishButton, tr("&Start training"))
        self.sources = SourcesPage(self.session, canvas)
        self.classes = ClassesPage(self.session)
        self.recipe = RecipePage(self.session)
        self.measurement = Measurement(self.session)
        self.check = CheckPage(self.session, self.measurement)
        self.run = RunPage(self.session, self.measurement)
        for page in (self.sources, self.classes, self.recipe, self.check, self.run):
            self.addPage(page)
        self.sources.template_asked.connect(self.use_template)
        self.helpRequested.connect(lambda: QDesktopServices.openUrl(QUrl(help_url("wizard"))))
        self.resize(980, 680)

    def use_template(self, folder: Path) -> None:
        """Begin again from an earlier run; its layers are added to the project where they are not there."""
        try:
            self.session.draft = draft_from_run(folder, self.session.project)
        except GeoDistilError as error:
            self.sources.problem.say(str(error))
            return
        self.restart()

    def accept(self) -> None:
        """Put the run into its place, then start it; the window closes when the engine runs."""
        if self._placing is not None:
            return
        self.measurement.cancel()
        title = tr("Write the run folder")
        try:
            prepared = given(self.session.prepared)
            work = placing(self.session.draft, prepared, self.session.project)
        except Exception as error:  # a slot that raises would leave the window half done
            self.run.fail(str(as_error(error, title)))
            return
        self.session.hand_over()
        self.run.begin()
        self._placing = Background(title, work, self._launch, lambda error: self._not_placed(prepared, error))
        start(self._placing)

    def reject(self) -> None:
        """Close; a run that is on its way to its place is given up first, in order, and the window waits for that."""
        if self._placing is None:
            super().reject()
        elif not self._closing:
            self._closing = True
            self.run.begin(tr("Cancelling…"))
            self._placing.cancel()

    def done(self, result: int) -> None:
        """End what the pages are doing; called by QWizard however it is closed."""
        self.check.cancel()
        self.measurement.cancel()
        self.run.cancel()
        self.session.close()
        super().done(result)

    def _launch(self, folder: Path) -> None:
        self._placing = None
        remember(folder)
        remember_runs_folder(folder.parent)
        if sip.isdeleted(self):  # QGIS has gone, or the plugin
            return
        if self._closing:  # too late: all of it was there already
            self.written.emit(folder)
            super().reject()
            return
        try:
            if self.session.draft.wait:
                WaitingList(list_folder()).add(folder)
            else:
                waiting.start(folder)
        except GeoDistilError as error:
            self.run.fail(
                tr("{error} The run is written to {folder}; start it from the runs dock.").format(
                    error=error, folder=folder
                )
            )
            return
        self.started.emit(folder)
        super().accept()

    def _not_placed(self, prepared: Path, error: GeoDistilError) -> None:
        self._placing = None
        self.session.take_back(prepared)
        if sip.isdeleted(self):
            self.session.close()
        elif self._closing:
            super().reject()
        else:
            self.run.fail(str(error))

    def outcome(self, folder: Path) -> str:
        """What became of the run, for the message bar."""
        if self.session.draft.wait:
            return tr("The training {} starts as soon as its device is free.").format(folder.name)
        if self.session.draft.server:
            return tr("The training {} is copied to its server, and starts there.").format(folder.name)
        return tr("The training {} has started; it goes on without QGIS.").format(folder.name)


def open_wizard(
    iface: Any, template: Path | None = None, show_runs: Callable[[], None] | None = None
) -> TrainingWizard:
    """Show the wizard over QGIS's window, without blocking it.

    Args:
        iface: QGIS's interface.
        template: a run folder to begin from.
        show_runs: shows the runs dock, once a training has started or waits.
    """
    wizard = TrainingWizard(QgsProject.instance(), iface.mapCanvas(), parent=iface.mainWindow())
    wizard.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    wizard.started.connect(lambda folder: tell(iface, wizard.outcome(folder), Qgis.MessageLevel.Success))
    sentence = tr("The run folder {folder} was written before it could be cancelled; it is listed as not started.")
    wizard.written.connect(lambda folder: tell(iface, sentence.format(folder=folder)))
    if show_runs is not None:
        wizard.started.connect(lambda _folder: show_runs())
    wizard.show()
    if template is not None:
        wizard.use_template(template)
    return wizard

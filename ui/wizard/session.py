"""What the wizard's pages share: the draft, its layers, its prepared folder, and what a training costs here."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from qgis.core import QgsProject
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...jobs.checking import EngineCheck
from ...jobs.errors import GeoDistilError, as_error
from ...jobs.folders import open_folder, remove_later
from ...jobs.given import given
from ...jobs.run_folder import write_run
from ...jobs.sources.draft import LABELLED_ROLES, Draft, Found, found_values, updated
from ...jobs.sources.place import runs_folder
from ...jobs.sources.problems import Inspector
from ...jobs.sources.run_file import Files, run_values
from ...jobs.sources.suggestion import estimate_text
from ...jobs.translation import tr

NOT_CHECKED = ("name", "parent", "predict", "server", "wait")
"""What may change without another check; the budget and the device may too."""


class Session:
    """One use of the wizard.

    Args:
        project: where the layers are.
        draft: what is shown first.
    """

    def __init__(self, project: QgsProject, draft: Draft | None = None) -> None:
        self.project = project
        self.draft = draft or Draft(parent=str(runs_folder()))
        self.inspector = Inspector(project)
        self.prepared: Path | None = None
        self.report: dict[str, Any] | None = None
        self._checked: dict[str, Any] | None = None

    def found(self, role: str) -> dict[str, Found]:
        """The label values of a role, as far as they are counted."""
        counted = [(source, self.inspector.counts(source)) for source in self.draft.of_role(role)]
        return found_values([(source, counts) for source, counts in counted if counts is not None], self.project)

    def update_classes(self) -> None:
        """Bring both class lists up to date with the labels."""
        classes = self.draft.classes
        for role, other in (LABELLED_ROLES, LABELLED_ROLES[::-1]):
            classes[role] = updated(classes[role], self.found(role), classes[other])

    def new_folder(self) -> Path:
        """An empty folder to prepare the run in; the one before is removed."""
        self._drop()
        self.prepared = open_folder("run")  # it becomes the run folder
        return self.prepared

    def passed(self, report: dict[str, Any]) -> None:
        """Note that the draft as it is now is all right."""
        self.report, self._checked = report, self._state()

    def is_checked(self) -> bool:
        """Whether nothing that matters has changed since the last check that passed."""
        return self.prepared is not None and self._checked == self._state()

    def hand_over(self) -> Path:
        """The prepared folder, which is another's from now on: it is not removed while it goes to its place."""
        folder, self.prepared = given(self.prepared), None
        return folder

    def take_back(self, folder: Path) -> None:
        """Take over again what was handed over and did not get to its place."""
        if self.prepared is None:
            self.prepared = folder
        else:
            remove_later(folder)

    def close(self) -> None:
        """End what runs and remove what is left."""
        self.inspector.close()
        self._drop()

    def _drop(self) -> None:
        if self.prepared is not None:
            remove_later(self.prepared)
        self.prepared = self._checked = self.report = None

    def _state(self) -> dict[str, Any]:
        usual = Draft().training
        training = replace(self.draft.training, budget=usual.budget, budget_kind=usual.budget_kind, device=usual.device)
        values = asdict(replace(self.draft, training=training))
        return {key: value for key, value in values.items() if key not in NOT_CHECKED}


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

"""Learning while labelling: rounds are started, followed and told of, and going back is a click."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import Qgis, QgsProject
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...jobs.current_model import CURRENT_MODEL, current_model, set_current_model
from ...jobs.errors import GeoDistilError
from ...jobs.labelling.learning import Learning
from ...jobs.labelling.rounds import Round, read_rounds
from ...jobs.labelling.session import LabelSession
from ...jobs.translation import tr
from ..messages import tell
from ..model_widget import ModelWidget
from .learn_box import LearnBox, told


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

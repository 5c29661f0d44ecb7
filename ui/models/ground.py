"""Scores of two models on the same ground: which ground, the button that asks for them, and how far they are."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from qgis.core import QgsMapLayerProxyModel, QgsProject, QgsVectorLayer
from qgis.gui import QgsFieldComboBox, QgsMapLayerComboBox
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, pyqtSignal
from qgis.PyQt.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from ...jobs.errors import STOPPED, GeoDistilError
from ...jobs.models.ground import Ground, Truth, common_tasks, suggested_ground
from ...jobs.models.scoring import Scored, Scoring
from ...jobs.models.shelf import Model
from ...jobs.sources.facts import likely_class_field
from ...jobs.translation import tr
from ..widgets import Hint, Problem, ProgressRow, button, stacked

Button = QDialogButtonBox.StandardButton
Filter = QgsMapLayerProxyModel.Filter
TRUTHS = {
    "segmentation": (tr("&Areas (truth)"), Filter.PolygonLayer | Filter.RasterLayer),
    "detection": (tr("&Boxes (truth)"), Filter.PolygonLayer),
}
"""Of a task: what its labels are called, and what they can be."""


class GroundDialog(QDialog):
    """See the module.

    Args:
        models: two sound ones.
        project: where the layers are.
        active: the layer that is active in QGIS.
        parent: the models window.
    """

    ready = pyqtSignal(object)
    """With a `Scoring` that has not begun."""

    def __init__(
        self, models: tuple[Model, Model], project: QgsProject, active: Any = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Score both on the same ground"))
        self._models, self._project = models, project
        self._make_fields()
        self._lay_out()
        self._show_ground(suggested_ground(project, active, models))

    def ground(self) -> Ground:
        """What is chosen."""
        chosen = {task: widget.currentLayer() for task, widget in self.truths.items()}
        truths = {
            task: Truth(layer, self.fields[task].currentField() if isinstance(layer, QgsVectorLayer) else "")
            for task, layer in chosen.items()
            if layer is not None
        }
        return Ground(self.raster.currentLayer(), truths, self.area.currentLayer(), self.untrained.isChecked())

    def accept(self) -> None:
        """Hand the ground over, unless nothing can be compared there."""
        try:
            scoring = Scoring(self.ground(), self._models, self._project)
        except GeoDistilError as error:
            self.problem.say(str(error))
            return
        super().accept()
        self.ready.emit(scoring)

    def _make_fields(self) -> None:
        self.raster, self.area = QgsMapLayerComboBox(), QgsMapLayerComboBox()
        self.raster.setFilters(Filter.RasterLayer)
        self.area.setFilters(Filter.PolygonLayer)
        self.area.setAllowEmptyLayer(True)
        self.truths, self.fields = {}, {}
        for task in common_tasks(self._models):
            self.truths[task] = labels = QgsMapLayerComboBox()
            labels.setFilters(TRUTHS[task][1])
            labels.setAllowEmptyLayer(True)
            self.fields[task] = field = QgsFieldComboBox()
            field.setAllowEmptyFieldName(True)
            field.setAccessibleName(tr("Class field"))
            labels.layerChanged.connect(lambda layer, field=field: _follow(field, layer))
        self.untrained = QCheckBox(tr("&Leave out ground that either was trained on"))
        self.untrained.setToolTip(tr("As far as the packages say it; what is left judges both fairly"))
        self.untrained.setChecked(any(isinstance(each.card.get("geometry"), dict) for each in self._models))
        self.problem = Problem()
        self.buttons = QDialogButtonBox(Button.Ok | Button.Cancel)
        self.buttons.button(Button.Ok).setText(tr("Score both"))
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows = [(tr("&Imagery"), self.raster, self.raster)]
        for task, labels in self.truths.items():
            rows.append((TRUTHS[task][0], stacked(labels, self.fields[task]), labels))
        complete = Hint(tr("Labels are complete inside it, and nothing counts outside. Empty: all of the imagery."))
        rows.append((tr("Labelle&d area"), stacked(self.area, complete), self.area))
        for text, cell, widget in rows:
            form.addRow(text, cell)
            form.labelForField(cell).setBuddy(widget)
            widget.setAccessibleName(text.replace("&", ""))
        form.addRow("", self.untrained)
        lines = QVBoxLayout(self)
        names = [each.name for each in self._models]
        words = tr("{first} and {second} predict this imagery, and are scored by these labels.")
        lines.addWidget(Hint(words.format(first=names[0], second=names[1])))
        lines.addLayout(form)
        lines.addWidget(self.problem)
        lines.addStretch(1)
        lines.addWidget(self.buttons)
        self.resize(520 * self.logicalDpiX() // 96, self.sizeHint().height())

    def _show_ground(self, ground: Ground) -> None:
        if ground.raster is not None:
            self.raster.setLayer(ground.raster)
        self.area.setLayer(ground.area)
        for task, labels in self.truths.items():
            truth = ground.truths.get(task)
            labels.setLayer(truth.layer if truth is not None else None)
            _follow(self.fields[task], labels.currentLayer())
            if truth is not None:
                self.fields[task].setField(truth.field)


def _follow(field: QgsFieldComboBox, layer: Any) -> None:
    """Offer a layer's fields; a class raster, or none, has none."""
    vector = layer if isinstance(layer, QgsVectorLayer) else None
    field.setLayer(vector)
    field.setVisible(vector is not None)
    field.setField(likely_class_field(vector))


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

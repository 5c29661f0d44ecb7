"""An ONNX file of another program: the engine looks at it, the form asks for what it does not say of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, NamedTuple

from qgis.gui import QgsColorButton
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..jobs.background import Background, start
from ..jobs.classes import PALETTE
from ..jobs.errors import GeoDistilError
from ..jobs.foreign import adopt, describe, inspect
from ..jobs.progress import headed, spoken
from ..jobs.translation import tr
from .widgets import Hint, Problem, keep_width, table

COLOR, NAME = range(2)
ROWS = 4
"""That can be seen without scrolling."""

HINTS = {
    "Segmentor": tr("In the order of the output's channels. Call the first one background where it is no class."),
    "Detector": tr("In the order that the model counts them. Without any they are called class 0, class 1 and so on."),
    "Regressor": tr("What the output's bands hold, in their order."),
}


class OnnxClasses(QGroupBox):
    """A list to rename, colour, lengthen and shorten."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Classes"), parent)
        self.table = table(["", tr("Name")], tr("Classes"), stretched=NAME)
        keep_width(self.table, COLOR, 3)
        self.table.setMinimumHeight((ROWS + 1) * self.table.verticalHeader().defaultSectionSize())
        self.hint = Hint()
        self.add_button, self.remove_button = QPushButton(tr("&Add")), QPushButton(tr("&Remove"))
        self.add_button.clicked.connect(lambda: self._add(tr("class {number}").format(number=len(self.names()) + 1)))
        self.remove_button.clicked.connect(self._remove)
        buttons = QHBoxLayout()
        buttons.addWidget(self.add_button)
        buttons.addWidget(self.remove_button)
        buttons.addStretch()
        lines = QVBoxLayout(self)
        lines.addWidget(self.hint)
        lines.addWidget(self.table, 1)
        lines.addLayout(buttons)

    def show_classes(self, names: list[str], colors: list[str]) -> None:
        """Show these; where colours run out, those of the palette follow."""
        self.table.setRowCount(0)
        for index, name in enumerate(names):
            self._add(name, colors[index] if index < len(colors) else "")

    def set_task(self, task: str) -> None:
        """Say what the list means for `Segmentor`, `Detector` or `Regressor`; values have no colours of their own."""
        self.hint.say(HINTS[task])
        self.setTitle(tr("Values") if task == "Regressor" else tr("Classes"))
        self.table.setColumnHidden(COLOR, task == "Regressor")

    def names(self) -> list[str]:
        """The names, in order."""
        return [self.table.item(row, NAME).text().strip() for row in range(self.table.rowCount())]

    def colors(self) -> list[str]:
        """Their colours, #rrggbb."""
        return [self.table.cellWidget(row, COLOR).color().name() for row in range(self.table.rowCount())]

    def _add(self, name: str, color: str = "") -> None:
        row = self.table.rowCount()
        self.table.insertRow(row)
        button = QgsColorButton()
        button.setShowMenu(False)
        button.setMinimumWidth(0)
        button.setColor(QColor(color or PALETTE[row % len(PALETTE)]))
        button.setAccessibleName(tr("Colour of {}").format(name))
        self.table.setCellWidget(row, COLOR, button)
        QWidget.setTabOrder(self.table.cellWidget(row - 1, COLOR) if row else self.table, button)
        self.table.setItem(row, NAME, QTableWidgetItem(name))

    def _remove(self) -> None:
        rows = sorted({index.row() for index in self.table.selectedIndexes()}, reverse=True)
        for row in rows or [self.table.rowCount() - 1]:
            self.table.removeRow(row)


TASKS = {"Segmentor": "segmentation", "Detector": "detection", "Regressor": "regression"}
"""`model_type` -> our word for it."""

LAYOUTS = (
    "YOLO_Ultralytics",
    "YOLO_Ultralytics_segmentation",
    "YOLO_Ultralytics_obb",
    "YOLO_v5_or_v7_default",
    "YOLO_v6",
    "YOLO_v9",
    "YOLO_v10",
    "YOLO_v10_obb",
)
"""Of a detector's output, as `det_type` names them."""

TYPES = {"uint8": tr("8 bit (0 to 255)"), "uint16": tr("16 bit"), "float32": tr("Decimal numbers")}
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
SCALINGS = (
    (tr("Divided by 255: 0 to 1"), [0.0], [1.0]),
    (tr("Divided by 127.5, less 1: -1 to 1"), [0.5], [0.5]),
    (tr("Standardised as for ImageNet"), *IMAGENET),
    (tr("As they are in the raster"), [0.0], [1 / 255]),
    (tr("Divided by 10,000: reflectance"), [0.0], [10_000 / 255]),
    (tr("Divided by 65,535: 0 to 1"), [0.0], [65_535 / 255]),
)
"""What was done to values in training: words, mean and deviation of value / 255."""

OTHER = tr("By other numbers")
WIDTH = 520


class OnnxForm(QDialog):
    """Asks, writes the description, and has the engine try the model; it closes when that went well.

    Args:
        model: the ONNX file.
        found: the engine's answer to `inspect`.
        problem: what the engine said of the model when it tried it; empty where it has not.
    """

    def __init__(self, model: Path, found: dict[str, Any], problem: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._task: Background | None = None
        self._model, self._known = model, found["known"]
        self._shape, self._outputs = found["input"]["shape"], list(found["outputs"].values())
        self._likely = {each["key"]: each["likely"] for each in found["missing"]}
        self.setWindowTitle(tr("Describe {name}").format(name=model.name))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(WIDTH)
        self._make_fields()
        self.classes = OnnxClasses()
        self.problem = Problem()
        self.problem.say(problem)
        self.status = Hint()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self._save)
        self.buttons.rejected.connect(self.reject)
        self._lay_out()
        self._fill()
        self.task.currentIndexChanged.connect(self._adapt)
        self.scaling.currentIndexChanged.connect(self._adapt)
        self._adapt()

    def values(self) -> dict[str, Any]:
        """What the form says, under the keys that ONNX metadata have.

        Raises:
            GeoDistilError: a field is empty or cannot be read.
        """
        task, mean, deviation = self.task.currentData(), *self._scaling()
        values = {key: value for key, value in self._known.items() if key not in ("det_type", "class_names")}
        values |= {"model_type": task, "resolution": self._resolution(), "bands": self._bands()}
        values |= {"dtype": self.dtype.currentData(), "standardization_mean": mean, "standardization_std": deviation}
        if task == "Detector":
            values["det_type"] = self.layout_of_output.currentText()
        if self._asks_tile():
            values["tile_size"] = self.tile.value()
        names, colors = self.classes.names(), self.classes.colors()
        return {**values, "class_names": names, "class_colors": colors} if names else values

    def _make_fields(self) -> None:
        self.task, self.layout_of_output, self.dtype, self.scaling = (QComboBox() for _ in range(4))
        for kind, task in TASKS.items():
            self.task.addItem(headed(spoken(task)), kind)
        for dtype, text in TYPES.items():
            self.dtype.addItem(text, dtype)
        for text, mean, deviation in SCALINGS:
            if len(mean) in (1, self._shape[1]):
                self.scaling.addItem(text, (mean, deviation))
        self.scaling.addItem(OTHER)
        self.layout_of_output.addItems(LAYOUTS)
        self.resolution, self.tile = QDoubleSpinBox(), QSpinBox()
        self.resolution.setRange(0, 1_000_000)
        self.resolution.setSuffix(tr(" cm per pixel"))
        self.resolution.setSpecialValueText(tr("not said yet"))
        self.tile.setRange(32, 8192)
        self.tile.setSingleStep(32)
        self.tile.setSuffix(tr(" pixels"))
        self.bands, self.mean, self.deviation = QLineEdit(), QLineEdit(), QLineEdit()

    def _lay_out(self) -> None:
        self.fields = QFormLayout()
        self.fields.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for text, field in (
            (tr("&Task"), self.task),
            (tr("Output's &layout"), self.layout_of_output),
            (tr("&Ground sampling distance"), self.resolution),
            (tr("&Window"), self.tile),
            (tr("&Bands of the raster"), self.bands),
            (tr("Type of its &values"), self.dtype),
            (tr("&Scaling of its values"), self.scaling),
            (tr("&Mean of value / 255"), self.mean),
            (tr("&Deviation of value / 255"), self.deviation),
        ):
            self.fields.addRow(text, field)
        size = "" if self._asks_tile() else tr(", {side} pixels high and wide").format(side=self._shape[2])
        intro = tr("This model was made by another program. It takes images of {bands} bands{size}.").format(
            bands=self._shape[1], size=size
        )
        lines = QVBoxLayout(self)
        lines.addWidget(Hint(intro))
        lines.addLayout(self.fields)
        lines.addWidget(self.classes, 1)
        lines.addWidget(self.problem)
        lines.addWidget(self.status)
        lines.addWidget(self.buttons)

    def _fill(self) -> None:
        known = self._known
        _choose(self.task, known.get("model_type") or next(iter(self._likely.get("model_type", [])), "Segmentor"))
        layout = known.get("det_type") or next(iter(self._likely.get("det_type", [])), LAYOUTS[0])
        self.layout_of_output.setCurrentText(layout)
        self.resolution.setValue(known.get("resolution") or 0)
        self.tile.setValue(known.get("tile_size") or 512)
        bands = known.get("bands") or range(1, self._shape[1] + 1)
        self.bands.setText(", ".join(map(str, bands)))
        _choose(self.dtype, known.get("dtype") or "uint8")
        mean, deviation = (known.get(f"standardization_{name}") for name in ("mean", "std"))
        self._fill_scaling(mean or [0.0], deviation or [1.0])
        self.classes.show_classes(known.get("class_names") or self._usual_names(), known.get("class_colors") or [])

    def _fill_scaling(self, mean: list[float], deviation: list[float]) -> None:
        wanted = (_short(mean), _short(deviation))
        rows = [index for index in range(self.scaling.count() - 1) if self.scaling.itemData(index) == wanted]
        self.scaling.setCurrentIndex(rows[0] if rows else self.scaling.count() - 1)
        for field, numbers in ((self.mean, mean), (self.deviation, deviation)):
            field.setText(", ".join(f"{number:.6g}" for number in numbers))

    def _usual_names(self) -> list[str]:
        """A row for each channel of a map; a detector's classes are counted by the engine where nobody names them."""
        shape = self._outputs[0]
        if self.task.currentData() == "Detector" or len(shape) != 4 or not isinstance(shape[1], int):
            return []
        return [tr("class {number}").format(number=number) for number in range(1, shape[1] + 1)]

    def _adapt(self) -> None:
        """Show the fields that what was chosen needs."""
        _show(self.fields, self.layout_of_output, self.task.currentData() == "Detector")
        _show(self.fields, self.tile, self._asks_tile())
        for field in (self.mean, self.deviation):
            _show(self.fields, field, self.scaling.currentData() is None)
        self.classes.set_task(self.task.currentData())

    def _asks_tile(self) -> bool:
        return not isinstance(self._shape[2], int)

    def _resolution(self) -> float:
        if not self.resolution.value():
            raise GeoDistilError("package", tr("Say the ground sampling distance that the model was made for."))
        return self.resolution.value()

    def _bands(self) -> list[int]:
        bands = _numbers(self.bands, tr("Bands of the raster"), int)
        if len(bands) != self._shape[1] or min(bands) < 1:
            raise GeoDistilError(
                "package",
                tr("The model takes {count} bands; list as many, counted from 1.").format(count=self._shape[1]),
            )
        return bands

    def _scaling(self) -> tuple[list[float], list[float]]:
        if self.scaling.currentData() is not None:
            return self.scaling.currentData()
        mean, deviation = _numbers(self.mean, tr("Mean"), float), _numbers(self.deviation, tr("Deviation"), float)
        if {len(mean), len(deviation)} - {1, self._shape[1]} or min(deviation) <= 0:
            raise GeoDistilError(
                "package", tr("Mean and deviation are one number, or one for each band; deviations are above 0.")
            )
        return mean, deviation

    def _save(self) -> None:
        """Write the description and have the engine try the model, on another thread."""
        try:
            describe(self._model, self.values())
        except GeoDistilError as error:
            self._failed(error)
            return
        self.problem.say("")
        self.status.say(tr("The engine tries the model…"))
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(False)
        title = tr("Try {name}").format(name=self._model.name)

        def if_still_asked(what: Callable[..., None], *found: object) -> None:
            if self._task is task:
                what(*found)

        self._task = task = Background(
            title,
            lambda _: adopt(self._model),
            lambda _: if_still_asked(self.accept),
            lambda error: if_still_asked(self._failed, error),
            can_cancel=False,
        )
        start(task)

    def reject(self) -> None:
        """Close; what the engine says then is not heard."""
        self._task = None
        super().reject()

    def _failed(self, error: GeoDistilError) -> None:
        self.status.say("")
        self.problem.say(str(error))
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(True)


def _short(numbers: list[float]) -> list[float]:
    """One number where all bands have the same, to compare with what can be chosen."""
    return numbers[:1] if len(set(numbers)) == 1 else numbers


def _choose(combo: QComboBox, value: str) -> None:
    combo.setCurrentIndex(max(combo.findData(value), 0))


def _show(form: QFormLayout, field: QWidget, visible: bool) -> None:
    """Show or hide a field with its label; `QFormLayout.setRowVisible` came with Qt 6.4."""
    field.setVisible(visible)
    form.labelForField(field).setVisible(visible)


def _numbers(field: QLineEdit, name: str, kind: type) -> list[Any]:
    """The numbers of a list with commas.

    Raises:
        GeoDistilError: something in it is no number.
    """
    try:
        return [kind(part) for part in field.text().replace(";", ",").split(",")]
    except ValueError as error:
        raise GeoDistilError(
            "package", tr("{name}: write numbers with commas between them.").format(name=name)
        ) from error


class Then(NamedTuple):
    """What follows an enquiry.

    Attributes:
        done: called when the model can predict.
        failed: called with the engine's sentence where the file is of no use, whatever is said about it.
        asked: called when the form opens.
    """

    done: Callable[[], None]
    failed: Callable[[GeoDistilError], None]
    asked: Callable[[], None] = lambda: None


def enquire(model: Path, parent: QWidget, then: Then, always: bool = False) -> Background:
    """See that a model can predict; QGIS goes on meanwhile.

    Args:
        model: the ONNX file.
        parent: of the form.
        then: what follows.
        always: show the form also where nothing is missing, so that something can be changed.
    """

    def show(answer: tuple[dict[str, Any], str]) -> None:
        found, problem = answer
        if found["ready"] and not problem and not always:
            then.done()
            return
        then.asked()
        if sip.isdeleted(parent):
            return
        form = OnnxForm(model, found, problem, parent)
        form.accepted.connect(then.done)
        form.open()

    title = tr("Look at {name}").format(name=model.name)
    return start(Background(title, lambda _: _looked(model, always), show, then.failed, can_cancel=False))


def _looked(model: Path, always: bool) -> tuple[dict[str, Any], str]:
    """What is known, and what the engine says when it tries a model that says enough."""
    found = inspect(model)
    if found["ready"] and not always:
        try:
            adopt(model)
        except GeoDistilError as error:
            return found, str(error)
    return found, ""

"""The choice of a model: the registered ones, any other on the disk, or one that is dropped onto QGIS."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Callable

from qgis.core import Qgis
from qgis.gui import QgsCustomDropHandler
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QFileDialog, QGridLayout, QSizePolicy, QToolButton, QWidget

from ..jobs.background import Background, start
from ..jobs.errors import GeoDistilError
from ..jobs.package_registry import known, looks_like_package, register, registered
from ..jobs.packages import ONNX, is_foreign
from ..jobs.translation import tr
from .messages import Button, offer, tell
from .widgets import Hint, Problem


class ModelWidget(QWidget):
    """A list to choose from or to type a path into, and a button to look for a file.

    An ONNX file of another program is looked at at once, and what it does not say of itself is asked.

    Args:
        file_filter: of the file dialog.
    """

    changed = pyqtSignal()

    def __init__(self, file_filter: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filter = file_filter
        self._choice = QComboBox()
        self._choice.setEditable(True)
        self._choice.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._choice.setAccessibleName(tr("Model"))
        self._choice.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._offer(known())
        self._choice.setCurrentIndex(-1)
        self._choice.lineEdit().setPlaceholderText(tr("A model, or its path"))
        self._choice.editTextChanged.connect(lambda _text: self.changed.emit())
        self._choice.currentIndexChanged.connect(lambda _place: self._show_start())
        button = QToolButton()
        button.setText("…")
        button.setToolTip(tr("Look for a model"))
        button.setAccessibleName(tr("Look for a model"))
        button.clicked.connect(self._look)
        self._describe = QToolButton()
        self._describe.setText(tr("Describe…"))
        self._describe.setToolTip(tr("Say what an ONNX file of another program does not say of itself"))
        self._describe.clicked.connect(lambda: self._enquire(always=True))
        self._status, self._problem = Hint(), Problem()
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setColumnStretch(0, 1)
        for column, widget in enumerate((self._choice, self._describe, button)):
            layout.addWidget(widget, 0, column)
        layout.addWidget(self._status, 1, 0, 1, 3)
        layout.addWidget(self._problem, 2, 0, 1, 3)
        self.changed.connect(self._adapt)
        self._adapt()
        # Their disks may be far away, or dead.
        title = tr("Look for the registered models")
        start(Background(title, lambda _: registered(), self._offer_anew, lambda _: None, can_cancel=False))

    def path(self) -> str:
        """The chosen package's path, or what was typed."""
        text = self._choice.currentText().strip()
        index = self._choice.findText(text)
        return self._choice.itemData(index) if index >= 0 else text

    def set_path(self, path: str) -> None:
        """Choose a package, registered or not."""
        index = self._choice.findData(path)
        self._choice.setCurrentIndex(index)
        if index < 0:
            self._choice.setEditText(path)
        self._show_start()

    def _show_start(self) -> None:
        """The name of what was chosen, where the path behind it is too long to be seen."""
        self._choice.lineEdit().setCursorPosition(0)

    def status(self) -> str:
        """What is said of the chosen file."""
        return self._status.text() or self._problem.text()

    def _offer(self, models: list[tuple[str, Path]]) -> None:
        self._choice.clear()
        for name, path in models:
            self._choice.addItem(f"{name} ({path})", str(path))
            self._choice.setItemData(self._choice.count() - 1, str(path), Qt.ItemDataRole.ToolTipRole)

    def _offer_anew(self, models: list[tuple[str, Path]]) -> None:
        """Offer what is still there, under the names that it has now; what is chosen or typed stays."""
        if sip.isdeleted(self) or models == known():
            return
        path = self.path()
        blocked = self._choice.blockSignals(True)
        self._offer(models)
        self.set_path(path)
        self._choice.blockSignals(blocked)

    def _look(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, tr("Look for a model"), self.path(), self._filter)
        if path:
            self.set_path(path)
            self._enquire()

    def _adapt(self) -> None:
        """What is said of one file is not true of the next."""
        self._describe.setVisible(self.path().lower().endswith(ONNX))
        self._status.say("")
        self._problem.say("")

    def _enquire(self, always: bool = False) -> None:
        """Have the engine look at an ONNX file; packages need no such look."""
        from .onnx_form import Then, enquire

        path = self.path()
        if not is_foreign(Path(path)):
            return
        self._problem.say("")
        self._status.say(tr("The engine looks at the model…"))

        def told(text: str, problem: str = "") -> None:
            if not sip.isdeleted(self) and self.path() == path:  # else another was chosen meanwhile
                self._status.say(text)
                self._problem.say(problem)

        then = Then(
            done=lambda: told(tr("The model is ready to predict.")),
            failed=lambda error: told("", str(error)),
            asked=lambda: told(""),
        )
        enquire(Path(path), self, then, always)


SECONDS = 12

OpenAlgorithm = Callable[[str, "dict[str, Any]"], None]


class PackageDrops(QgsCustomDropHandler):
    """Takes model packages and ONNX files, and leaves everything else to QGIS. Method names are QGIS's.

    Args:
        iface: QGIS's interface, for its message bar.
        open_algorithm: opens an algorithm's dialog with parameters filled in.
    """

    def __init__(self, iface: Any, open_algorithm: OpenAlgorithm) -> None:
        super().__init__()
        self._iface, self._open_algorithm = iface, open_algorithm

    def handleFileDrop(self, file: str) -> bool:
        """Register a package, sound or not; false for what is none."""
        if not looks_like_package(file):
            return False
        if is_foreign(Path(file)):
            self._enquire(Path(file))
        else:
            self._register(file)
        return True

    def _enquire(self, model: Path) -> None:
        """See that an ONNX file of another program can predict, before it is registered."""
        from .onnx_form import Then, enquire

        tell(self._iface, tr("The engine looks at {name}.").format(name=model.name))
        enquire(model, self._iface.mainWindow(), Then(partial(self._register, str(model)), self._refuse))

    def _refuse(self, error: GeoDistilError) -> None:
        tell(self._iface, str(error), Qgis.MessageLevel.Warning, error.explained())

    def _register(self, file: str) -> None:
        try:
            path, card = register(file)
        except GeoDistilError as error:
            self._refuse(error)
            return
        text = tr("The model {name} is registered; Predict and the other algorithms offer it.").format(
            name=card["name"]
        )
        parameters = {"MODEL": str(path)}
        predict = partial(self._open_algorithm, "geodistil:predict", parameters)
        offer(self._iface, text, Button(tr("Predict…"), predict), Qgis.MessageLevel.Success, SECONDS)

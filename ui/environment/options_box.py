"""The choices about the environment; all may stay as they are."""

from __future__ import annotations

from qgis.gui import QgsFileWidget
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QFormLayout, QLineEdit, QWidget

from ...jobs.environment.choices import BUILDS, TOOLS, Choices
from ...jobs.environment.place import default_home
from ...jobs.translation import tr
from ..folding import FoldingBox
from .words import build_words, tool_words


class OptionsBox(FoldingBox):
    """Tool, Python, build of torch, sources and folder, as a form that folds away."""

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Options"), parent)
        self.tool = _combo([(tool, tool_words(tool)) for tool in TOOLS])
        self.python = _file(QgsFileWidget.StorageMode.GetFile, tr("chosen automatically"))
        self.build = _combo([(build, build_words(build)) for build in BUILDS])
        self.wheels = _file(QgsFileWidget.StorageMode.GetDirectory, tr("none: packages come from the network"))
        self.index = QLineEdit()
        self.index.setPlaceholderText("https://pypi.org/simple")
        self.folder = _file(QgsFileWidget.StorageMode.GetDirectory, str(default_home()))
        self._lay_out()
        self.setCollapsed(True)

    def choices(self) -> Choices:
        """What is chosen now."""
        return Choices(
            python=self.python.filePath(),
            tool=self.tool.currentData(),
            build=self.build.currentData(),
            wheels=self.wheels.filePath(),
            index=self.index.text().strip(),
            folder=self.folder.filePath(),
        )

    def show_choices(self, choices: Choices) -> None:
        """Fill the form."""
        self.tool.setCurrentIndex(max(self.tool.findData(choices.tool), 0))
        self.build.setCurrentIndex(max(self.build.findData(choices.build), 0))
        self.python.setFilePath(choices.python)
        self.wheels.setFilePath(choices.wheels)
        self.index.setText(choices.index)
        self.folder.setFilePath(choices.folder)

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows = (
            (tr("Too&l"), self.tool, tr("The program that makes the environment and installs the packages.")),
            (tr("&Python"), self.python, tr("The Python to make the environment from, 3.10 or newer.")),
            (tr("Torc&h"), self.build, tr("The build of PyTorch. A wrong one runs on the processor, or not at all.")),
            (tr("&Wheels"), self.wheels, tr("A folder of downloaded packages, for a machine without network.")),
            (tr("Package &index"), self.index, tr("Your organisation's mirror of the Python Package Index.")),
            (tr("&Folder"), self.folder, tr("Where the environment goes; about 6 GB.")),
        )
        for text, field, help_text in rows:
            form.addRow(text, field)
            form.labelForField(field).setToolTip(help_text)
            field.setToolTip(help_text)
            field.setAccessibleName(text.replace("&", ""))
            field.setAccessibleDescription(help_text)
        self._watch()

    def _watch(self) -> None:
        for combo in (self.tool, self.build):
            combo.currentIndexChanged.connect(lambda _index: self.changed.emit())
        for field in (self.python, self.wheels, self.folder):
            field.fileChanged.connect(lambda _path: self.changed.emit())
        self.index.editingFinished.connect(self.changed.emit)


def _combo(items: list[tuple[str, str]]) -> QComboBox:
    combo = QComboBox()
    for value, text in items:
        combo.addItem(text[0].upper() + text[1:], value)
    return combo


def _file(mode: QgsFileWidget.StorageMode, placeholder: str) -> QgsFileWidget:
    field = QgsFileWidget()
    field.setStorageMode(mode)
    field.lineEdit().setPlaceholderText(placeholder)
    return field

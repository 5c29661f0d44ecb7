"""What the dock says while areas are clicked, and the window that chooses the model's two files."""

from __future__ import annotations

from pathlib import Path

from qgis.gui import QgsFileWidget
from qgis.PyQt.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QVBoxLayout, QWidget

from ...jobs.labelling.clicking import click_files, set_click_files
from ...jobs.translation import tr
from ..progress_row import ProgressRow
from ..wizard.words import Hint, Problem

ONNX_FILES = tr("ONNX files (*.onnx)")
WIDTH = 480


class ClickBox(QWidget):
    """Seen while the tool is at work."""

    def __init__(self) -> None:
        super().__init__()
        self.progress, self.problem, self.words = ProgressRow(), Problem(), Hint()
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        for part in (self.words, self.problem, self.progress):
            lines.addWidget(part)
        self.words.say(
            tr(
                "Click the object, with Shift what is not it, or drag a box around it. Enter or the right button keeps "
                "the area, Backspace takes a click back, Escape gives up."
            )
        )
        self.hide()


class ClickModelDialog(QDialog):
    """Chooses the encoder and the decoder.

    Args:
        parent: the dock.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Click-to-segment model"))
        self.setMinimumWidth(WIDTH)
        self.encoder, self.decoder = QgsFileWidget(), QgsFileWidget()
        form = QFormLayout()
        titles = (tr("Image encoder"), tr("Prompt decoder"))
        for title, widget, path in zip(titles, (self.encoder, self.decoder), click_files()):
            widget.setFilter(ONNX_FILES)
            widget.setFilePath(path)
            widget.lineEdit().setAccessibleName(title)
            form.addRow(title, widget)
        words, self.problem = Hint(), Problem()
        words.say(
            tr(
                "Two ONNX files of one model of the SAM family (Segment Anything, MobileSAM, SAM 2), exported as its "
                "encoder and its decoder. GeoDistil has none with it: see the guide."
            )
        )
        kinds = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        lines = QVBoxLayout(self)
        lines.addWidget(words)
        lines.addLayout(form)
        lines.addWidget(self.problem)
        lines.addWidget(self.buttons)

    def accept(self) -> None:
        """Keep the files, where both are there, or neither is named."""
        paths = self.encoder.filePath().strip(), self.decoder.filePath().strip()
        missing = next((each for each in paths if not Path(each).is_file()), None) if any(paths) else None
        if missing is not None:
            self.problem.say(
                tr("There is no file {path}.").format(path=missing) if missing else tr("Choose both files.")
            )
            return
        set_click_files(*paths)
        super().accept()

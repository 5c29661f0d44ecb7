"""Which folders are searched for runs."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

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

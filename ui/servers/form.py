"""The form of one server."""

from __future__ import annotations

from dataclasses import replace

from qgis.gui import QgsFileWidget
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from ...jobs.servers.server import DIRECT, FOLDER, MOST_PORTS, PYTHON, SBATCH, Server, problems
from ...jobs.translation import tr
from ..wizard.words import Hint, Problem, stacked

WIDTH = 560
HOST, OPTIONS = "gpu-box.example.org", "--gres=gpu:1 --time=24:00:00"
"""Examples, in every language the same."""


class ServerForm(QDialog):
    """Asks for what describes a server; it can be accepted when all of it can be used.

    Args:
        server: what is shown first.
        others: the other servers, whose names are taken.
        parent: the window it belongs to.
    """

    def __init__(self, server: Server, others: list[Server], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._first, self._others = server, others
        self.setWindowTitle(tr("Server"))
        self.setMinimumWidth(WIDTH)
        self._make_fields()
        self.problems = {name: Problem() for name in ("name", "host", "user", "folder", "python")}
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._lay_out()
        self._show(server)
        self._watch()
        self._check(touched=False)
        self.adjustSize()

    def server(self) -> Server:
        """The server as it is described now."""
        return replace(
            self._first,
            name=self.name.text().strip(),
            host=self.host.text().strip(),
            user=self.user.text().strip(),
            port=self.port.value(),
            key=self.key.filePath().strip(),
            folder=self.folder.text().strip(),
            python=self.python.text().strip(),
            queue=self.queue.currentData(),
            queue_options=self.queue_options.text().strip(),
        )

    def _make_fields(self) -> None:
        self.name, self.host, self.user = QLineEdit(), QLineEdit(), QLineEdit()
        self.port = QSpinBox()
        self.port.setRange(0, MOST_PORTS)
        self.port.setSpecialValueText(tr("as SSH is set up"))
        self.key = QgsFileWidget()
        self.key.setStorageMode(QgsFileWidget.StorageMode.GetFile)
        self.folder, self.python = QLineEdit(), QLineEdit()
        self.queue = QComboBox()
        self.queue.addItem(tr("at once"), DIRECT)
        self.queue.addItem(tr("by Slurm (sbatch)"), SBATCH)
        self.queue_options = QLineEdit()
        self.host.setPlaceholderText(HOST)
        self.user.setPlaceholderText(tr("as SSH is set up"))
        self.key.lineEdit().setPlaceholderText(tr("none: the agent and SSH's settings"))
        self.folder.setPlaceholderText(FOLDER)
        self.python.setPlaceholderText(PYTHON)
        self.queue_options.setPlaceholderText(OPTIONS)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows = (
            ("name", tr("&Name"), self.name, tr("What it is called in GeoDistil")),
            ("host", tr("&Host"), self.host, tr("Its address, or its name in SSH's settings (~/.ssh/config)")),
            ("user", tr("&User"), self.user, tr("Who logs in there")),
            ("port", tr("&Port"), self.port, tr("Usually 22")),
            ("key", tr("&Key"), self.key, tr("File of a private key without passphrase; others belong in the agent")),
            ("folder", tr("&Folder there"), self.folder, tr("Where imagery and runs are copied to")),
            ("python", tr("P&ython there"), self.python, tr("What starts the engine's Python, as one types it there")),
            ("queue", tr("&Started"), self.queue, tr("Whether a training starts at once or waits for its turn")),
            ("options", tr("&Options of sbatch"), self.queue_options, tr("As one types them there")),
        )
        for name, text, field, help_text in rows:
            cell = stacked(field, self.problems[name]) if name in self.problems else field
            form.addRow(text, cell)
            form.labelForField(cell).setBuddy(field)
            field.setToolTip(help_text)
            field.setAccessibleName(text.replace("&", ""))
            field.setAccessibleDescription(help_text)
        note = Hint(tr("Passwords are neither asked for nor kept: a key of yours must be known to the server."))
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(note)
        layout.addStretch()
        layout.addWidget(self.buttons)

    def _show(self, server: Server) -> None:
        for field, text in (
            (self.name, server.name),
            (self.host, server.host),
            (self.user, server.user),
            (self.folder, server.folder),
            (self.python, server.python),
            (self.queue_options, server.queue_options),
        ):
            field.setText(text)
        self.port.setValue(server.port)
        self.key.setFilePath(server.key)
        self.queue.setCurrentIndex(self.queue.findData(server.queue))

    def _watch(self) -> None:
        for field in (self.name, self.host, self.user, self.folder, self.python):
            field.textChanged.connect(lambda _text: self._check())
        self.queue.currentIndexChanged.connect(lambda _index: self._check())

    def _check(self, touched: bool = True) -> None:
        """Say what is wrong; of a form that nobody has touched yet, nothing."""
        found = problems(self.server(), self._others)
        for name, problem in self.problems.items():
            problem.say(found.get(name, "") if touched else "")
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not found)
        self.queue_options.setEnabled(self.queue.currentData() == SBATCH)

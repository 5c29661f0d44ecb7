"""The servers, the form of each, what can be done with them, what the last test found; also in a window of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable

from qgis.gui import QgsFileWidget
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from ..jobs.background import Background, start
from ..jobs.environment import plugin_version
from ..jobs.errors import STOPPED, GeoDistilError
from ..jobs.servers.connection import Found, probe
from ..jobs.servers.server import (
    DIRECT,
    FOLDER,
    MOST_PORTS,
    PYTHON,
    SBATCH,
    Server,
    new_id,
    problems,
    servers,
    store_servers,
)
from ..jobs.servers.ssh import UNKNOWN_HOST_KEY, HostKey, ServerError, accept, look_at_host_key
from ..jobs.translation import local, tr
from .environment.page import show_notice
from .widgets import Hint, PageDialog, Problem, show_beside, stacked
from .widgets import button as make_button

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


class ServersPage(QWidget):
    """Lists servers, and describes and tests them; what is changed is kept at once."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._task: Background | None = None
        self.form: ServerForm | None = None
        self.question: QMessageBox | None = None
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Servers"))
        self.list.currentRowChanged.connect(lambda _row: self._show_actions())
        self.list.itemActivated.connect(lambda _item: self.edit())
        self.add_button = make_button(tr("&Add…"), tr("Describe a server"), self.add)
        self.edit_button = make_button(tr("&Edit…"), tr("Change the selected server's description"), self.edit)
        self.remove_button = make_button(
            tr("&Remove"), tr("Forget the selected server; what is on it stays there"), self.remove
        )
        self.test_button = make_button(
            tr("&Test"), tr("Connect to the selected server and see what a training needs"), self.test
        )
        self.cancel_button = make_button(tr("Cancel"), tr("Test no longer"), self.cancel)
        self.icon, self.notice = QLabel(), _notice()
        self._lay_out()
        self._fill(0)
        self.say("", "")

    def selected(self) -> Server | None:
        """The selected server."""
        row, known = self.list.currentRow(), servers()
        return known[row] if 0 <= row < len(known) else None

    def add(self) -> None:
        """Describe another server."""
        known = servers()
        self._ask(Server(id=new_id()), known, lambda server: self._keep([*known, server], len(known)))

    def edit(self) -> None:
        """Change the selected server."""
        server = self.selected()
        if server is None:
            return
        others = [each for each in servers() if each.id != server.id]
        row = self.list.currentRow()
        self._ask(server, others, lambda changed: self._keep([*others[:row], changed, *others[row:]], row))

    def remove(self) -> None:
        """Forget the selected server."""
        server = self.selected()
        if server is not None:
            self._keep([each for each in servers() if each.id != server.id], max(0, self.list.currentRow() - 1))

    def test(self) -> None:
        """Test the selected server, off the main thread."""
        server = self.selected()
        if server is not None and self._task is None:
            self.say(
                "information", tr("Testing {server}… The engine there takes some seconds.").format(server=server.name)
            )
            title = tr("Test the server {server}").format(server=server.name)
            self._begin(
                Background(
                    title,
                    lambda cancelled: probe(server, cancelled),
                    lambda found: self._found(server, found),
                    lambda error: self._failed(server, error),
                )
            )

    def cancel(self) -> None:
        """Test no longer."""
        if self._task is not None:
            self._task.cancel()

    def say(self, level: str, sentence: str) -> None:
        """Show a sentence below the list; an empty one takes it away."""
        show_notice(self.icon, self.notice, level, sentence)

    def _ask(self, server: Server, others: list[Server], done: Callable[[Server], None]) -> None:
        form = ServerForm(server, others, self)
        form.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        form.accepted.connect(lambda: done(form.server()))
        form.finished.connect(self._form_closed)
        self.form = form
        form.open()

    def _form_closed(self, _result: int) -> None:
        self.form = None

    def _keep(self, known: list[Server], row: int) -> None:
        store_servers(known)
        self.say("", "")
        self._fill(row)

    def _fill(self, row: int) -> None:
        self.list.clear()
        for server in servers():
            item = QListWidgetItem(f"{server.name} ({server.address})", self.list)
            item.setToolTip(tr("Folder {folder}, Python {python}").format(folder=server.folder, python=server.python))
        self.list.setCurrentRow(min(row, self.list.count() - 1))
        self._show_actions()

    def _show_actions(self) -> None:
        chosen, testing = self.selected() is not None, self._task is not None
        for button in (self.edit_button, self.remove_button, self.test_button):
            button.setEnabled(chosen and not testing)
        self.test_button.setVisible(not testing)
        self.cancel_button.setVisible(testing)

    def _begin(self, task: Background) -> None:
        self._task = start(task)
        self._show_actions()

    def _ended(self) -> bool:
        """Take note that a task has ended; whether there is still a page to show it."""
        if sip.isdeleted(self):
            return False
        self._task = None
        self._show_actions()
        return True

    def _found(self, server: Server, found: Found) -> None:
        if not self._ended():
            return
        here, level = plugin_version(), "success"
        sentence = tr(
            "{server} is ready: Python {python}, engine {engine}, {device}, {free} GB free in {folder}."
        ).format(
            server=server.name,
            python=found.python,
            engine=found.engine,
            device=found.device,
            free=local(found.free / 1e9, 1),
            folder=found.folder,
        )
        if found.engine != here:
            level = "warning"
            sentence += " " + tr("The plugin brings engine {here}; install that one there, too.").format(here=here)
        self.say(level, sentence)

    def _failed(self, server: Server, error: GeoDistilError) -> None:
        if not self._ended():
            return
        if isinstance(error, ServerError) and error.kind == UNKNOWN_HOST_KEY:
            title = tr("Look at the host key of {server}").format(server=server.name)
            self._begin(
                Background(
                    title,
                    lambda _: look_at_host_key(server),
                    lambda key: self._met(server, key),
                    lambda failure: self._failed_to_look(failure),
                )
            )
            return
        self.say("information" if error.code == STOPPED else "error", str(error))

    def _failed_to_look(self, error: GeoDistilError) -> None:
        if self._ended():
            self.say("error", str(error))

    def _met(self, server: Server, key: HostKey) -> None:
        """Ask whether a key that was never seen is the server's."""
        if not self._ended():
            return
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("GeoDistil")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(tr("{server} shows this host key for the first time:").format(server=server.address))
        advice = tr("Accept it only where whoever runs the server tells you the same.")
        box.setInformativeText(f"{key.fingerprint}\n\n{advice}")
        yes = box.addButton(tr("Accept the key"), QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.finished.connect(lambda _result: self._answered(key, box.clickedButton() is yes))
        self.question = box
        box.open()

    def _answered(self, key: HostKey, accepted: bool) -> None:
        self.question = None
        if not accepted:
            self.say("information", tr("The host key was not accepted, so nothing was sent."))
            return
        try:
            accept(key)
        except GeoDistilError as error:
            self.say("error", str(error))
        else:
            self.test()

    def _lay_out(self) -> None:
        intro = QLabel(
            tr("Servers that are reached by SSH can train: their names are among the devices of the training wizard.")
        )
        intro.setWordWrap(True)
        side = QVBoxLayout()
        for button in (self.add_button, self.edit_button, self.remove_button, self.test_button, self.cancel_button):
            side.addWidget(button)
        side.addStretch()
        middle = QHBoxLayout()
        middle.addWidget(self.list, 1)
        middle.addLayout(side)
        told = QHBoxLayout()
        told.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignTop)
        told.addWidget(self.notice, 1)
        layout = QVBoxLayout(self)
        layout.addWidget(intro)
        layout.addLayout(middle, 1)
        layout.addLayout(told)


def _notice() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setAccessibleName(tr("What the test has found"))
    return label


class ServersDialog(PageDialog):
    """The page, with a button that closes it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("GeoDistil: servers"), "servers", parent)
        self.hold(ServersPage(self))
        self.resize(620, 380)

    def done(self, result: int) -> None:
        """End a test under way, however the window is closed."""
        self.page.cancel()
        super().done(result)


def show_servers(parent: QWidget | None = None) -> ServersDialog:
    """Open the page."""
    return show_beside(ServersDialog, parent)

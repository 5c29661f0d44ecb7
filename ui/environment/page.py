"""The page: how things stand, one button that changes it, and what may be chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

from qgis.core import QgsApplication, QgsSettings
from qgis.gui import QgsFileWidget
from qgis.PyQt.QtCore import QSize, Qt, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ...jobs.background import start as start_task
from ...jobs.environment import SETTING
from ...jobs.environment.installing import Installation, removal, request_for
from ...jobs.environment.place import BUILDS, TOOLS, Choices, default_home
from ...jobs.environment.status import REQUIREMENTS, State, diagnostics, status
from ...jobs.errors import GeoDistilError
from ...jobs.translation import tr
from ..widgets import FoldingBox
from . import words
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


class OwnBox(FoldingBox):
    """A Python to verify and use."""

    chosen = pyqtSignal(str)
    """With the Python's path."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("An environment of your own"), parent)
        self.python = QgsFileWidget()
        self.python.lineEdit().setPlaceholderText(tr("the Python of an environment, for example …/bin/python"))
        self.python.setAccessibleName(tr("Python of an environment of your own"))
        self.use = QPushButton(tr("Check and use"))
        self.use.setAutoDefault(False)
        self.use.setEnabled(False)
        self.python.fileChanged.connect(lambda path: self.use.setEnabled(bool(path.strip())))
        self.use.clicked.connect(lambda _checked=False: self.chosen.emit(self.python.filePath().strip()))
        explanation = QLabel(
            tr("It must have the packages that GeoDistil's pyproject.toml names; nothing is installed.")
        )
        explanation.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self.python, 1)
        row.addWidget(self.use)
        layout = QVBoxLayout(self)
        layout.addWidget(explanation)
        layout.addLayout(row)
        self.setCollapsed(True)

    def show_python(self, path: str) -> None:
        """Show the Python that is in use, where it is a person's own; what was typed stays else."""
        if path:
            self.python.setFilePath(path)


POLL_MILLISECONDS = 300
ICONS = {
    "error": "/mIconCritical.svg",
    "warning": "/mIconWarning.svg",
    "information": "/mIconInfo.svg",
    "success": "/mIconSuccess.svg",
}
LEVELS = {State.READY: "success", State.OWN: "success", State.OWN_MISSING: "error", State.INSTALLING: "information"}
REMOVABLE = (State.READY, State.OUTDATED, State.BROKEN_OFF)

MakeRequest = Callable[..., "dict[str, Any]"]


class EnvironmentPage(QWidget):
    """Sets the engine's environment up, and takes it away again.

    Args:
        parent: the widget it is in.
        make_request: what is asked of the installer, from the choices and, for a Python of one's own, its path.
        requirements: the locked requirements that say whether an environment is up to date.
    """

    ready = pyqtSignal()
    """The engine can be used from now on."""

    def __init__(
        self, parent: QWidget | None = None, make_request: MakeRequest = request_for, requirements: Path = REQUIREMENTS
    ) -> None:
        super().__init__(parent)
        self._make_request, self._requirements = make_request, requirements
        self._make_widgets()
        self._lay_out()
        self.options.show_choices(Choices.load())
        self.installation = Installation(self.folder)
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MILLISECONDS)
        self._timer.timeout.connect(self._poll)
        self.options.changed.connect(self._choose)
        self.refresh()

    @property
    def folder(self) -> Path:
        """The environment's folder."""
        chosen = self.options.choices().folder
        return Path(chosen).expanduser() if chosen else default_home()

    def refresh(self) -> None:
        """Show how things stand now; follow an installation that another window, or an earlier QGIS, has started."""
        now = status(self.folder, self._requirements)
        running = self.installation.is_running()
        if running and not self._timer.isActive():
            self._timer.start()
        self._show_status(now, running)
        self._show_ending(running)

    def set_up(self) -> None:
        """Set up, go on, update or check again: the installer finds out what is missing."""
        self._begin("")

    def use_own(self, python: str) -> None:
        """Verify a person's own environment, and use it where it works."""
        self._begin(python)

    def cancel(self) -> None:
        """Ask the installer to end."""
        self.installation.stop()
        self.cancel_button.setEnabled(False)
        self.step.setText(tr("Cancelling…"))

    def remove(self) -> None:
        """Delete the environment, after asking."""
        question = tr("Delete the engine's environment in {folder}? It can be set up again at any time.")
        buttons = QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No
        title = tr("Remove the engine")
        answer = QMessageBox.question(self, title, question.format(folder=self.folder), buttons)
        if answer == QMessageBox.StandardButton.Yes:
            self.setEnabled(False)
            self.explanation.setText(tr("Removing… It may take a minute; there are tens of thousands of files."))
            start_task(removal(self.folder, self._removed, self._not_removed))

    def copy_diagnostics(self) -> None:
        """Put all that a bug report needs on the clipboard."""
        text = diagnostics(status(self.folder, self._requirements), self.folder, self.options.choices())
        QgsApplication.clipboard().setText(text)
        self.copy_button.setText(tr("Copied"))
        QTimer.singleShot(2000, self._reset_copy)

    def _begin(self, own: str) -> None:
        choices = self.options.choices()
        choices.save()
        try:
            self.installation.start(self._make_request(choices, own), choices.index)
        except GeoDistilError as error:
            return self._say("error", str(error))
        self.bar.setValue(0)
        self._timer.start()
        return self.refresh()

    def _poll(self) -> None:
        self.installation.poll()
        if self.installation.is_running():
            self.bar.setValue(round(1000 * self.installation.progress.get("fraction", 0)))
            if self.cancel_button.isEnabled():
                self.step.setText(words.step(self.installation))
            return
        self._timer.stop()
        self.installation.poll()
        self._ended()

    def _ended(self) -> None:
        outputs = self.installation.ending.get("outputs")
        if outputs and outputs.get("own"):
            QgsSettings().setValue(SETTING, outputs["python"])
        elif outputs:
            QgsSettings().remove(SETTING)  # the new environment is the one that a person wants now
        self.refresh()
        if outputs:
            self.ready.emit()

    def _choose(self) -> None:
        choices = self.options.choices()
        choices.save()
        if self.folder != self.installation.folder:
            self.installation = Installation(self.folder)
        self.refresh()

    def _removed(self, _result: Any) -> None:
        self.setEnabled(True)
        self.installation = Installation(self.folder)
        self.refresh()

    def _not_removed(self, error: GeoDistilError) -> None:
        self._removed(None)
        self._say("error", str(error))

    def _show_status(self, now: Any, running: bool) -> None:
        level = LEVELS.get(State.INSTALLING if running else now.state, "warning")
        show_icon(self.icon, level, 24)
        self.headline.setText(words.headline(now))
        self.explanation.setText(words.explanation(now))
        self.main_button.setText(words.button(now))
        self.main_button.setVisible(not running and now.writable)
        self.remove_button.setVisible(not running and now.writable and now.state in REMOVABLE)
        self.cancel_button.setVisible(running and now.writable)
        for widget in (self.bar, self.step):
            widget.setVisible(running)
        self.cancel_button.setEnabled(running)
        self.options.setEnabled(not running)
        self.own.setEnabled(not running)
        self.own.show_python(str(now.python) if now.state in (State.OWN, State.OWN_MISSING) else "")

    def _show_ending(self, running: bool) -> None:
        level, sentence = ("", "") if running else words.ending(self.installation)
        warnings = "" if running else " ".join(self.installation.warnings)
        if sentence and warnings and level != "information":
            sentence = f"{sentence} {warnings}"
        self._say(level, sentence)

    def _say(self, level: str, sentence: str) -> None:
        show_notice(self.notice_icon, self.notice, level, sentence)

    def _reset_copy(self) -> None:
        self.copy_button.setText(tr("Copy diagnostics"))

    def _make_widgets(self) -> None:
        self.icon, self.headline, self.explanation = QLabel(), QLabel(), _wrapped()
        font = self.headline.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.2)
        self.headline.setFont(font)
        self.bar, self.step = QProgressBar(), _wrapped()
        self.bar.setRange(0, 1000)
        self.bar.setValue(0)
        self.bar.setAccessibleName(tr("Progress of the set-up"))
        self.notice_icon, self.notice = QLabel(), _wrapped()
        self.main_button = _button(tr("Set up"), self.set_up)
        self.main_button.setDefault(True)
        self.cancel_button = _button(tr("Cancel"), self.cancel)
        self.copy_button = _button(tr("Copy diagnostics"), self.copy_diagnostics)
        self.remove_button = _button(tr("Remove…"), self.remove)
        self.options, self.own = OptionsBox(self), OwnBox(self)
        self.own.chosen.connect(self.use_own)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        top = QHBoxLayout()
        top.setSpacing(10)
        top.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignTop)
        text = QVBoxLayout()
        for widget in (self.headline, self.explanation, self.bar, self.step):
            text.addWidget(widget)
        text.addLayout(_row(self.notice_icon, self.notice))
        text.addSpacing(6)
        text.addLayout(self._buttons())
        top.addLayout(text, 1)
        layout.addLayout(top)
        layout.addWidget(self.options)
        layout.addWidget(self.own)
        layout.addStretch(1)

    def _buttons(self) -> QHBoxLayout:
        buttons = QHBoxLayout()
        for widget in (self.main_button, self.cancel_button):
            buttons.addWidget(widget)
        buttons.addStretch(1)
        for widget in (self.copy_button, self.remove_button):
            buttons.addWidget(widget)
        return buttons


def _wrapped() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def show_icon(label: QLabel, level: str, side: int) -> None:
    """Show one of `ICONS`, `side` pixels wide."""
    label.setPixmap(QgsApplication.getThemeIcon(ICONS[level]).pixmap(QSize(side, side)))
    label.setFixedSize(QSize(side, side))


def show_notice(icon: QLabel, notice: QLabel, level: str, sentence: str) -> None:
    """Show a sentence with its icon; an empty one takes both away."""
    icon.setVisible(bool(sentence))
    notice.setVisible(bool(sentence))
    if sentence:
        show_icon(icon, level, 16)
    notice.setText(sentence)


def _button(text: str, slot: Callable[[], None]) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.clicked.connect(lambda _checked=False: slot())
    return button


def _row(icon: QLabel, text: QLabel) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(text, 1)
    return row

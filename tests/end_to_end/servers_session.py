"""What a person does in the two lives of QGIS in `test_servers.py`; played inside QGIS."""

from pathlib import Path

from desktop.hands import choose, choose_entry, click, complaints, screenshot, window_of, write
from qgis.gui import QgsDockWidget
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QDialogButtonBox, QPushButton, QTableView, QWizard
from qgis.utils import iface

NAME = "gpu-box"
STATE = 1
CHECK_LIMIT, TRAINING_LIMIT = 180, 900
PAUSE = 0.6
"""Seconds before a picture, so that everything is drawn."""


def begin(values):
    """Describe and test a server, train on it from the wizard, and do nothing until someone ends QGIS."""
    from geodistil.jobs.runs.files import set_run_folders
    from geodistil.ui.wizard.wizard import open_wizard

    window = iface.mainWindow()
    window.setGeometry(0, 0, 1280, 800)
    yield from describe(values)
    set_run_folders([Path(values["runs"])])
    yield from choose_entry(window.menuBar(), "Plugins", "GeoDistil", "Runs")
    wizard = open_wizard(iface, Path(values["template"]))
    for page in (wizard.sources, wizard.classes, wizard.recipe, wizard.check):
        yield page.isVisible
        yield page.isComplete, CHECK_LIMIT
        yield from click(wizard.button(QWizard.WizardButton.NextButton))
    yield wizard.run.isVisible
    wizard.run.folder.setFilePath(values["runs"])
    yield from write(wizard.run.name, values["name"])
    yield from choose(wizard.run.device, f"auto on {NAME}")
    yield from picture(values, "servers-device", wizard)
    yield from click(wizard.button(QWizard.WizardButton.FinishButton))
    dock = runs_dock()
    window.resizeDocks([dock], [470], Qt.Orientation.Horizontal)
    yield (lambda: state(dock) == "Running"), CHECK_LIMIT
    yield (lambda: fraction(dock) > 0.2), CHECK_LIMIT
    yield from picture(values, "servers-run", dock, scrolls=True)
    Path(values["following"]).touch()
    yield (lambda: False), 3600


def describe(values):
    """The form, the host key, the test."""
    yield from choose_entry(iface.mainWindow().menuBar(), "Plugins", "GeoDistil", "Servers…")
    yield lambda: window_of("ServersDialog") is not None
    dialog = window_of("ServersDialog")
    page = dialog.page
    yield from click(page.add_button)
    yield lambda: page.form is not None and page.form.isVisible()
    form = page.form
    for name in ("name", "host", "user", "port", "folder", "python"):
        yield from write(getattr(form, name), values["server"][name])
    yield from write(form.key.lineEdit(), values["server"]["key"])
    yield from picture(values, "servers-form", form)
    yield from click(form.buttons.button(QDialogButtonBox.StandardButton.Ok))
    yield lambda: page.list.count() == 1
    yield from click(page.test_button)
    yield lambda: page.question is not None and page.question.isVisible()
    yield from picture(values, "servers-key", page.question)
    box = page.question
    yield from click(next(each for each in box.findChildren(QPushButton) if each.text() == "Accept the key"))
    yield (lambda: "is ready" in page.notice.text()), CHECK_LIMIT
    yield from picture(values, "servers", dialog)
    yield from click(next(each for each in dialog.findChildren(QPushButton) if "Close" in each.text()))


def come_back(values):
    """The dock is there by itself, follows again, and has the model when it is done."""
    yield lambda: runs_dock() is not None
    dock = runs_dock()
    yield (lambda: state(dock) in ("Finished", "Failed")), TRAINING_LIMIT
    return {"state": state(dock)}


def picture(values, name, widget, scrolls=False):
    """For the guide; nothing may be cut off in it."""
    yield PAUSE
    found = [each for each in complaints(widget) if not (scrolls and each.startswith("a scroll bar"))]
    assert not found, (name, found)
    if values["pictures"]:
        screenshot(Path(values["pictures"]) / f"{name}.png", widget)


def runs_dock():
    return iface.mainWindow().findChild(QgsDockWidget, "GeoDistilRuns")


def state(dock):
    return cell(dock, STATE)


def fraction(dock):
    text = cell(dock, STATE + 1)
    return float(text.split()[0]) / 100 if text else 0.0


def cell(dock, column):
    index = dock.findChild(QTableView).model().index(0, column)
    return index.data() if index.isValid() else ""

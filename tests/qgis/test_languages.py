"""Languages: every text a person reads can be translated, and German is complete."""

import ast
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "resources" / "translations"
PLACES = [ROOT / "plugin.py", *(path for room in ("jobs", "toolbox", "ui") for path in (ROOT / room).rglob("*.py"))]
PLACEHOLDER = re.compile(r"\{[^{}\s\"]*\}|%n")

SPEAKING = {
    "GeoDistilError": (1, 2),
    "InstallError": (1, 2),
    "QAction": (1,),
    **dict.fromkeys(
        ("QLabel", "QPushButton", "QCheckBox", "QRadioButton", "QGroupBox", "QgsCollapsibleGroupBox"), (0,)
    ),
    **dict.fromkeys(("setText", "setToolTip", "setTitle", "setSubTitle", "setWindowTitle", "setPlaceholderText"), (0,)),
    **dict.fromkeys(("setAccessibleName", "setAccessibleDescription", "setSpecialValueText", "setStatusTip"), (0,)),
    **dict.fromkeys(("addRow", "pushInfo", "pushWarning", "reportError", "setProgressText"), (0,)),
    **dict.fromkeys(("explained", "tell", "add_size"), (1,)),
}
"""Call -> the arguments that people read."""

QT_OWN = {"Cancel", "Help"}
"""Standard buttons, which Qt's own catalogue translates; QGIS loads it."""

QT_WIZARD = ("< &Zurück", "&Hilfe", "&Weiter >")
"""A wizard's buttons in Qt's own German, which need not be installed here."""

FOREIGN = {"GeoDistil", "https://pypi.org/simple"}
"""Names that are the same in every language."""


@pytest.fixture(scope="module")
def update():
    """The script that `make translations` runs."""
    specification = importlib.util.spec_from_file_location("update", FOLDER / "update.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def german(update):
    return update.translations(FOLDER / "geodistil_de.ts")


def test_german_has_every_text_of_the_code_and_no_other(update, german):
    assert list(german) == list(update.texts())  # the same order: `make translations` was run


def test_placeholders_accelerators_and_spaces_are_those_of_the_english(german):
    def marks(text):
        lines = text.count("\n")
        return (
            sorted(PLACEHOLDER.findall(text)),
            len(re.findall(r"&\w", text)),
            lines,
            text[:1] == " ",
            text[-1:] == " ",
        )

    assert [text for text in german if marks(text) != marks(german[text])] == []


def test_the_compiled_catalogue_says_what_its_source_says(qgis_app, german):
    from geodistil.jobs.translation import install_translator, remove_translator, tr

    translator = install_translator("de_AT")
    try:
        assert {text: tr(text) for text in german} == german
    finally:
        remove_translator(translator)
    assert tr("Runs") == "Runs"


def test_no_text_that_people_read_is_left_out_of_the_catalogue():
    found = [f"{file.relative_to(ROOT)}:{line}: {text}" for file in PLACES for line, text in untranslated(file)]
    assert found == []


def untranslated(file):
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        places = (1,) if name.startswith(("QgsProcessingParameter", "QgsProcessingOutput")) else SPEAKING.get(name, ())
        for place in places:
            for argument in node.args[place : place + 1]:
                text = words(argument)
                if re.search(r"[a-zA-Z]{3}", text) and text not in FOREIGN:
                    yield node.lineno, text


def words(node):
    """What of an expression is English whatever the language."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) and not node.value.startswith("<") else ""
    return " ".join(filter(None, map(words, getattr(node, "values", [])))) if isinstance(node, ast.JoinedStr) else ""


IN_GERMAN = """
import json, sys
import qgis.utils
from qgis.core import QgsApplication, QgsProject, QgsSettings
from qgis.gui import QgsMapCanvas, QgsMessageBar
from qgis.PyQt.QtCore import QEvent, QSettings
from qgis.PyQt.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QMainWindow, QMenu

plugins, profile = sys.argv[1:]
sys.path[:0] = [plugins, "/usr/share/qgis/python/plugins"]
QSettings.setDefaultFormat(QSettings.Format.IniFormat)
QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, profile)
application = QgsApplication([], True, profile)
application.initQgis()  # a newer QGIS has its settings elsewhere from here on
QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, profile)
QgsSettings().setValue("locale/overrideFlag", True)
QgsSettings().setValue("locale/userLocale", "de")

class Window(QMainWindow):  # what the plugin uses of QGIS's interface, with a real window, bar and menu
    def __init__(self):
        super().__init__()
        self.menu, self.bar, self.canvas = QMenu("Plugins", self), QgsMessageBar(self), QgsMapCanvas(self)

    def mainWindow(self):
        return self

    def messageBar(self):
        return self.bar

    def mapCanvas(self):
        return self.canvas

    def addPluginToMenu(self, menu, action):
        self.menu.addAction(action)

    def removePluginMenu(self, menu, action):
        self.menu.removeAction(action)

    def __getattr__(self, name):  # registering of drops and option pages, which this test does not look at
        return lambda *arguments: None

def texts(widget):
    for each in [widget, *widget.findChildren(QLabel), *widget.findChildren(QAbstractButton)]:
        yield each.windowTitle() if each is widget else each.text()
        yield from (each.toolTip(), each.accessibleName())
    for combo in widget.findChildren(QComboBox):
        yield from (combo.itemText(index) for index in range(combo.count()))

def keys(widget):
    return [each.text() for kind in (QLabel, QAbstractButton) for each in widget.findChildren(kind)]

def clipped(widget):
    for each in [*widget.findChildren(QLabel), *widget.findChildren(QAbstractButton)]:
        wraps = isinstance(each, QLabel) and each.wordWrap()
        if each.isVisible() and each.text() and not wraps and each.width() < each.minimumSizeHint().width():
            yield each.text()

window = qgis.utils.iface = Window()
qgis.utils.plugin_paths = [plugins]
qgis.utils.updateAvailablePlugins()
assert qgis.utils.loadPlugin("geodistil") and qgis.utils.startPlugin("geodistil")
plugin = qgis.utils.plugins["geodistil"]
algorithms = QgsApplication.processingRegistry().providerById("geodistil").algorithms()
for name in ("_train", "_show_runs", "_show_environment"):
    getattr(plugin, name)()
window.show()
QApplication.processEvents()
from geodistil.ui.environment.wiring import EnvironmentDialog
from geodistil.ui.runs.dock import RunsDock
from geodistil.ui.wizard.wizard import TrainingWizard
while window.findChild(TrainingWizard) is None:
    QApplication.processEvents()
windows = [window.findChild(kind) for kind in (TrainingWizard, RunsDock, EnvironmentDialog)]
wizard = windows[0]
from pathlib import Path
from geodistil.ui.onnx_form import OnnxForm
answer = {"known": {}, "input": {"shape": [1, 3, 64, 64]}, "outputs": {"out": [1, 2, 64, 64]}, "missing": []}
onnx = OnnxForm(Path("roofs.onnx"), answer)
found = {
    "menu": [action.text() for action in window.menu.actions()],
    "algorithms": {each.name(): [each.displayName(), each.group()] for each in algorithms},
    "parameters": [item.description() for each in algorithms for item in each.parameterDefinitions()],
    "helps": [each.shortHelpString() for each in algorithms],
    "pages": [wizard.page(each).title() for each in wizard.pageIds()],
    "texts": sorted({text for each in windows for text in texts(each) if text}),
    "keys": {
        "pages": [keys(wizard.page(each)) for each in wizard.pageIds()],
        "start": wizard.button(wizard.WizardButton.FinishButton).text(),
        "others": [keys(each) for each in (*windows[1:], onnx)],
    },
    "clipped": [text for each in windows for text in clipped(each)],
}
qgis.utils.unloadPlugin("geodistil")
from qgis.PyQt.QtCore import QCoreApplication
found["afterwards"] = QCoreApplication.translate("GeoDistil", "Runs")
print("FOUND" + json.dumps(found), flush=True)
import os
os._exit(0)
"""


@pytest.fixture(scope="module")
def in_german(tmp_path_factory):
    """What a QGIS of its own shows whose language is German."""
    profile = tmp_path_factory.mktemp("profile")
    command = [sys.executable, "-c", IN_GERMAN, str(ROOT / "build" / "plugins"), str(profile)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=profile)
    assert "FOUND" in result.stdout, result.stderr
    return json.loads(result.stdout.split("FOUND")[1].splitlines()[0])


def test_a_german_qgis_has_a_german_menu_toolbox_and_wizard(in_german):
    assert {"Modell trainieren…", "Vorhersagen…", "Läufe", "Umgebung der Engine…"} <= set(in_german["menu"])
    assert in_german["algorithms"]["trainpartialmultitask"] == ["Aus Boxen und Flächen trainieren", "Training"]
    assert in_german["algorithms"]["predict"] == ["Vorhersagen", "Kartierung"]
    assert in_german["pages"] == ["Quellen", "Klassen", "Rezept", "Prüfung", "Lauf"]
    assert in_german["afterwards"] == "Runs"  # unloaded, the plugin takes its language along


def test_a_german_qgis_shows_no_english_of_ours(in_german, german):
    english = {text for text, translation in german.items() if text != translation} - set(german.values())
    shown = {*in_german["menu"], *in_german["parameters"], *in_german["helps"], *in_german["texts"]}
    assert sorted(shown & english - QT_OWN) == []
    assert len(shown & set(german.values())) > 150


def test_no_two_fields_of_a_german_page_share_a_mnemonic(in_german):
    pages, start = in_german["keys"]["pages"], in_german["keys"]["start"]
    pages = [[*page, *QT_WIZARD[:2], QT_WIZARD[2] if page is not pages[-1] else start] for page in pages]
    for texts in [*pages, *in_german["keys"]["others"]]:
        keys = [found[1].lower() for found in map(re.compile(r"&(\w)").search, texts) if found]
        assert len(keys) == len(set(keys)), texts


def test_nothing_is_clipped_in_german(in_german):
    assert in_german["clipped"] == []

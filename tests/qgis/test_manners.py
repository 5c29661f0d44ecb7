"""Manners: one tag, one prefix, a name for everything that takes the focus, help at hand, light and dark."""

import ast
import importlib
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLACES = [ROOT / "plugin.py", *(path for room in ("jobs", "toolbox", "ui") for path in (ROOT / room).rglob("*.py"))]
TREES = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in PLACES}
DOORS = ("logMessage", "pushMessage", "pushInfo", "pushWarning", "pushCritical", "pushSuccess", "pushWidget")
LIGHT, DARK = "#f0f0f0", "#2b2b2b"


def calls(tree, *names):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in names:
            yield node


def constants():
    """Module-level texts of all files, by name."""
    for tree in TREES.values():
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                yield node.targets[0].id, node.value.value


def test_every_setting_that_is_written_has_the_prefix():
    values = {}
    for name, value in constants():
        values.setdefault(name, []).append(value)
    written = []
    for path, tree in TREES.items():
        if "QgsSettings" in ast.dump(tree):
            for call in [each for each in calls(tree, "setValue", "remove") if each.args]:
                key = call.args[0].left if isinstance(call.args[0], ast.BinOp) else call.args[0]
                known = [key.value] if isinstance(key, ast.Constant) else values.get(getattr(key, "id", ""), [])
                written += [(path, value) for value in known if isinstance(value, str)]
    assert len(written) > 5
    assert [each for each in written if not each[1].startswith("geodistil/")] == []


def test_messages_and_log_go_through_one_door():
    rooms = [(path, tree) for path, tree in TREES.items() if path.startswith(("ui", "plugin"))]
    logging = {path for path, tree in rooms if list(calls(tree, *DOORS))}
    assert logging == {"ui/messages.py"}


def test_a_message_offers_its_details_and_is_logged_under_the_tag(qgis_app):
    from geodistil.ui.messages import tell
    from qgis.core import Qgis, QgsApplication
    from qgis.gui import QgsMessageBar
    from qgis.PyQt.QtWidgets import QToolButton

    class Window:
        bar = QgsMessageBar()

        def messageBar(self):
            return self.bar

    logged, log = [], QgsApplication.messageLog()
    log.messageReceived[str, str, Qgis.MessageLevel].connect(lambda *message: logged.append(message))
    tell(Window(), "The raster town has no CRS.", Qgis.MessageLevel.Warning, "line 1\nline 2")
    assert ("The raster town has no CRS.\nline 1\nline 2", "GeoDistil", Qgis.MessageLevel.Warning) in logged
    item = Window.bar.currentItem()
    assert (item.text(), item.level()) == ("The raster town has no CRS.", Qgis.MessageLevel.Warning)
    assert item.findChildren(QToolButton)  # "Show more"


@pytest.fixture
def iface(qgis_app):
    """What the dock uses of QGIS's interface."""
    from qgis.gui import QgsMapCanvas, QgsMessageBar
    from qgis.PyQt.QtWidgets import QMainWindow

    window = QMainWindow()
    bar = QgsMessageBar(window)
    canvas = QgsMapCanvas(window)
    yield SimpleNamespace(
        mainWindow=lambda: window, messageBar=lambda: bar, mapCanvas=lambda: canvas, activeLayer=lambda: None
    )
    window.deleteLater()


@pytest.fixture(
    params=[
        "wizard",
        "runs",
        "label",
        "setup",
        "classes",
        "click",
        "folders",
        "environment",
        "servers",
        "server",
        "onnx",
        "model",
        "models",
        "zoo",
    ]
)
def shown(request, project, iface):
    """Each window of the plugin; it goes before the project does."""
    from qgis.PyQt.QtCore import QEvent
    from qgis.PyQt.QtWidgets import QApplication, QDialog

    window = make_window(request.param, iface)
    yield window
    if isinstance(window, QDialog):
        window.reject()
    if request.param == "label":
        window.stop()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


FOUND = {"known": {}, "input": {"shape": [1, 3, 64, 64]}, "outputs": {"out": [1, 2, 64, 64]}, "missing": []}
"""What the engine says of an ONNX file that says nothing of itself."""


def make_window(kind, iface):
    from geodistil.jobs.qt import QAction
    from geodistil.jobs.servers.server import Server
    from geodistil.ui.environment.wiring import EnvironmentDialog
    from geodistil.ui.labelling.classes import ClassDialog
    from geodistil.ui.labelling.clicker import ClickModelDialog
    from geodistil.ui.labelling.dock import LabelDock
    from geodistil.ui.labelling.setup import SetupDialog
    from geodistil.ui.model_widget import ModelWidget
    from geodistil.ui.models.window import ModelsWindow
    from geodistil.ui.models.zoo import ZooWindow
    from geodistil.ui.onnx_form import OnnxForm
    from geodistil.ui.runs.commands import FoldersDialog
    from geodistil.ui.runs.dock import RunsDock
    from geodistil.ui.servers_page import ServerForm, ServersDialog
    from geodistil.ui.view.predictor import ViewPredictor
    from geodistil.ui.wizard.wizard import TrainingWizard
    from qgis.core import QgsProject

    return {
        "wizard": lambda: TrainingWizard(QgsProject.instance(), None),
        "runs": lambda: RunsDock(iface, print),
        "label": lambda: LabelDock(iface, QgsProject.instance()),
        "setup": lambda: SetupDialog(QgsProject.instance()),
        "classes": lambda: ClassDialog([], print, None),
        "folders": lambda: FoldersDialog([Path("/runs")], None),
        "environment": EnvironmentDialog,
        "click": ClickModelDialog,
        "servers": ServersDialog,
        "server": lambda: ServerForm(Server(id="1"), []),
        "onnx": lambda: OnnxForm(Path("/models/roofs.onnx"), FOUND),
        "model": lambda: ModelWidget(""),
        "models": lambda: ModelsWindow(iface, print, ViewPredictor(iface, QgsProject.instance()), QAction()),
        "zoo": lambda: ZooWindow(print),
    }[kind]()


COMPOUND = ("QComboBox", "QAbstractSpinBox", "QgsFileWidget", "QgsExtentWidget", "QAbstractItemView", "QLineEdit")
"""Widgets whose parts have no name of their own."""


def inside_another(widget):
    parent = widget.parentWidget()
    while parent is not None:
        if any(parent.inherits(name) for name in COMPOUND):
            return True
        parent = parent.parentWidget()
    return False


def name_of(widget, buddies):
    texts = (widget.accessibleName(), *(getattr(widget, each)() for each in ("text", "title") if hasattr(widget, each)))
    return next(filter(None, texts), "") or buddies.get(widget, "")


def test_everything_that_takes_the_focus_has_a_name(shown):
    from qgis.PyQt.QtCore import Qt
    from qgis.PyQt.QtWidgets import QLabel, QScrollArea, QWidget

    buddies = {label.buddy(): label.text() for label in shown.findChildren(QLabel) if label.buddy()}
    focusable = [
        widget
        for widget in shown.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not inside_another(widget)
        and not isinstance(widget, QScrollArea)
        and not widget.objectName().startswith("qt_")
    ]
    assert focusable
    nameless = [f"{type(each).__name__} {each.objectName()}" for each in focusable if not name_of(each, buddies)]
    assert nameless == []


def test_no_two_fields_of_a_page_share_a_mnemonic(shown):
    from qgis.PyQt.QtWidgets import QAbstractButton, QLabel, QWizard

    pages = [shown]
    if isinstance(shown, QWizard):
        pages = [shown.page(each) for each in shown.pageIds()]
    for page in pages:
        texts = [each.text() for each in (*page.findChildren(QLabel), *page.findChildren(QAbstractButton))]
        if isinstance(shown, QWizard):
            texts += [shown.button(each).text() for each in buttons_of(page)]
        keys = [found[1].lower() for found in map(re.compile("&(\\w)").search, texts) if found]
        assert len(keys) == len(set(keys)), sorted(text for text in texts if "&" in text)


def buttons_of(page):
    """The wizard's own buttons beside a page."""
    from qgis.PyQt.QtWidgets import QWizard

    button, wizard = QWizard.WizardButton, page.wizard()
    on = button.FinishButton if page is wizard.page(wizard.pageIds()[-1]) else button.NextButton
    return button.BackButton, button.HelpButton, button.CancelButton, on


def test_every_algorithm_opens_its_part_of_the_bundled_guide(provider):
    from qgis.PyQt.QtCore import QUrl

    for algorithm in provider.algorithms():
        address = QUrl(algorithm.helpUrl())
        page = Path(address.toLocalFile()).read_text(encoding="utf-8")
        assert f'id="{address.fragment()}"' in page, f"{algorithm.name()} is not in docs/user-guide/toolbox.md"


@pytest.fixture(params=["en", "de", "pt"])
def language(request, qgis_app):
    """QGIS's language; there is no guide in the last one."""
    from qgis.core import QgsSettings

    settings = QgsSettings()
    settings.setValue("locale/overrideFlag", True)
    settings.setValue("locale/userLocale", request.param)
    yield request.param
    settings.remove("locale/overrideFlag")
    settings.remove("locale/userLocale")


def test_pages_of_the_guide_lead_to_each_other_and_to_their_pictures(language):
    from geodistil.jobs.help import help_url
    from qgis.PyQt.QtCore import QUrl

    for source in (ROOT / "docs" / "user-guide").glob("*.md"):
        page = Path(QUrl(help_url(source.stem)).toLocalFile())
        text = page.read_text(encoding="utf-8")
        spoken = "de" if language == "de" else "en"
        assert f'<html lang="{spoken}">' in text and page.parent.name == (
            "de" if language == "de" else "geodistil-help"
        )
        links = re.findall(r'(?:href|src)="([^"#]+)', text)
        local = [link for link in links if not link.startswith("http")]
        found = [Path(QUrl(link).toLocalFile()) if link.startswith("file:") else page.parent / link for link in local]
        assert [str(path) for path in found if not path.exists()] == [], source.name
        others = [path.resolve() for path in found if path.suffix == ".html" and source.stem != "index"]
        assert {path.parent for path in others} <= {page.parent.resolve()}, source.name  # in one language


def test_sections_have_one_address_in_all_languages(language, provider):
    from geodistil.jobs.help import anchor, help_url
    from geodistil.toolbox.base import WORDS
    from qgis.PyQt.QtCore import QUrl

    guide = ROOT / "docs" / "user-guide"
    sections = [("glossary", heading) for _, heading in WORDS]
    sections += [("toolbox", f"geodistil-{each.name()}") for each in provider.algorithms()]
    for page in ("errors", "runs"):
        headings = re.findall(
            r"^#+ (.+)$", re.sub("```.*?```", "", (guide / f"{page}.md").read_text(), flags=re.S), re.M
        )
        sections += [(page, anchor(heading)) for heading in headings]
    for page, section in sections:
        url = QUrl(help_url(page, section))
        text = Path(url.toLocalFile()).read_text(encoding="utf-8")
        assert url.fragment() == section and f'id="{section}"' in text and "{#" not in text, (page, section)


def test_items_that_begin_with_strong_words_are_not_strong_as_a_whole(qgis_app):
    from geodistil.jobs.help import help_url
    from qgis.PyQt.QtCore import QUrl
    from qgis.PyQt.QtGui import QTextDocument

    page, document = Path(QUrl(help_url("labelling")).toLocalFile()), QTextDocument()
    document.setHtml(page.read_text(encoding="utf-8"))
    places = [document.find(text) for text in ("New areas do not overlap old ones", "is cut out of a new area")]
    strong, plain = (place.charFormat().fontWeight() for place in places)
    assert not any(place.isNull() for place in places) and strong > plain


def contrast(one, other):
    """The contrast of two colours, 1 to 21 (WCAG 2.1, relative luminance)."""

    def luminance(color):
        parts = [
            value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in color.getRgbF()[:3]
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("ground", [LIGHT, DARK])
def test_icons_and_curves_can_be_seen_on_light_and_dark(qgis_app, ground):
    from geodistil.ui.runs.chart import COLOURS
    from geodistil.ui.widgets import icon
    from qgis.PyQt.QtGui import QColor

    assert min(contrast(QColor(color), QColor(ground)) for color in COLOURS) > 2
    for path in (ROOT / "resources" / "icons").glob("*.svg"):
        image = icon(path.stem).pixmap(48, 48).toImage()
        colors = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
        inked = [color for color in colors if color.alpha() > 200]
        seen = [color for color in inked if contrast(color, QColor(ground)) > 2]
        assert len(seen) > 0.6 * len(inked) > 0, path.name


GONE_IN_QT_6 = """
QAbstractState QState QStateMachine QFinalState QRegExp QRegExpValidator QTextCodec QTextDecoder QTextEncoder
QDesktopWidget QDirModel QStyleOptionTabV4 QOpenGLWidget QTouchDevice QPictureIO QNetworkSession QNetworkConfiguration
QNetworkConfigurationManager QtWarningMsg QtCriticalMsg QtInfoMsg QtDebugMsg QtFatalMsg qApp
QAction QActionGroup QFileSystemModel QShortcut QUndoCommand QUndoGroup QUndoStack
exec_ print_ toTime_t fromTime_t setTime_t tabStopWidth setTabStopWidth viewOptions filterRegExp setFilterRegExp
globalStrut byteCount setCodec iniCodec setIniCodec hasPendingEvents localPos windowPos widthChar topLevelDomain
longDayName shortDayName longMonthName shortMonthName toBinaryData fromBinaryData enableTestMode visitedPages
isFirstItemColumnSpanned setFirstItemColumnSpanned getTextMargins getContentsMargins
"""
"""What PyQt5 has and PyQt6 6.11 has not, by its stubs, or has in another module."""


def imported(tree):
    """Name -> what it stands for, of everything that a file takes from QGIS and Qt."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("qgis."):
            module = importlib.import_module(node.module)
            yield from ((each.asname or each.name, getattr(module, each.name, None)) for each in node.names)


def chains(tree):
    """Names with dots, as lists of their parts, with the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            text = ast.unparse(node)
            if re.fullmatch(r"[\w.]+", text):
                yield node.lineno, text.split(".")


def unscoped(known, chain):
    """Whether a name is a value of an enumeration, reached without the enumeration's own name."""
    owner = known.get(chain[0])
    for part in chain[1:-1]:
        owner = getattr(owner, part, None)
    value = getattr(owner, chain[-1], None)
    return isinstance(owner, type) and isinstance(value, int) and type(value) not in (int, bool, owner)


def test_values_of_enumerations_are_reached_as_qt_6_has_them(qgis_app):
    """`QVariant.String`, `Qt.Checked`: Qt 5 only. PyQt5 and QGIS 3 know both ways, so this asks them."""
    found, seen = [], 0
    for path, tree in TREES.items():
        known = dict(imported(tree))
        for line, chain in chains(tree):
            seen += chain[0] in known
            if chain[0] in known and unscoped(known, chain):
                found.append(f"{path}:{line}: {'.'.join(chain)}")
    assert found == [] and seen > 300
    from qgis.PyQt.QtCore import Qt, QVariant

    assert unscoped({"QVariant": QVariant}, ["QVariant", "String"]) and unscoped({"Qt": Qt}, ["Qt", "Checked"])
    assert not unscoped({"Qt": Qt}, ["Qt", "CheckState", "Checked"])


def test_no_name_is_used_that_qt_6_has_not(qgis_app):
    found, gone = [], set(GONE_IN_QT_6.split())
    for path, tree in TREES.items():
        if path == "jobs/qt.py":
            continue
        names = [(node.lineno, node.attr) for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("qgis.PyQt"):
                names += [(node.lineno, each.name) for each in node.names]
        found += [f"{path}:{line}: {name}" for line, name in names if name in gone]
    assert found == []

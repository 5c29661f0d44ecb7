"""Manners: one tag, one prefix, a name for everything that takes the focus, help at hand, light and dark."""

import ast
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
    from qgis.gui import QgsMessageBar
    from qgis.PyQt.QtWidgets import QMainWindow

    window = QMainWindow()
    bar = QgsMessageBar(window)
    yield SimpleNamespace(mainWindow=lambda: window, messageBar=lambda: bar)
    window.deleteLater()


@pytest.fixture(params=["wizard", "runs", "folders", "environment"])
def shown(request, project, iface):
    """Each window of the plugin; it goes before the project does."""
    from qgis.PyQt.QtCore import QEvent
    from qgis.PyQt.QtWidgets import QApplication, QDialog

    window = make_window(request.param, iface)
    yield window
    if isinstance(window, QDialog):
        window.reject()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def make_window(kind, iface):
    from geodistil.ui.environment.dialog import EnvironmentDialog
    from geodistil.ui.runs.dock import RunsDock
    from geodistil.ui.runs.folders import FoldersDialog
    from geodistil.ui.wizard.wizard import TrainingWizard
    from qgis.core import QgsProject

    return {
        "wizard": lambda: TrainingWizard(QgsProject.instance(), None),
        "runs": lambda: RunsDock(iface, print),
        "folders": lambda: FoldersDialog([Path("/runs")], None),
        "environment": EnvironmentDialog,
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
    import re

    from qgis.PyQt.QtWidgets import QAbstractButton, QLabel, QWizard

    pages = [shown.page(each) for each in shown.pageIds()] if isinstance(shown, QWizard) else [shown]
    for page in pages:
        texts = [each.text() for each in (*page.findChildren(QLabel), *page.findChildren(QAbstractButton))]
        keys = [found[1].lower() for found in map(re.compile("&(\\w)").search, texts) if found]
        assert len(keys) == len(set(keys)), sorted(text for text in texts if "&" in text)


def test_every_algorithm_opens_its_part_of_the_bundled_guide(provider):
    from qgis.PyQt.QtCore import QUrl

    for algorithm in provider.algorithms():
        address = QUrl(algorithm.helpUrl())
        page = Path(address.toLocalFile()).read_text(encoding="utf-8")
        assert f'id="{address.fragment()}"' in page, f"{algorithm.name()} is not in docs/user-guide/toolbox.md"


def test_pages_of_the_guide_lead_to_each_other_and_to_their_pictures(qgis_app):
    import re

    from geodistil.jobs.help import help_url
    from qgis.PyQt.QtCore import QUrl

    for source in (ROOT / "docs" / "user-guide").glob("*.md"):
        page = Path(QUrl(help_url(source.stem)).toLocalFile())
        links = re.findall(r'(?:href|src)="([^"#]+)', page.read_text(encoding="utf-8"))
        local = [link for link in links if not link.startswith("http")]
        found = [Path(QUrl(link).toLocalFile()) if link.startswith("file:") else page.parent / link for link in local]
        assert [str(path) for path in found if not path.exists()] == [], source.name


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
    from geodistil.ui.icons import icon
    from geodistil.ui.runs.chart import COLOURS
    from qgis.PyQt.QtGui import QColor

    assert min(contrast(QColor(color), QColor(ground)) for color in COLOURS) > 2
    for path in (ROOT / "resources" / "icons").glob("*.svg"):
        image = icon(path.stem).pixmap(48, 48).toImage()
        colors = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
        inked = [color for color in colors if color.alpha() > 200]
        seen = [color for color in inked if contrast(color, QColor(ground)) > 2]
        assert len(seen) > 0.6 * len(inked) > 0, path.name

"""The toolbox in words: every parameter explained, choices by their titles, classes from the layer's own."""

import re
from pathlib import Path

import numpy as np
import pytest
from geodistil.jobs.sources.options import options_of
from geodistil.toolbox.provider import ALGORITHMS
from qgis.core import (
    QgsApplication,
    QgsCategorizedSymbolRenderer,
    QgsFillSymbol,
    QgsPalettedRasterRenderer,
    QgsProcessingContext,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsRasterLayer,
    QgsRendererCategory,
)
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt, QUrl
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QComboBox

from .waiting import let_qgis_work_until

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "user-guide"
DETAILS = ("DEVICE", "SEED", "BATCH_SIZE", "OPTIONS", "ALLOW_REMOTE", "BACKEND", "TTA", "OVERLAP", "EPOCHS")
"""What nobody needs at first, wherever it is."""


def all_parameters(provider):
    for algorithm in provider.algorithms():
        for parameter in algorithm.parameterDefinitions():
            yield f"{algorithm.name()}:{parameter.name()}", parameter


@pytest.fixture
def shown(qgis_app, provider, project):
    """Opens an algorithm's dialog as the toolbox does: {parameter: its wrapper}."""
    from processing.gui.AlgorithmDialog import AlgorithmDialog

    dialogs = []

    def show(name):
        algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"geodistil:{name}")
        dialogs.append(AlgorithmDialog(algorithm, False, None))
        return dialogs[-1].mainWidget()

    yield show
    for dialog in dialogs:
        sip.delete(dialog)


@pytest.fixture
def class_map(project, make_raster, tmp_path):
    values = np.zeros((1, 32, 32), "uint8")
    values[0, 4:9, 4:9], values[0, 20:25, 3:30] = 1, 2
    return project.addMapLayer(QgsRasterLayer(str(make_raster(tmp_path / "map.tif", values)), "map"))


def named(layer, names):
    classes = [QgsPalettedRasterRenderer.Class(value, QColor("#aa0000"), name) for value, name in names.items()]
    layer.setRenderer(QgsPalettedRasterRenderer(layer.dataProvider(), 1, classes))


def offered(widget):
    """What the button lists, as it is pulled down."""
    widget.menu.aboutToShow.emit()
    let_qgis_work_until(lambda: all(action.isEnabled() for action in widget.menu.actions()))
    return {action.text(): action for action in widget.menu.actions()}


def test_every_parameter_is_explained(provider):
    silent = [name for name, parameter in all_parameters(provider) if len(parameter.help()) < 15]
    assert silent == []


def test_an_explanation_is_no_repetition_of_the_title(provider):
    for name, parameter in all_parameters(provider):
        said, title = parameter.help().strip(" .").lower(), parameter.description().strip(" .").lower()
        assert said != title, name


def test_advanced_is_advanced(provider):
    flag = QgsProcessingParameterDefinition.Flag.FlagAdvanced
    details = [(name, each) for name, each in all_parameters(provider) if name.partition(":")[2] in DETAILS]
    assert len(details) > 30
    assert [name for name, each in details if not each.flags() & flag] == []
    # and what one cannot do without is not
    for name, each in all_parameters(provider):
        if each.flags() & flag and not isinstance(each, QgsProcessingParameterEnum):
            optional = each.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional
            assert optional or each.defaultValue() is not None, name


def test_choices_are_shown_by_their_titles(provider):
    codes = re.compile(r"[a-z0-9_]+(-[a-z]+)?")
    for name, parameter in all_parameters(provider):
        if isinstance(parameter, QgsProcessingParameterEnum):
            titles = parameter.options()
            if parameter.usesStaticStrings():
                told = parameter.metadata()["widget_wrapper"]
                assert told["class"].endswith("wrappers.ChoiceWrapper")
                titles = told["titles"]
                assert len(titles) == len(parameter.options())
            assert not all(codes.fullmatch(title) for title in titles), name


def test_a_dialog_shows_titles_and_gives_the_short_names(shown):
    panel = shown("trainpartialmultitask")
    (option,) = [each for each in options_of("partial_multitask") if each.name == "soft_segmentation"]
    combo = panel.wrappers["SOFT_SEGMENTATION"].widget
    assert [combo.itemText(index) for index in range(combo.count())] == [title for _, title, _ in option.choices]
    assert panel.wrappers["SOFT_SEGMENTATION"].parameterValue() == "kl"
    combo.setFocus()
    QTest.keyClick(combo, Qt.Key.Key_Down)
    assert panel.wrappers["SOFT_SEGMENTATION"].parameterValue() == "dist"
    panel.wrappers["SOFT_SEGMENTATION"].setParameterValue("cwd", QgsProcessingContext())
    assert combo.currentText() == option.choices[2][1]
    size = panel.wrappers["STUDENT"].wrappedWidget().findChild(QComboBox) or panel.wrappers["STUDENT"].wrappedWidget()
    assert size.currentText().startswith("small: ") and "parameters" in size.currentText()
    assert panel.wrappers["STUDENT"].parameterValue() == 0


def test_classes_are_chosen_from_the_legend(shown, class_map):
    named(class_map, {0: "background", 1: "roof", 2: "road & path"})
    panel = shown("areastopolygons")
    widget = panel.wrappers["CLASSES"].widget
    found = offered(widget)
    assert list(found) == ["roof", "road && path"]
    found["road && path"].trigger()
    offered(widget)["roof"].trigger()
    assert panel.wrappers["CLASSES"].parameterValue() == "road & path, roof"
    assert [text for text, action in offered(widget).items() if action.isChecked()] == ["roof", "road && path"]
    offered(widget)["roof"].trigger()
    assert panel.wrappers["CLASSES"].parameterValue() == "road & path"
    assert panel.wrappers["RIGHT_ANGLED"].parameterValue() in ("", None)
    lines = shown("areastolines").wrappers["CLASS"]
    offered(lines.widget)["roof"].trigger()
    offered(lines.widget)["road && path"].trigger()
    assert lines.parameterValue() == "road & path"  # only one


def test_classes_without_a_legend_are_the_layers_values(shown, class_map, make_boxes, project):
    panel = shown("areastopolygons")
    assert list(offered(panel.wrappers["CLASSES"].widget)) == ["1", "2"]
    polygons = project.addMapLayer(make_boxes([(1, 1, 9, 9, "oak"), (20, 20, 30, 30, "elm")], "trees"))
    panel = shown("boxesfromareas")
    panel.wrappers["AREAS"].setParameterValue(polygons.id(), QgsProcessingContext())
    panel.wrappers["FIELD"].setParameterValue("kind", QgsProcessingContext())
    widget = panel.wrappers["CLASSES"].widget
    assert list(offered(widget)) == ["elm", "oak"]
    symbol = QgsFillSymbol.createSimple({})
    polygons.setRenderer(QgsCategorizedSymbolRenderer("kind", [QgsRendererCategory("oak", symbol, "Oak tree")]))
    assert list(offered(widget)) == ["oak"]
    QTest.keyClicks(widget.line, "elm, fir")  # what is typed counts, too
    assert panel.wrappers["CLASSES"].parameterValue() == "elm, fir"
    project.removeMapLayer(polygons.id())
    assert offered(widget) == {}


@pytest.mark.parametrize("name", [each.NAME for each in ALGORITHMS])
def test_every_dialog_opens_where_all_layers_are_rasters(shown, class_map, name):
    """QGIS 3.22 ended with those whose class field follows a layer that may be a raster."""
    assert shown(name).wrappers


def test_a_class_field_follows_its_layer(shown, class_map, make_boxes, project):
    boxes = project.addMapLayer(make_boxes([(1, 1, 9, 9, "oak")], "trees"))
    panel, context = shown("evaluate"), QgsProcessingContext()
    labels, field = panel.wrappers["LABELS"], panel.wrappers["FIELD"]
    field.setParameterValue("kind", context)  # before its layer is chosen
    labels.setParameterValue(class_map.id(), context)
    assert field.parameterValue() is None and field.widget.count() <= 1
    labels.setParameterValue(boxes.id(), context)
    assert field.parameterValue() == "kind"


def test_words_of_help_texts_lead_to_the_glossary(provider):
    linked = 0
    for algorithm in provider.algorithms():
        links = re.findall(r'<a href="([^"]+)">([^<]+)</a>', algorithm.shortHelpString())
        assert len({word.lower() for _, word in links}) == len(links)
        for address, _ in links:
            url = QUrl(address)
            page = Path(url.toLocalFile()).read_text(encoding="utf-8")
            assert f'id="{url.fragment()}"' in page, address
            linked += 1
    assert linked >= len(provider.algorithms())


def test_the_glossary_has_the_words_that_newcomers_ask_for():
    headings = (GUIDE / "glossary.md").read_text(encoding="utf-8").lower()
    for word in ("chip", "ground sampling distance", "ap50", "teacher", "student"):
        assert re.search(rf"^## .*\b{word}\b", headings, re.MULTILINE), word

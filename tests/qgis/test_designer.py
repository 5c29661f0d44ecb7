"""Our algorithms in QGIS's model designer and batch dialog, with the widgets that Processing really makes there."""

from pathlib import Path

import pytest
from qgis.core import (
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelParameter,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
)
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QComboBox

ROOT = Path(__file__).resolve().parents[2]
Source = QgsProcessingModelChildParameterSource
NAMES = [
    "predict",
    "predictrasters",
    "evaluate",
    "areastolines",
    "areastopolygons",
    "boxesfromareas",
    "checksources",
    "distilmodel",
    "exportchips",
    "exportmodel",
    "importlabels",
    "reviewpredictions",
    "trainpartialmultitask",
    "trainsemisupervised",
    "trainsupervised",
]


STATIC = Source.fromStaticValue(1).source()
"""The kind of a value that was typed; its enumeration has moved between versions of QGIS."""


def panel_of(dialog):
    from processing.modeler.ModelerParametersDialog import ModelerParametersPanelWidget

    return dialog.findChild(ModelerParametersPanelWidget)


@pytest.fixture
def designer(provider, project):
    """Opens the designer's dialog of a step."""
    from processing.modeler.ModelerParametersDialog import ModelerParametersDialog

    dialogs = []

    def open_step(name, model, child=None):
        algorithm = QgsApplication.processingRegistry().createAlgorithmById(name)
        dialogs.append(ModelerParametersDialog(algorithm, model, child))
        return dialogs[-1]

    yield open_step
    for dialog in dialogs:
        sip.delete(dialog)


def said(source):
    """A value of a step, comparable."""
    kind = source.source()
    names = source.parameterName(), source.outputChildId(), source.outputName(), source.expression()
    return (kind, *names, source.staticValue() if kind == STATIC else None)


def test_the_shipped_model_is_the_same_after_ok_in_each_of_its_steps(designer):
    model = QgsProcessingModelAlgorithm()
    assert model.fromFile(str(ROOT / "resources" / "models" / "map_areas.model3"))
    for name, child in model.childAlgorithms().items():
        again = designer(child.algorithmId(), model, name).createAlgorithm()
        for parameter, sources in child.parameterSources().items():
            kept = again.parameterSources().get(parameter, [])
            assert list(map(said, kept)) == list(map(said, sources)), (name, parameter)


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_keeps_a_model_s_input_in_the_designer(designer, name):
    model, algorithm = QgsProcessingModelAlgorithm(), None
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"geodistil:{name}")
    inputs = [each for each in algorithm.parameterDefinitions() if not each.isDestination()]
    child = QgsProcessingModelChildAlgorithm(algorithm.id())
    child.setChildId("step")
    for each in inputs:
        model.addModelParameter(each.clone(), QgsProcessingModelParameter(each.name()))
        child.addParameterSources(each.name(), [Source.fromModelParameter(each.name())])
    model.addChildAlgorithm(child)
    again = designer(algorithm.id(), model, "step").createAlgorithm().parameterSources()
    for each in inputs:
        assert [said(source) for source in again[each.name()]] == [said(Source.fromModelParameter(each.name()))]


@pytest.mark.parametrize(("training", "step"), [("trainsupervised", "predict"), ("trainpartialmultitask", "evaluate")])
def test_what_a_training_gives_can_be_another_step_s_model(designer, training, step):
    model = QgsProcessingModelAlgorithm()
    child = QgsProcessingModelChildAlgorithm(f"geodistil:{training}")
    child.setChildId("training")
    model.addChildAlgorithm(child)
    dialog = designer(f"geodistil:{step}", model)
    trained = Source.fromChildOutput("training", "MODEL")
    panel_of(dialog).wrappers["MODEL"].setWidgetValue(trained)
    assert [said(source) for source in dialog.createAlgorithm().parameterSources()["MODEL"]] == [said(trained)]


def test_choices_have_titles_in_the_designer_and_the_model_keeps_the_short_names(designer):
    model = QgsProcessingModelAlgorithm()
    shown = designer("geodistil:trainpartialmultitask", model)
    wrapper = panel_of(shown).wrappers["SOFT_SEGMENTATION"]
    definition = shown.algorithm().parameterDefinition("SOFT_SEGMENTATION")
    titles = definition.metadata()["widget_wrapper"]["titles"]
    combo = next(each for each in wrapper.findChildren(QComboBox) if each.findData("dist") >= 0)
    assert [combo.itemText(combo.findData(name)) for name in definition.options()] == titles
    QTest.keyClick(combo, Qt.Key.Key_Home)
    QTest.keyClicks(combo, titles[definition.options().index("dist")])
    child = shown.createAlgorithm()
    assert [said(each) for each in child.parameterSources()["SOFT_SEGMENTATION"]] == [
        said(Source.fromStaticValue("dist"))
    ]
    model.addChildAlgorithm(child)
    again = designer("geodistil:trainpartialmultitask", model, child.childId())  # opened once more
    wrapper = panel_of(again).wrappers["SOFT_SEGMENTATION"]
    assert wrapper.value().staticValue() == "dist"
    assert titles[definition.options().index("dist")] in {
        each.currentText() for each in wrapper.findChildren(QComboBox)
    }


@pytest.mark.parametrize("name", NAMES)
def test_no_choice_shows_codes_in_the_designer(designer, name):
    shown = designer(f"geodistil:{name}", QgsProcessingModelAlgorithm())
    for parameter, wrapper in panel_of(shown).wrappers.items():
        definition = wrapper.parameterDefinition()
        if isinstance(definition, QgsProcessingParameterEnum) and definition.usesStaticStrings():
            texts = {each.itemText(row) for each in wrapper.findChildren(QComboBox) for row in range(each.count())}
            assert set(definition.metadata()["widget_wrapper"]["titles"]) <= texts, parameter


@pytest.fixture
def batch(provider, project):
    """Opens the batch dialog of an algorithm, and gives its panel."""
    from processing.gui.BatchAlgorithmDialog import BatchAlgorithmDialog

    dialogs = []

    def open_batch(name):
        algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"geodistil:{name}")
        dialogs.append(BatchAlgorithmDialog(algorithm, None))
        return dialogs[-1].mainWidget()

    yield open_batch
    for dialog in dialogs:
        sip.delete(dialog)


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_keeps_its_value_in_the_batch_dialog(batch, name, tmp_path):
    panel = batch(name)
    hidden = QgsProcessingParameterDefinition.Flag.FlagHidden
    values = {"file": str(tmp_path / "model"), "string": "words", "number": None, "boolean": True}
    seen = 0
    for column, wrapper in enumerate(panel.wrappers[0]):
        definition = wrapper.parameterDefinition() if wrapper is not None else None
        if definition is None or definition.flags() & hidden or definition.type() not in values:
            continue
        value = min(definition.maximum(), 1000) if definition.type() == "number" else values[definition.type()]
        wrapper.setParameterValue(value, QgsProcessingContext())
        assert panel.wrappers[0][column].parameterValue() == value, definition.name()
        seen += 1
    assert seen

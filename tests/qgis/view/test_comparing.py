"""Two models on the same ground, from the models window to the swipe, without holding the window up."""

import json
import os
import shutil

import pytest
from geodistil.jobs.package_registry import register, set_current_model
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from ..probe import STALL_SECONDS, Probe
from .conftest import MODEL


@pytest.fixture
def two(tmp_path):
    """The model twice, under two names."""
    for name in ("first", "second"):
        copy = tmp_path / name
        shutil.copytree(MODEL, copy)
        item = json.loads((copy / "item.json").read_text())
        item["properties"]["geodistil:card"]["name"] = name
        (copy / "item.json").write_text(json.dumps(item))
        register(str(copy))
    return tmp_path / "first", tmp_path / "second"


def test_two_models_come_onto_the_map_with_the_swipe_and_another_current_one_ends_it(
    buttons, window, project, two, wait
):
    from geodistil.ui.models.window import ModelsWindow

    models = ModelsWindow(window, lambda *_: None, buttons.predictor, buttons.swipe)
    models.open_again()
    wait(lambda: len(models.models) == 2)
    models.table.selectAll()
    probe = Probe()
    QTest.mouseClick(models.on_map, Qt.MouseButton.LeftButton)
    wait(lambda: buttons.swipe.isChecked() and not buttons.predictor.busy)
    wait(lambda: buttons.tool.item is not None and buttons.tool.item.ready)
    probe.turn()
    print(f"longest stall {1000 * probe.longest:.0f} ms, busiest turn {1000 * probe.busiest:.0f} ms")
    assert probe.busiest < STALL_SECONDS
    root = project.layerTreeRoot()
    groups = {name: root.findGroup(f"{name} in this view").findLayerIds() for name in ("first", "second")}
    assert [len(each) for each in groups.values()] == [2, 2]
    left, right = buttons.tool.item.sides
    sides = {left.name: left.hidden, right.name: right.hidden}
    assert sides == {"first": frozenset(groups["second"]), "second": frozenset(groups["first"])}
    engine = buttons.predictor.engine.pid

    set_current_model(two[0])
    buttons.once.trigger()
    wait(lambda: len(buttons.predictor.shown()) == 1 and not buttons.predictor.busy)
    assert root.findGroup("second in this view") is None
    assert buttons.predictor.engine.pid == engine

    home = buttons.predictor.engine._home
    models.close()
    buttons.predictor.remove()
    buttons.predictor.engine.close()
    assert not home.exists() and not os.path.exists(f"/proc/{engine}")

"""A town with boxes and areas, as layers of a project, drafts of runs on it, and the wizard filled in."""

import json
import sys

import numpy as np
import pytest
from geodistil.jobs.sources.draft import ClassDraft, Draft, SourceDraft
from geodistil.jobs.sources.preparation import Preparation
from geodistil.ui.wizard.wizard import TrainingWizard
from qgis.core import QgsRasterLayer
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QWizard

from ..waiting import let_qgis_work_until

BOXES = [(8, 8, 20, 20, "car"), (40, 8, 60, 20, "bus"), (8, 40, 20, 50, "car"), (80, 80, 90, 90, None)]
ROOFS = [(4, 4, 30, 30, "roof"), (50, 50, 90, 90, "road"), (60, 4, 90, 30, "roof")]


ENGINE = """#!{python}
import json, pathlib, sys
command, folder = sys.argv[3], pathlib.Path(sys.argv[4])
run = json.loads((folder / "run.json").read_text())
if command == "train":
    (folder / "events.jsonl").write_text(json.dumps({{"kind": "finished"}}) + "\\n")
elif run["training"]["chip_size"] > 512:
    print(json.dumps({{"error": {{"code": "split", "message": "The chips are too large.", "hint": "Lower them."}}}}))
else:
    roles = ("detection", "segmentation")
    classes = {{role: {{c["name"]: 3 for c in run.get(role + "_classes", [])}} for role in roles}}
    ring = [[500000, 4999936], [500064, 4999936], [500064, 5000000], [500000, 5000000], [500000, 4999936]]
    block = {{"source": "north", "crs": "EPSG:32633", "split": "training"}}
    block["polygon"] = {{"type": "Polygon", "coordinates": [ring]}}
    print(json.dumps({{
        "gsd_m": 0.5, "bands": [1, 2, 3], "dtype": "uint8", "train_area_m2": 4096.0, "label_counts": classes,
        "networks": {{"student": "fpn, mobilenet_v2, 2.7 M parameters"}}, "stages": [{{"name": "student", "share": 1}}],
        "warnings": ["The detection class 'bus' has no labels in the validation blocks."], "blocks": [block],
        "estimate": "--probe" in sys.argv and {{
            "device": run["training"]["device"], "memory_bytes": 2e9,
            "stages": [{{"name": "student", "share": 1.0, "seconds_per_step": 0.5, "steps_per_epoch": 10}}],
        }},
    }}))
"""
"""A program with the engine's manners, which answers at once."""


@pytest.fixture
def wait(qgis_app):
    """Lets QGIS work until a condition holds."""

    return lambda condition, seconds=20: let_qgis_work_until(condition, seconds)


@pytest.fixture
def town(project, make_raster, make_boxes, tmp_path):
    """Layers by name: two rasters, boxes, roofs."""
    image = np.random.default_rng(0).integers(0, 255, (3, 128, 128)).astype("uint8")
    layers = {
        "north": QgsRasterLayer(str(make_raster(tmp_path / "north.tif", image)), "north"),
        "south": QgsRasterLayer(str(make_raster(tmp_path / "south.tif", image)), "south"),
        "cars": make_boxes(BOXES, "cars"),
        "roofs": make_boxes(ROOFS, "roofs"),
    }
    project.addMapLayers(list(layers.values()))
    return layers


@pytest.fixture
def draft(town):
    """Boxes in the north, areas in the south, inside a labelled area."""
    ids = {name: layer.id() for name, layer in town.items()}
    sources = [
        SourceDraft(ids["north"], "detection", ids["cars"], "kind"),
        SourceDraft(ids["south"], "segmentation", ids["roofs"], "kind", area="layer", area_layer=ids["roofs"]),
    ]
    classes = {
        "detection": [ClassDraft("vehicle", "#111111", ["car", "bus"])],
        "segmentation": [ClassDraft("roof", "#222222", ["roof"]), ClassDraft("road", "#333333", ["road"], used=False)],
    }
    return Draft(sources, classes)


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """A program with the engine's manners stands where its Python is."""
    program = tmp_path / "engine-python"
    program.write_text(ENGINE.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setenv("GEODISTIL_PYTHON", str(program))


@pytest.fixture
def wizard(town, project, tmp_path):
    window = TrainingWizard(project)
    window.session.draft.parent = str(tmp_path / "runs")
    window.show()
    yield window
    window.reject()
    sip.delete(window)  # QGIS's main window would own it; nobody does here


@pytest.fixture
def filled(wizard, town, wait, pages):
    """The first page filled in: boxes in the north, areas in the south."""
    wizard.sources.add_rasters([town["north"], town["south"]])
    pages.choose(wizard, 0, "detection", town["cars"])
    pages.choose(wizard, 1, "segmentation", town["roofs"])
    wait(wizard.sources.isComplete)
    return wizard


@pytest.fixture
def prepare(project, wait, tmp_path):
    """Writes a draft's run folder; returns it with the run."""

    def write(draft, name="run"):
        folder, told = tmp_path / name, []
        folder.mkdir()
        preparation = Preparation(draft, folder, project)
        preparation.done.connect(lambda: told.append(None))
        preparation.failed.connect(told.append)
        preparation.start()
        wait(lambda: told)
        if told[0] is not None:
            raise told[0]
        return folder, json.loads((folder / "run.json").read_text())

    return write


class Pages:
    """The wizard's pages, filled in and read."""

    def __init__(self, wait):
        self._wait = wait

    @staticmethod
    def choose(wizard, row, role, labels, field=None):
        """Fill in the fields of one source."""
        page, editor = wizard.sources, wizard.sources.editor
        page.table.clearSelection()
        page.table.selectRow(row)
        editor.role.setCurrentIndex(editor.role.findData(role))
        editor.labels.setLayer(labels)
        if field is not None:
            editor.field.setField(field)

    @staticmethod
    def cells(table, column):
        return [table.item(row, column).text() for row in range(table.rowCount())]

    @staticmethod
    def problem(wizard, field):
        return wizard.sources.editor._problems[field].text()

    @staticmethod
    def can_go_on(wizard):
        return wizard.button(QWizard.WizardButton.NextButton).isEnabled()

    def go_to_check(self, wizard):
        for _ in range(3):
            wizard.next()
        self._wait(lambda: wizard.check._work is None, 60)

    def go_to_run(self, wizard):
        self.go_to_check(wizard)
        wizard.next()
        self.look(wizard)

    def look(self, wizard):
        """Wait until the folder of the last page is looked at."""
        self._wait(wizard.run._looked)


@pytest.fixture
def pages(wait):
    return Pages(wait)

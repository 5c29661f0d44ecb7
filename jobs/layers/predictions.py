"""What an engine's prediction looks like on the map, and those that a run made after its training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from qgis.core import QgsMapLayer, QgsProject, QgsRasterLayer, QgsVectorLayer

from ..errors import CancelledError, GeoDistilError
from ..packages import read_card
from ..runs.archive import Progress
from ..runs.files import MODEL_FOLDER, predicted
from ..translation import tr
from .confidence_style import style_confidence
from .origin import of_model
from .styled import GROUND, OVERLAYS, VECTORS, Result, Style, put_in_group, save_look
from .styles import style_class_map, style_detections
from .value_style import style_values

LOOKS: dict[str, tuple[str, Style, int]] = {
    "classes": (tr("classes"), style_class_map, GROUND),
    "confidence": (tr("confidence"), style_confidence, OVERLAYS),
    "detections": (tr("detections"), style_detections, VECTORS),
    "values": (tr("values"), style_values, GROUND),
}
"""The engine's name of an output -> (a person's, how it looks, its level in the group)."""


def find_predictions(run: Path, progress: Progress) -> list[Result]:
    """What a run predicted when its training was done; their files keep their looks then. For workers: it takes time.

    Raises:
        GeoDistilError: the run has no model or no predictions, or a file is gone.
        CancelledError: `progress`, told how far it is, said so.
    """
    model = Model(read_card(run / MODEL_FOLDER), str(run / MODEL_FOLDER))
    found = [
        prediction(kind, output[kind], model, Imagery(output["raster"], Path(output["raster"]).stem))
        for output in predicted(run)
        for kind in LOOKS
        if output.get(kind)
    ]
    if not found:
        raise GeoDistilError("output", tr("{run} has no predictions.").format(run=run.name))
    for number, result in enumerate(found):
        if not progress(number / len(found)):
            raise CancelledError
        save_look(result)
    return found


def add_prediction(result: Result, project: QgsProject) -> QgsMapLayer:
    """Add one of them to a project, styled, in the group of the model's name; on the main thread."""
    title = result.origin.title
    layer = QgsRasterLayer(result.path, title) if result.raster else QgsVectorLayer(result.path, title, "ogr")
    result.look(layer)
    project.addMapLayer(layer)
    put_in_group(layer, result.origin.group, result.above, project)
    return layer


class Model(NamedTuple):
    """What predicted.

    Attributes:
        card: the model's.
        package: where it is.
    """

    card: dict[str, Any]
    package: str


class Imagery(NamedTuple):
    """What was predicted.

    Attributes:
        raster: its file.
        name: what people call it.
        layer: id of its layer.
    """

    raster: str
    name: str
    layer: str = ""


def prediction(kind: str, path: str, model: Model, imagery: Imagery, group: tuple[str, ...] = ()) -> Result:
    """An output file of the engine's `predict`.

    Args:
        kind: the engine's name of the output.
        path: the file.
        model: what predicted.
        imagery: what was predicted.
        group: of the layer tree; empty for the model's name.
    """
    what, style, level = LOOKS[kind]
    title = f"{imagery.name}: {what}"
    origin = of_model(title, model.card, model.package, imagery.raster)
    origin = replace(origin, group=group) if group else origin
    return Result(path, style, model.card, origin, (title, title), imagery.layer, kind != "detections", level)

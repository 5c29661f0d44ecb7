"""A result file, or all of a prediction, becomes styled layers that look right wherever they are opened.

`save_look` writes symbology and metadata into or beside the file, also where nothing is loaded; `load_styled` has
Processing show it in its group. Saving waits for the disk, so it is for workers: its layer lives no longer than it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable, NamedTuple

from osgeo import gdal
from qgis.core import (
    QgsLayerTree,
    QgsLayerTreeGroup,
    QgsLayerTreeLayer,
    QgsMapLayer,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)

from ..errors import CancelledError, GeoDistilError
from ..packages import read_card
from ..runs.archive import Progress
from ..runs.files import MODEL_FOLDER, predicted
from ..translation import tr
from .results import Origin, first_layer, of_model
from .styles import style_class_map, style_confidence, style_detections, style_values

Style = Callable[[QgsMapLayer, "dict[str, Any]"], None]

IN_DATABASE = ".gpkg"
"""Ending of files that keep styles and metadata inside; others have a `.qml` and a `.qmd` beside them."""

SYNCHRONOUS = "OGR_SQLITE_SYNCHRONOUS"

GROUND, OVERLAYS, VECTORS = range(3)
"""Levels in a group: class maps, what is looked at over them, polygons and lines."""

LEVEL = "geodistil/level"
"""The layer's property that keeps it."""


@dataclass(frozen=True)
class Result:
    """A file that was written, and what a person should see of it.

    Args:
        path: the file.
        style: called with the layer and the card.
        card: what the style needs: the model's card, or a legend.
        origin: where it comes from.
        names: the name that Processing gives by itself, and the better one; a person's or a model's own is kept.
        above: id of the imagery that it must not be hidden by; empty where there is none.
        raster: whether it is a raster.
        level: what lies over what in the group, where larger is higher.
    """

    path: str
    style: Style
    card: dict[str, Any]
    origin: Origin
    names: tuple[str, str]
    above: str = ""
    raster: bool = False
    level: int = VECTORS

    def look(self, layer: QgsMapLayer) -> None:
        """Style a layer of this file, and tell it where it comes from."""
        self.style(layer, self.card)
        layer.setMetadata(self.origin.metadata(layer))
        layer.setCustomProperty(LEVEL, self.level)

    def moved(self, path: str, group: tuple[str, ...]) -> Result:
        """The same result in another file, and in another group of the layer tree."""
        return replace(self, path=path, origin=replace(self.origin, group=group))


def save_look(result: Result) -> None:
    """Save symbology and metadata with a file, as its default; on any thread, with a layer of its own.

    Beside the main thread, Python's wrapper of what a layer owns (`layer.dataProvider()`, `layer.renderer()`) is
    sometimes void, so styles use none: a renderer gets its input from its layer anyway.

    Raises:
        GeoDistilError: the file cannot be opened, or they cannot be written.
    """
    with _without_waiting_for_the_disk():
        layer = _opened(result)
        result.look(layer)
        problem = _save_style(layer, result)
        message, saved = layer.saveDefaultMetadata()
        del layer  # closes the file
    if problem or not saved:
        raise GeoDistilError(
            "output",
            tr("How {path} looks could not be saved: {reason}.").format(path=result.path, reason=problem or message),
        )


def _save_style(layer: QgsMapLayer, result: Result) -> str:
    """Save a layer's style with its file; what went wrong, empty where nothing did."""
    path = Path(result.path)
    if path.suffix.lower() == IN_DATABASE:
        _forget_styles(layer)
        return layer.saveStyleToDatabase(layer.name(), result.origin.title, True, "")
    message, saved = layer.saveNamedStyle(str(path.with_suffix(".qml")))
    return "" if saved else message


@contextmanager
def _without_waiting_for_the_disk() -> Iterator[None]:
    """Let SQLite leave the writing to the system: its waits for the disk, one a change, would be seen as a freeze."""
    before = gdal.GetThreadLocalConfigOption(SYNCHRONOUS)
    gdal.SetThreadLocalConfigOption(SYNCHRONOUS, "OFF")
    try:
        yield
    finally:
        gdal.SetThreadLocalConfigOption(SYNCHRONOUS, before)


def _forget_styles(layer: QgsVectorLayer) -> None:
    """Remove what an earlier result left of itself: QGIS would ask a person before it writes over a style."""
    _, ids, names, *_ = layer.listStylesInDatabase()
    for style, name in zip(ids, names):
        if name == layer.name():
            layer.deleteStyleFromDatabase(style)


def _opened(result: Result) -> QgsMapLayer:
    """A layer of a file, on its own, in no project."""
    name, address = Path(result.path).stem, result.path
    if Path(address).suffix.lower() == IN_DATABASE:  # metadata are kept by the layer's name
        address += f"|layername={first_layer(Path(address))}"
    layer = QgsRasterLayer(address, name) if result.raster else QgsVectorLayer(address, name, "ogr")
    if not layer.isValid():
        raise GeoDistilError("output", tr("{path} cannot be opened as a layer.").format(path=result.path))
    return layer


class StyleOnLoad(QgsProcessingLayerPostProcessorInterface):
    """Styles a layer when Processing loads it, on the main thread.

    QGIS keeps only a bare pointer to a post-processor, and the algorithm may be gone by then: `alive` holds on.
    """

    alive: list[StyleOnLoad] = []  # noqa: RUF012

    def __init__(self, result: Result) -> None:
        super().__init__()
        self._result = result

    def postProcessLayer(
        self, layer: QgsMapLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        """Style the layer and put it in its place (called by Processing, once the layer is in the project)."""
        self._result.look(layer)  # again: Processing may have a default style of its own
        if context.project() is not None:
            put_in_group(layer, self._result.origin.group, self._result.above, context.project())


def load_styled(context: QgsProcessingContext, result: Result) -> None:
    """Have Processing load a result, if it is to load it at all, with its look, a telling name and its place.

    Args:
        context: knows what is to be loaded.
        result: what was written.
    """
    if not context.willLoadLayerOnCompletion(result.path):
        return
    details = context.layerToLoadOnCompletionDetails(result.path)
    if details.name == result.names[0]:
        details.name = result.names[1]
    processor = StyleOnLoad(result)
    StyleOnLoad.alive.append(processor)
    details.setPostProcessor(processor)


def do_not_load(context: QgsProcessingContext, layer_id: str) -> None:
    """Take an output that was not written off the list of layers to load."""
    layers = context.layersToLoadOnCompletion()
    layers.pop(layer_id, None)
    context.setLayersToLoadOnCompletion(layers)


def group_of(layer: QgsMapLayer, project: QgsProject | None) -> tuple[str, ...]:
    """The group that a layer lies in, as names from the root on; empty where it lies in none, or in no project."""
    node = project.layerTreeRoot().findLayer(layer.id()) if project is not None else None
    names: list[str] = []
    while node is not None and node.parent() is not None and node.parent().parent() is not None:
        node = node.parent()
        names.insert(0, node.name())
    return tuple(names)


def put_in_group(layer: QgsMapLayer, path: tuple[str, ...], above: str, project: QgsProject) -> None:
    """Move a layer of a project into a group, above those of its level and lower ones.

    Args:
        layer: the layer.
        path: the group, as names from the root on; one that is there is used again, a single name's wherever it lies.
            Empty leaves the layer where it is.
        above: id of the layer that the group must lie above; empty puts a new group on top.
        project: the layer's.
    """
    root = project.layerTreeRoot()
    node = root.findLayer(layer.id())
    if node is None or not path:
        return
    group = _group(root, path, root.findLayer(above))
    group.insertChildNode(_place(group, layer), node.clone())
    node.parent().removeChildNode(node)


def _place(group: QgsLayerTreeGroup, layer: QgsMapLayer) -> int:
    """Where in a group a layer goes: above all others on its level or lower; QGIS may have put it there itself."""
    others = {
        index: child.layer()
        for index, child in enumerate(group.children())
        if isinstance(child, QgsLayerTreeLayer) and child.layer() and child.layerId() != layer.id()
    }
    return next((index for index, other in others.items() if _level(other) <= _level(layer)), len(group.children()))


def _level(layer: QgsMapLayer) -> int:
    return int(layer.customProperty(LEVEL, 0))


def _group(root: QgsLayerTree, path: tuple[str, ...], above: QgsLayerTreeLayer | None) -> QgsLayerTreeGroup:
    beside = _below(above.parent(), path) if above is not None else None
    group = beside or _below(root, path) or (root.findGroup(path[0]) if len(path) == 1 else None)
    if group is None:
        if above is None:
            return root.insertGroup(0, path[-1])
        return above.parent().insertGroup(above.parent().children().index(above), path[-1])
    return group if above is None else _lifted(root, group, above)


def _below(parent: QgsLayerTreeGroup, path: tuple[str, ...]) -> QgsLayerTreeGroup | None:
    """The group that names lead to, one level each."""
    for name in path:
        groups = [each for each in parent.children() if isinstance(each, QgsLayerTreeGroup) and each.name() == name]
        if not groups:
            return None
        parent = groups[0]
    return parent


def _lifted(root: QgsLayerTree, group: QgsLayerTreeGroup, above: QgsLayerTreeLayer) -> QgsLayerTreeGroup:
    """The group, above a layer that would hide it."""
    order, inside = root.findLayerIds(), group.findLayerIds()
    place = order.index(above.layerId())
    if above.layerId() in inside or all(order.index(layer) < place for layer in inside):
        return group
    lifted = group.clone()
    above.parent().insertChildNode(above.parent().children().index(above), lifted)
    group.parent().removeChildNode(group)
    return lifted


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

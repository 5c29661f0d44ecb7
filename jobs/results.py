"""Files the engine wrote become the outputs a person asked for, and layers that look right."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Callable

from osgeo import gdal
from qgis.core import (
    QgsMapLayer,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsProject,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

from .errors import GeoDistilError

Style = Callable[[QgsMapLayer, "dict[str, Any]"], None]


def place_raster(source: Path, destination: str) -> None:
    """Move a GeoTIFF to its destination; another format is translated by GDAL.

    Raises:
        GeoDistilError: the destination cannot be written.
    """
    if Path(destination).suffix.lower() in (".tif", ".tiff"):
        _move(source, Path(destination))
    elif gdal.Translate(destination, str(source)) is None:
        raise GeoDistilError("output", f"GDAL cannot write {destination}.", "Choose a file that ends in .tif.")


def place_vector(source: Path, destination: str, context: QgsProcessingContext) -> None:
    """Move a GeoPackage to its destination; other formats are written by QGIS.

    Raises:
        GeoDistilError: the destination cannot be written.
    """
    suffix = Path(destination).suffix.lower()
    if suffix == ".gpkg":
        _move(source, Path(destination))
        return
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = QgsVectorFileWriter.driverForExtension(suffix)
    options.layerName = Path(destination).stem
    error, message, *_ = QgsVectorFileWriter.writeAsVectorFormatV3(
        QgsVectorLayer(str(source), source.stem, "ogr"), destination, context.transformContext(), options
    )
    if error != QgsVectorFileWriter.WriterError.NoError:
        raise GeoDistilError("output", f"{destination} cannot be written: {message}.", "Choose a file ending in .gpkg.")


def _move(source: Path, destination: Path) -> None:
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(str(source), str(destination))
        sidecar = Path(f"{source}.aux.xml")  # a class map's names
        if sidecar.exists():
            shutil.move(str(sidecar), f"{destination}.aux.xml")
    except OSError as error:
        raise GeoDistilError("output", f"{destination} cannot be written: {error.strerror or error}.") from error


class StyleOnLoad(QgsProcessingLayerPostProcessorInterface):
    """Styles a layer when Processing loads it, on the main thread.

    QGIS keeps only a bare pointer to a post-processor, and the algorithm may be gone by then: `alive` holds on.
    """

    alive: list[StyleOnLoad] = []  # noqa: RUF012

    def __init__(self, style: Style, card: dict[str, Any], above: str) -> None:
        super().__init__()
        self._style, self._card, self._above = style, card, above

    def postProcessLayer(
        self, layer: QgsMapLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        """Style the layer and put it in its place (called by Processing, once the layer is in the project)."""
        self._style(layer, self._card)
        if self._above and context.project() is not None:
            _move_above(layer, self._above, context.project())


def _move_above(layer: QgsMapLayer, reference: str, project: QgsProject) -> None:
    root = project.layerTreeRoot()
    node, below = root.findLayer(layer.id()), root.findLayer(reference)
    if node is not None and below is not None:
        below.parent().insertChildNode(below.parent().children().index(below), node.clone())
        node.parent().removeChildNode(node)


def load_styled(
    context: QgsProcessingContext,
    layer_id: str,
    names: tuple[str, str],
    style: Style,
    card: dict[str, Any],
    above: str = "",
) -> None:
    """Have Processing load an output, if it is to load it at all, with a style and a name that says what it shows.

    Args:
        context: knows what is to be loaded.
        layer_id: the output's path.
        names: the name that Processing gives by itself, and the better one; a person's or a model's own is kept.
        style: called with the layer and the card.
        card: the model's card.
        above: id of the layer it is to lie directly above; empty leaves it where Processing puts it.
    """
    if not context.willLoadLayerOnCompletion(layer_id):
        return
    details = context.layerToLoadOnCompletionDetails(layer_id)
    if details.name == names[0]:
        details.name = names[1]
    processor = StyleOnLoad(style, card, above)
    StyleOnLoad.alive.append(processor)
    details.setPostProcessor(processor)


def do_not_load(context: QgsProcessingContext, layer_id: str) -> None:
    """Take an output that was not written off the list of layers to load."""
    layers = context.layersToLoadOnCompletion()
    layers.pop(layer_id, None)
    context.setLayersToLoadOnCompletion(layers)

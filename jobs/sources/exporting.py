"""Rasters that are no files become GeoTIFFs of the run folder: services are fetched, others (tables) exported."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProject,
    QgsProviderRegistry,
    QgsRaster,
    QgsRasterFileWriter,
    QgsRasterFileWriterTask,
    QgsRasterLayer,
    QgsRasterPipe,
    QgsRectangle,
    QgsTask,
)

from ..background import Background, Cancelled
from ..errors import CancelledError, GeoDistilError, as_error
from ..given import given
from ..tiles.fetching import fetch
from ..tiles.plan import Order, order_for
from ..tiles.service import is_service
from ..translation import tr
from .draft import SourceDraft
from .facts import raster_facts

ALPHA = QgsRaster.ColorInterpretation.AlphaBand
SAMPLES = 64
"""Rows and columns that are looked at of an export."""


def export_size(layer: QgsRasterLayer, source: SourceDraft) -> tuple[int, int]:
    """Columns and rows of a source's export."""
    facts = raster_facts(layer)
    west, south, east, north = source.extent or (0, 0, 0, 0)
    across = source.pixel_size or facts.extent.width() / facts.columns
    down = source.pixel_size or facts.extent.height() / facts.rows
    return max(1, round((east - west) / across)), max(1, round((north - south) / down))


def source_order(layer: QgsRasterLayer, source: SourceDraft) -> Order:
    """What is fetched of a source that is a web service.

    Raises:
        GeoDistilError: nothing is there, or it is absurdly much.
    """
    extent = QgsRectangle(*(source.extent or (0, 0, 0, 0)))
    return order_for(layer, extent, layer.crs(), source.pixel_size, QgsProject.instance())


def fetched_order(source: SourceDraft, project: QgsProject) -> Order | None:
    """The same; none where the source is no service, or cannot be fetched so."""
    layer = project.mapLayer(source.raster)
    try:
        return source_order(layer, source) if is_service(layer) and source.extent is not None else None
    except GeoDistilError:
        return None


def view_of(
    layer: QgsRasterLayer, view: QgsRectangle, crs: QgsCoordinateReferenceSystem, pixel: float
) -> tuple[float, float, float, float] | None:
    """The extent of a view, where that is not much of a web service; else none, for a person to choose."""
    try:
        order = order_for(layer, view, crs, pixel, QgsProject.instance())
    except GeoDistilError:
        return None
    extent = order.extent
    corners = (extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum())
    return None if order.estimate.many else corners


def fetch_task(
    order: Order,
    path: Path,
    told: Callable[[str], None],
    done: Callable[[], None],
    failed: Callable[[GeoDistilError], None],
) -> Background:
    """The fetch of a web service as a task; `done` or `failed` is called on the main thread, `told` on the task's."""

    def work(cancelled: Cancelled) -> None:
        fetch(order, path, lambda progress: told(progress.text), cancelled)

    return Background(tr("Fetch {layer}").format(layer=order.service.name), work, lambda _: done(), failed)


def check_export(path: Path, name: str) -> None:
    """Refuse an export without any data: of a service that does not answer, QGIS writes a picture of nothing.

    Raises:
        GeoDistilError: all of it is transparent or no-data.
    """
    provider = QgsProviderRegistry.instance().createProvider("gdal", str(path))
    alpha = provider.bandCount() == 4 and provider.colorInterpretation(4) == ALPHA
    block = provider.block(4 if alpha else 1, provider.extent(), SAMPLES, SAMPLES)
    if all(block.value(i) == 0 if alpha else block.isNoData(i) for i in range(SAMPLES * SAMPLES)):
        raise GeoDistilError(
            "raster",
            tr(
                "The layer {name} has no picture of this extent: it is empty there, or its server does not answer."
            ).format(name=name),
            tr("Look at it on the map, then try again."),
        )


def export_task(
    layer: QgsRasterLayer,
    source: SourceDraft,
    path: Path,
    done: Callable[[], None],
    failed: Callable[[GeoDistilError], None],
) -> QgsTask:
    """QGIS's own export as a task; `done` or `failed` is called on the main thread.

    Args:
        layer: the raster layer; its data is read through a copy of its provider.
        source: gives the extent and pixel size.
        path: the GeoTIFF to write.
        done: called when it is written.
        failed: called with the error otherwise, a cancel too.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    pipe = QgsRasterPipe()
    pipe.set(layer.dataProvider().clone())
    writer = QgsRasterFileWriter(str(path))
    writer.setOutputFormat("GTiff")
    writer.setCreateOptions(["TILED=YES", "COMPRESS=DEFLATE", "BIGTIFF=IF_SAFER"])
    columns, rows = export_size(layer, source)
    task = QgsRasterFileWriterTask(
        writer,
        pipe,
        columns,
        rows,
        QgsRectangle(*given(source.extent)),
        layer.dataProvider().crs(),
        QgsProject.instance().transformContext(),
    )
    name = layer.name()
    task.taskCompleted.connect(done)
    task.errorOccurred.connect(lambda *_: failed(_failure(task, name, path)))
    return task


def _failure(task: QgsTask, name: str, path: Path) -> GeoDistilError:
    if task.isCanceled():
        return as_error(CancelledError(), tr("Exporting {layer}…").format(layer=name).rstrip("…"))
    return GeoDistilError("output", tr("The layer {name} cannot be exported to {path}.").format(name=name, path=path))

"""What is worth knowing of rasters and labels: none of it stops a training, all of it explains one."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.core import QgsMapLayer, QgsVectorLayer

from ..translation import local, tr
from .facts import RasterFacts

COARSER = 1.5
"""From this ratio on, a difference of resolution is told."""


def findings(rasters: Sequence[RasterFacts], gsd: float) -> list[str]:
    """Sentences on coordinate systems, resolutions, bands and no-data.

    Args:
        rasters: the run's imagery.
        gsd: the model's ground sampling distance in metres.
    """
    return [*_crs(rasters), *_resolution(rasters, gsd), *_bands(rasters), *_nodata(rasters)]


def unsaved(layers: Sequence[QgsMapLayer]) -> list[str]:
    """Sentences on label layers that are being edited."""
    edited = [layer.name() for layer in layers if isinstance(layer, QgsVectorLayer) and layer.isModified()]
    return [
        tr("{layer} has edits that are not saved: the run learns from what is on the screen.").format(layer=name)
        for name in edited
    ]


def _crs(rasters: Sequence[RasterFacts]) -> list[str]:
    names = sorted({raster.crs.authid() or raster.crs.description() for raster in rasters})
    if len(names) < 2:
        return []
    return [
        tr("The rasters have different coordinate systems ({names}); each is read in its own, in metres.").format(
            names=", ".join(names)
        )
    ]


def _resolution(rasters: Sequence[RasterFacts], gsd: float) -> list[str]:
    found = []
    for raster in rasters:
        if raster.gsd and raster.gsd > COARSER * gsd:
            found.append(
                tr(
                    "{raster} has {gsd} m per pixel and the model {target} m: it is enlarged, "
                    "and small things may not be in it."
                ).format(raster=raster.name, gsd=local(raster.gsd, 2), target=local(gsd, 2))
            )
        elif raster.gsd and raster.gsd * COARSER < gsd:
            found.append(
                tr("{raster} has {gsd} m per pixel and is read at {target} m.").format(
                    raster=raster.name, gsd=local(raster.gsd, 2), target=local(gsd, 2)
                )
            )
    return found


def _bands(rasters: Sequence[RasterFacts]) -> list[str]:
    numbers = sorted({raster.bands for raster in rasters})
    if len(numbers) < 2:
        return []
    return [
        tr("The rasters have different numbers of bands ({names}); the colour bands are read.").format(
            names=", ".join(map(str, numbers))
        )
    ]


def _nodata(rasters: Sequence[RasterFacts]) -> list[str]:
    told = [raster.name for raster in rasters if raster.nodata is not None]
    if not told or len(told) == len(rasters):
        return []
    return [
        tr("Only {names} say which value means no data; borders of the others count as imagery.").format(
            names=", ".join(told)
        )
    ]

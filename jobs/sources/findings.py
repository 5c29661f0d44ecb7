"""What is worth knowing of rasters together: none of it stops a training, all of it explains one."""

from __future__ import annotations

from collections.abc import Sequence

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


def _crs(rasters: Sequence[RasterFacts]) -> list[str]:
    names = sorted({raster.crs.authid() or raster.crs.description() for raster in rasters})
    if len(names) < 2:
        return []
    return [f"The rasters have different coordinate systems ({', '.join(names)}); each is read in its own, in metres."]


def _resolution(rasters: Sequence[RasterFacts], gsd: float) -> list[str]:
    found = []
    for raster in rasters:
        if raster.gsd and raster.gsd > COARSER * gsd:
            found.append(
                f"{raster.name} has {raster.gsd:.2f} m per pixel and the model {gsd:.2f} m: it is enlarged, "
                "and small things may not be in it."
            )
        elif raster.gsd and raster.gsd * COARSER < gsd:
            found.append(f"{raster.name} has {raster.gsd:.2f} m per pixel and is read at {gsd:.2f} m.")
    return found


def _bands(rasters: Sequence[RasterFacts]) -> list[str]:
    numbers = sorted({raster.bands for raster in rasters})
    if len(numbers) < 2:
        return []
    return [f"The rasters have different numbers of bands ({', '.join(map(str, numbers))}); the colour bands are read."]


def _nodata(rasters: Sequence[RasterFacts]) -> list[str]:
    told = [raster.name for raster in rasters if raster.nodata is not None]
    if not told or len(told) == len(rasters):
        return []
    return [f"Only {', '.join(told)} say which value means no data; borders of the others count as imagery."]

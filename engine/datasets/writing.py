"""What importers write into a run folder: images where they need a place, class rasters, boxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyogrio
import rasterio
import shapely
from pyogrio.errors import DataSourceError

from ..config import RUN_FILE, Labels, Run, save_run
from ..errors import ConfigError, OutputError
from .components import MINIMUM_PIXELS, boxes_from_mask
from .held_out import HeldOut, save_held_out

CLASS_FIELD = "class"


@dataclass(frozen=True)
class Boxes:
    """How boxes are made from masks.

    Args:
        classes: names of the classes that get boxes.
        minimum: smallest object in pixels, unless all of the class are smaller.
        opening: half side of the square that cuts thin bridges, in pixels; 0 is off.
    """

    classes: tuple[str, ...] = ("building", "tree", "car")
    minimum: int = MINIMUM_PIXELS
    opening: int = 0


@dataclass
class Imported:
    """A written run folder.

    Args:
        folder: the run folder.
        run: its run.
        held_out: its test rasters.
        notes: what a person should know, for example official tiles that were not there.
    """

    folder: Path
    run: Run
    held_out: list[HeldOut]
    notes: list[str] = field(default_factory=list)

    def save(self) -> Imported:
        """Write `run.json` and `test.json`.

        Raises:
            OutputError: the folder cannot be written.
        """
        save_run(self.run, self.folder)
        save_held_out(self.held_out, self.folder)
        return self


def fresh(folder: Path) -> Path:
    """A run folder without a run in it, absolute.

    Raises:
        ConfigError: it holds a run.
    """
    if (folder / RUN_FILE).exists():
        raise ConfigError(f"{folder} already holds a run; choose another folder or remove it.")
    return folder.resolve()


def write_boxes(classes: Path, target: Path, layer: str, boxes: Boxes, values: Mapping[str, int]) -> Labels | None:
    """Write the boxes of a class raster as a layer of a GeoPackage; none where there are no objects.

    Args:
        classes: class raster, read whole (a tile of 6000 x 6000 pixels takes 36 MB).
        target: GeoPackage, made or added to.
        layer: the layer's name.
        boxes: which boxes.
        values: the class value of each class name.

    Raises:
        OutputError: the target cannot be written.
    """
    with rasterio.open(classes) as dataset:
        mask, transform, crs = dataset.read(1), dataset.transform, dataset.crs.to_wkt()
    extents, found = boxes_from_mask(mask, [values[name] for name in boxes.classes], boxes.minimum, boxes.opening)
    if not len(extents):
        return None
    corners = shapely.box(*extents.T)
    polygons = shapely.transform(corners, lambda x, y: transform @ (x, y), interleaved=False)
    names = {value: name for name, value in values.items()}
    data = [np.array([names[value] for value in found.tolist()], object)]
    options = {"layer": layer, "driver": "GPKG", "geometry_type": "Polygon", "crs": crs}
    try:
        pyogrio.raw.write(target, shapely.to_wkb(polygons), data, [CLASS_FIELD], **options)
    except DataSourceError as error:
        raise OutputError(f"{target} cannot be written: {error}") from error
    return Labels(path=str(target), layer=layer, field=CLASS_FIELD)

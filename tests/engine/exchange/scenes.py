"""One piece of ground in rasters of every awkward kind, labelled with boxes and areas."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyogrio
import pyproj
import shapely
from rasterio.transform import Affine

CARS = {"car": [(5, 6, 17, 12), (58, 40, 72, 48), (100, 90, 112, 97)], "bus": [(20, 58, 44, 71)]}
"""Boxes in pixels of the plain raster; some lie across the borders of chips of 64."""
FIELDS = {
    "field": [shapely.Polygon([(10, 10), (90, 14), (80, 70), (20, 60)], [[(40, 30), (60, 30), (60, 45), (40, 45)]])],
    "lake": [shapely.Polygon([(95, 60), (125, 62), (110, 110)])],
}
KINDS = {
    "plain": ("EPSG:32645", Affine(0.5, 0, 300_000, 0, -0.5, 3_000_000), (3, 120, 130), "uint8"),
    "south_up": ("EPSG:32645", Affine(0.5, 0, 300_000, 0, 0.5, 2_999_940), (3, 120, 130), "uint8"),
    "non_square": ("EPSG:32645", Affine(0.5, 0, 300_000, 0, -0.25, 3_000_000), (3, 240, 130), "uint8"),
    "degrees": ("EPSG:4326", Affine(5e-6, 0, 85.0, 0, -4.5e-6, 27.1), (3, 120, 130), "uint8"),
    "uint16": ("EPSG:32645", Affine(0.5, 0, 300_000, 0, -0.5, 3_000_000), (1, 120, 130), "uint16"),
    "four_bands": ("EPSG:32645", Affine(0.5, 0, 300_000, 0, -0.5, 3_000_000), (4, 120, 130), "uint8"),
}


@dataclass
class Scene:
    raster: Path
    boxes: Path
    areas: Path
    crs: str
    pixel: float
    """Side in units of the CRS, the longer one."""


def write_labels(path, classes, transform, crs):
    shapes = [each for shapes in classes.values() for each in shapes]
    ground = shapely.transform(np.array(shapes, object), lambda xy: np.column_stack(transform @ tuple(xy.T)))
    names = [name for name, shapes in classes.items() for _ in shapes]
    pyogrio.raw.write(
        path, shapely.to_wkb(ground), [np.array(names, object)], ["kind"], geometry_type="Polygon", crs=crs,
        driver="GPKG",
    )  # fmt: skip


def read(path):
    """(CRS, {class: the polygons})."""
    meta, _, wkb, values = pyogrio.raw.read(path)
    shapes, names = shapely.from_wkb(wkb), values[list(meta["fields"]).index("class")]
    return pyproj.CRS(meta["crs"]), {name: shapes[names == name] for name in dict.fromkeys(names)}


def truth(path):
    _, _, wkb, values = pyogrio.raw.read(path)
    shapes = shapely.from_wkb(wkb)
    return {name: shapes[values[0] == name] for name in dict.fromkeys(values[0])}

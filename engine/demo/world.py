"""The demo world on disk: rasters with their truth, ready to be layers of a map."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyogrio
import rasterio
import shapely
from rasterio.errors import RasterioError
from rasterio.transform import Affine
from shapely.geometry.base import BaseGeometry

from ..errors import OutputError
from .scene import GSD, Painting, paint
from .shapes import NORTH, SOUTH, Look

FEW = 0.25
"""Share of a scene that the labelled area's part `few` covers."""


@dataclass(frozen=True)
class Scene:
    """A raster and its complete truth.

    Args:
        name: the scene's name.
        raster: GeoTIFF, uint8 RGB, 0.25 m.
        cars: GeoPackage of oriented rectangles, field `class`: car, truck.
        areas: GeoPackage of polygons, field `class`: roof, road, water.
        labelled_area: GeoPackage of two polygons, field `part`: few (a quarter of the scene), rest.
    """

    name: str
    raster: Path
    cars: Path
    areas: Path
    labelled_area: Path


@dataclass(frozen=True)
class World:
    """Two cities of different look, each with a scene to train on and another to test on, and a part without labels.

    The unlabelled part looks like the south; its truth is there for scoring only.
    """

    north_train: Scene
    north_test: Scene
    south_train: Scene
    south_test: Scene
    unlabelled: Scene

    def scenes(self) -> list[Scene]:
        """All scenes."""
        return [self.north_train, self.north_test, self.south_train, self.south_test, self.unlabelled]


def generate(folder: Path, size: int = 1024, seed: int = 0) -> World:
    """Write the demo world; the same size and seed give the same files, byte for byte.

    Args:
        folder: where to, made if missing.
        size: side of each scene in pixels of 0.25 m.
        seed: which world.

    Raises:
        OutputError: the folder cannot be written.
    """
    places = {
        "north_train": NORTH,
        "north_test": NORTH,
        "south_train": SOUTH,
        "south_test": SOUTH,
        "unlabelled": SOUTH,
    }
    scenes = {
        name: scene(folder, size, seed * len(places) + number, Site(look, name, number))
        for number, (name, look) in enumerate(places.items())
    }
    return World(**scenes)


class Site(NamedTuple):
    """Where a scene lies.

    Attributes:
        look: how it looks there.
        name: the stem of its files.
        number: scenes of the same look and another number do not overlap on the map.
    """

    look: Look = NORTH
    name: str = "scene"
    number: int = 0


SITE = Site()


def scene(folder: Path, size: int = 256, seed: int = 0, site: Site = SITE) -> Scene:
    """Write one scene.

    Args:
        folder: where to, made if missing.
        size: side in pixels of 0.25 m.
        seed: which scene.
        site: where it lies.

    Raises:
        OutputError: the folder cannot be written.
    """
    look, name, number = site
    files = {part: folder / f"{name}_{part}.gpkg" for part in ("cars", "areas", "labelled_area")}
    written = Scene(name, folder / f"{name}.tif", **files)
    painting = paint(look, size, seed)
    easting, northing = look.origin
    transform = Affine(GSD, 0, easting + number * 1.25 * size * GSD, 0, -GSD, northing)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_raster(written.raster, painting.image, look.crs, transform)
        _write_truth(written, painting, look.crs, transform)
    except (OSError, RasterioError, pyogrio.errors.DataSourceError) as error:
        raise OutputError(f"The demo world cannot be written to {folder}: {error}.") from error
    return written


def _write_raster(path: Path, image: np.ndarray, crs: str, transform: Affine) -> None:
    height, width, bands = image.shape
    profile = {"driver": "GTiff", "dtype": "uint8", "count": bands, "width": width, "height": height}
    tiling = {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "deflate", "predictor": 2}
    with rasterio.open(path, "w", **profile, **tiling, crs=crs, transform=transform, photometric="RGB") as raster:
        raster.write(image.transpose(2, 0, 1))


def _write_truth(files: Scene, painting: Painting, crs: str, transform: Affine) -> None:
    def on_map(shapes: list[BaseGeometry]) -> np.ndarray:
        return np.array([shapely.transform(shape, lambda points: _to_map(points, transform)) for shape in shapes])

    pieces = [(name, piece) for name, area in painting.areas.items() for piece in _polygons(area)]
    _write_layer(files.cars, "cars", on_map(painting.vehicles), {"class": painting.vehicle_classes}, crs)
    areas = on_map([piece for _, piece in pieces])
    _write_layer(files.areas, "areas", areas, {"class": [name for name, _ in pieces]}, crs)
    few, rest = _parts(painting)
    _write_layer(files.labelled_area, "labelled_area", on_map([few, rest]), {"part": ["few", "rest"]}, crs)


def _to_map(points: np.ndarray, transform: Affine) -> np.ndarray:
    found: np.ndarray = points * (transform.a, transform.e) + (transform.c, transform.f)
    return found


def _polygons(area: BaseGeometry) -> list[BaseGeometry]:
    return [piece for piece in shapely.get_parts(area) if piece.geom_type == "Polygon" and piece.area > 1]


def _parts(painting: Painting) -> tuple[BaseGeometry, BaseGeometry]:
    """The strip that is `few`, and the rest: at the left, or at the first other side where every class is.

    Labels without a class that the scene has would teach nothing of it.
    """
    size = painting.image.shape[0]
    border, whole = round(size * FEW), shapely.box(0, 0, size, size)
    strips = [
        shapely.box(0, 0, border, size),
        shapely.box(size - border, 0, size, size),
        shapely.box(0, 0, size, border),
        shapely.box(0, size - border, size, size),
    ]
    areas = list(painting.areas.values())
    few = next((strip for strip in strips if all(area.intersection(strip).area for area in areas)), strips[0])
    return few, whole.difference(few)


def _write_layer(path: Path, layer: str, shapes: np.ndarray, fields: dict[str, list[str]], crs: str) -> None:
    path.unlink(missing_ok=True)
    # A GeoPackage notes when it was written, which would make equal worlds differ.
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2024-01-01T00:00:00.000Z"})
    try:
        pyogrio.raw.write(
            path,
            shapely.to_wkb(shapes),
            [np.array(values, object) for values in fields.values()],
            list(fields),
            layer=layer,
            driver="GPKG",
            geometry_type="Polygon",
            crs=crs,
            dataset_options={"VERSION": "1.2"},
        )
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})

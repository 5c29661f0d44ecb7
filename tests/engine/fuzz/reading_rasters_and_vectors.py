"""Reads files as the commands do, and says of each on one line of JSON how that went: a process of its own.

`python reading_rasters_and_vectors.py FILE ...`
"""

import json
import sys
import time
import traceback
import warnings

import numpy as np
from rasterio.crs import CRS
from rasterio.transform import from_origin

from engine.config import Area, Labels, Run, Source, Supervised
from engine.data.grid import ground_grid
from engine.data.labels import labelled_area, read_labels
from engine.data.opening import is_raster
from engine.data.raster import OnGrid, RasterReader
from engine.data.vectors import Layer, extent
from engine.errors import GeoDistilError
from engine.evaluation.detections import read_detections, sheet_of
from engine.inference.region import Where, region_of
from engine.inference.vectors import ClassMap

SECONDS = 20
RASTERS = ("table.gpkg", ".tif", ".png", ".img", ".jp2", ".bil", ".vrt")
GRID = ground_grid(CRS.from_epsg(32632), from_origin(500_000, 5_300_000, 1, 1), 32, 32)


def read_raster(path):
    reader = RasterReader(path)
    window = 0, 0, min(64, reader.grid.width), min(64, reader.grid.height)
    for each in (reader, RasterReader(path, gsd=1.5 * reader.native_gsd), RasterReader(path, on=OnGrid(GRID))):
        image, _ = each.read(*window)
        assert np.isfinite(image).all()
    reader.footprint()


def read_map(path):
    with ClassMap(path) as classes:
        classes.read(0, min(32, classes.height))


def read_label_layer(path):
    labels = Labels(path=path, field="class", ignore_values=["NULL"])
    area = Area(kind="layer", path=path)
    classes = [{"name": "house"}, {"name": "shed"}]
    for role in ("segmentation", "detection"):
        source = Source(raster="a.tif", role=role, labels=labels, area=area)
        run = Run(sources=[source], detection_classes=classes, segmentation_classes=classes, recipe=Supervised())
        found = read_labels(run, source, GRID, lambda _: None)
        if found is not None and hasattr(found, "object_points"):
            found.object_points(), found.area_points(), found.hull()
        labelled_area(source, Sheet, found, lambda _: None)


class Sheet:
    grid, path = GRID, "a.tif"

    @staticmethod
    def outline():
        import shapely

        return shapely.box(0, 0, GRID.width, GRID.height)


def read_area(path):
    region_of("a.tif", GRID, Where(Layer(path, purpose="area layer")))


def read_extent(path):
    extent(Layer(path), GRID)


def read_scores(path):
    sheet = sheet_of([path], Labels(path=path), Area(kind="layer", path=path))
    read_detections(path, sheet.grid, ["house", "shed"])


def outcome(path):
    """How reading went: all ways in are tried, and one unexpected end is the file's."""
    ways = [read_label_layer, read_area, read_extent, read_scores]
    if path.endswith(RASTERS):
        ways = [read_raster, read_map] if "map" in path.rpartition("/")[2] else [read_raster, is_raster]
    said, begun = "read", time.monotonic()
    for way in ways:
        try:
            way(path)
        except GeoDistilError as error:
            if "\n" in str(error) or "Traceback" in str(error) or not str(error):
                return f"said badly by {way.__name__}: {error}"
            said = f"refused by {way.__name__}: {error}"
        except Exception:
            return f"unexpected in {way.__name__}: {traceback.format_exc()[-1500:]}"
    return f"slow: {time.monotonic() - begun:.0f} s" if time.monotonic() - begun > SECONDS else said


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for file in sys.argv[1:]:
        print(json.dumps([file, outcome(file)]), flush=True)

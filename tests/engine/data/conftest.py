"""Small rasters, layers and runs, and where the real imagery is."""

import os
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from rasterio.enums import ColorInterp
from rasterio.transform import from_origin

from engine.config import Area, ClassDefinition, Labels, Run, Source, Split, Supervised, Training

UTM = "EPSG:32632"
LEFT, TOP = 500_000, 5_300_000


@pytest.fixture
def raster(tmp_path):
    """Writes an array (C, H, W) or a size as a GeoTIFF and returns its path."""

    def write(name, values=(3, 64, 64), crs=UTM, transform=None, nodata=None, alpha=False, seed=0, **options):
        if isinstance(values, tuple):
            values = np.random.default_rng(seed).integers(1, 200, values, np.uint8)
        path = tmp_path / name
        profile = {
            "driver": "GTiff",
            "count": values.shape[0],
            "height": values.shape[1],
            "width": values.shape[2],
            "dtype": values.dtype,
            "crs": crs,
            "transform": from_origin(LEFT, TOP, 1, 1) if transform is None else transform,
            "nodata": nodata,
        }
        with rasterio.open(path, "w", **profile | options) as dataset:
            dataset.write(values)
            if alpha:
                dataset.colorinterp = [*dataset.colorinterp[:-1], ColorInterp.alpha]
        return str(path)

    return write


@pytest.fixture
def layer(tmp_path):
    """Writes geometries as a GeoPackage layer and returns its path."""

    def write(name, geometries, crs=UTM, layer="labels", append=False, geometry_type=None, **fields):
        path = tmp_path / name
        kind = geometry_type or (geometries[0].geom_type + (" Z" if geometries[0].has_z else ""))
        pyogrio.raw.write(
            path,
            shapely.to_wkb(np.array(geometries, dtype=object), output_dimension=3),
            [np.array(values) for values in fields.values()],
            list(fields),
            layer=layer,
            geometry_type=kind,
            crs=crs,
            append=append,
            driver="GPKG",
        )
        return str(path)

    return write


def square(column, row, side=6, height=None):
    """A rectangle in pixels of a one-metre raster, in map coordinates."""
    return shapely.box(LEFT + column, TOP - row - (height or side), LEFT + column + side, TOP - row)


def scattered_squares(size, step=16, side=6):
    """Squares all over a raster of so many pixels."""
    return [square(c, r, side) for r in range(5, size - side, step) for c in range(5, size - side, step)]


def make_run(*sources, names=("house",), chip=64, gsd=None, split=None, recipe=None, background=True, **training):
    """A run with the same classes for both tasks."""
    classes = [ClassDefinition(name=name) for name in names]
    return Run(
        gsd=gsd,
        sources=list(sources),
        detection_classes=classes,
        segmentation_classes=classes,
        background=background,
        recipe=recipe or Supervised(),
        split=split or Split(),
        training=Training(**{"chip_size": chip, "batch_size": 4, "workers": 0} | training),
    )


def source(raster, role="segmentation", labels=None, area=None, **options):
    """A source; labels may be a path."""
    labels = Labels(path=labels) if isinstance(labels, str) else labels
    return Source(raster=raster, role=role, labels=labels, area=area or Area(kind="raster"), **options)


@pytest.fixture
def tools():
    """The helpers above, for test files cannot import one another."""

    class Tools:
        LEFT, TOP, UTM = LEFT, TOP, UTM

    Tools.square, Tools.scattered, Tools.run, Tools.source = map(
        staticmethod, (square, scattered_squares, make_run, source)
    )
    return Tools


@pytest.fixture(scope="session")
def imagery():
    """The folder of real imagery."""
    folder = Path(os.environ.get("GEODISTIL_DATA") or Path(__file__).parents[4] / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"there is no real imagery at {folder}")
    return folder

"""Scenes on the disk, and the engine's command line."""

import json

import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import Affine

from engine.cli.main import main

from .scenes import CARS, FIELDS, KINDS, Scene, write_labels


@pytest.fixture
def scene(tmp_path):
    """`scene(kind)` writes a raster and its labels, in the raster's CRS."""

    def write(kind="plain", folder=None):
        crs, transform, shape, dtype = KINDS[kind]
        place = folder or tmp_path / kind
        place.mkdir(parents=True, exist_ok=True)
        values = np.random.default_rng(1).integers(1, 250 if dtype == "uint8" else 60_000, shape).astype(dtype)
        with rasterio.open(
            place / "ground.tif", "w", driver="GTiff", count=shape[0], height=shape[1], width=shape[2], dtype=dtype,
            crs=crs, transform=transform, photometric="MINISBLACK",
        ) as raster:  # fmt: skip
            raster.write(values)
        stretch = shape[1] / 120
        boxes = {name: [shapely.box(*each) for each in shapes] for name, shapes in CARS.items()}
        for name, classes in (("cars", boxes), ("areas", FIELDS)):
            write_labels(place / f"{name}.gpkg", classes, transform @ Affine.scale(1, stretch), crs)
        pixel = max(abs(transform.a), abs(transform.e))
        return Scene(place / "ground.tif", place / "cars.gpkg", place / "areas.gpkg", crs, pixel)

    return write


@pytest.fixture
def engine(capsys):
    """Runs a command: (exit code, its JSON)."""

    def run(*arguments):
        code = main([*map(str, arguments), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def refused(engine):
    """Runs a command that fails: its sentence."""

    def run(*arguments):
        code, answer = engine(*arguments)
        assert code == 1
        error = answer["error"]
        assert error["code"] != "unexpected", error["message"]
        assert "\n" not in error["message"]
        return f"{error['message']} {error['hint']}"

    return run

"""Banepa's tiles: four columns of eight to train on, a column to test on, and imagery without labels around them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyogrio
import rasterio
import shapely

from .declare import Settings, Test
from .mosaic import NO_DATA, write_mosaic

BUILDING = {"name": "building", "color": "#e4572e"}
ROWS = range(220241, 220249)
COLUMNS = range(386690, 386694)
TEST_COLUMN = 386694
AROUND = 2
"""Unlabelled imagery reaches this many tiles beyond the labelled ones."""


@dataclass(frozen=True)
class Banepa:
    """Files made for the tables.

    Args:
        train: mosaic of the 32 tiles.
        test: mosaic of the 8 test tiles.
        imagery: mosaic of the 32 tiles and of those around, test tiles never among them.
        tiles: outlines of the 40 tiles, field `tile`.
        buildings: the labels.
    """

    train: Path
    test: Path
    imagery: Path
    tiles: Path
    buildings: Path

    def labelled(self, role: str, tiles: list[str], split: str = "auto") -> Settings:
        """Some training tiles as a source."""
        return {
            "raster": str(self.train),
            "role": role,
            "name": f"Banepa {role} {split}",
            "labels": {"path": str(self.buildings)},
            "area": {"path": str(self.tiles), "where": among(tiles)},
            "nodata": NO_DATA,
            "split": split,
        }

    def unlabelled(self) -> Settings:
        """All imagery but the test tiles."""
        return {"raster": str(self.imagery), "role": "unlabelled", "nodata": NO_DATA}

    def test_of(self, task: str, rows: range = ROWS, place: str = "") -> Test:
        """The 8 test tiles for one task, or those of some rows."""
        area = {"path": str(self.tiles), "where": among([tile(TEST_COLUMN, row) for row in rows])}
        return Test("banepa", self.test, task, {"path": str(self.buildings)}, area, place=place)


def tile(column: int, row: int) -> str:
    """A tile's name."""
    return f"OAM-{column}-{row}-19"


def among(tiles: list[str]) -> str:
    """An attribute filter for some tiles."""
    return "tile IN ({})".format(", ".join(f"'{name}'" for name in tiles))


def train_tiles(rows: range = ROWS) -> list[str]:
    """The training tiles of some rows."""
    return [tile(column, row) for row in rows for column in COLUMNS]


def labelled_order(seed: int, rows: range) -> list[str]:
    """The training tiles of some rows in a seeded order; the first n are the labelled ones, so sets are nested."""
    return [str(name) for name in np.random.default_rng(seed).permutation(train_tiles(rows))]


def make_banepa(data: Path, folder: Path) -> Banepa:
    """Write mosaics and outlines."""
    source = data / "banepa"
    tests = {tile(TEST_COLUMN, row) for row in ROWS}
    train = set(train_tiles())
    return Banepa(
        write_mosaic(source / "banepa.vrt", train.__contains__, folder / "train.vrt"),
        write_mosaic(source / "banepa.vrt", tests.__contains__, folder / "test.vrt"),
        write_mosaic(source / "banepa.vrt", lambda name: name not in tests and _near(name), folder / "imagery.vrt"),
        _write_outlines(source / "tiles", sorted(train | tests), folder / "tiles.gpkg"),
        source / "buildings.gpkg",
    )


def _near(name: str) -> bool:
    column, row = map(int, name.split("-")[1:3])
    return COLUMNS[0] - AROUND <= column <= TEST_COLUMN + AROUND and ROWS[0] - AROUND <= row <= ROWS[-1] + AROUND


def _write_outlines(folder: Path, names: list[str], output: Path) -> Path:
    boxes = []
    for name in names:
        with rasterio.open(folder / f"{name}.tif") as raster:
            boxes.append(shapely.box(*raster.bounds))
            crs = raster.crs
    values = [np.array(names, dtype=object)]
    pyogrio.raw.write(
        output, shapely.to_wkb(boxes), values, ["tile"], geometry_type="Polygon", crs=crs.to_wkt(), driver="GPKG"
    )
    return output

"""Small made-up downloads with the official layout."""

from types import SimpleNamespace

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from engine.datasets.isprs import CLASSES

SIDE = 64


def write(path, bands, crs=None, transform=None, driver="GTiff"):
    """Bands (C, H, W) as a raster."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count, height, width = bands.shape
    profile = {"count": count, "height": height, "width": width, "dtype": bands.dtype, "driver": driver}
    if count == 4:
        profile |= {"photometric": "RGB", "alpha": "NO"}
    with rasterio.open(path, "w", crs=crs, transform=transform, **profile) as dataset:
        dataset.write(bands)
    return path


def scene(seed):
    """Class values (H, W) 1 to 6: ground with two buildings and a car at random places, in every class."""
    rng = np.random.default_rng(seed)
    values = np.ones((SIDE, SIDE), np.uint8)
    values[:, 56:60], values[:4], values[60:] = 3, 4, 6
    for row, column in ((8, 6), (32, 24)):
        values[row : row + 14, column : column + int(rng.integers(8, 16))] = 2
    values[50:58, 4:16] = 5
    return values


def coloured(values):
    """The official colour mask (3, H, W) of class values, black where 255."""
    table = np.zeros((256, 3), np.uint8)
    table[1:7] = list(CLASSES.values())
    return table[values].transpose(2, 0, 1)


def eroded(values):
    """The scene with its class borders marked 255."""
    border = np.zeros(values.shape, bool)
    border[:, 1:] |= values[:, 1:] != values[:, :-1]
    border[1:] |= values[1:] != values[:-1]
    return np.where(border, 255, values).astype(np.uint8)


def add_potsdam_tile(folder, name, seed, product="RGBIR"):
    """One Potsdam tile: georeferenced image, complete and eroded mask without georeferencing."""
    row, column = (int(number) for number in name.split("_"))
    place = from_origin(366_000 + column * SIDE * 0.05, 5_808_000 - row * SIDE * 0.05, 0.05, 0.05)
    image = np.random.default_rng(seed).integers(0, 255, (len(product) - (product == "RGBIR"), SIDE, SIDE), np.uint8)
    values = scene(seed)
    write(folder / f"4_Ortho_{product}" / f"top_potsdam_{name}_{product}.tif", image, "EPSG:32633", place)
    write(folder / "5_Labels_all" / f"top_potsdam_{name}_label.tif", coloured(values))
    write(folder / "5_Labels_all_noBoundary" / f"top_potsdam_{name}_label_noBoundary.tif", coloured(eroded(values)))
    return values


def add_vaihingen_tile(folder, name, seed):
    """One Vaihingen area: image with a world file and no CRS, masks of the same name elsewhere."""
    image = np.random.default_rng(seed).integers(0, 255, (3, SIDE, SIDE), np.uint8)
    values = scene(seed)
    path = write(folder / "top" / f"top_mosaic_09cm_area{name}.tif", image)
    path.with_suffix(".tfw").write_text(f"0.09\n0\n0\n-0.09\n{496_000 + seed * 100}.045\n5419999.955\n")
    write(folder / "gts_complete" / f"top_mosaic_09cm_area{name}.tif", coloured(values))
    write(folder / "gts_eroded" / f"top_mosaic_09cm_area{name}_noBoundary.tif", coloured(eroded(values)))
    return values


@pytest.fixture
def potsdam(tmp_path):
    """A Potsdam folder of four training tiles and one test tile, with their class values."""
    folder = tmp_path / "Potsdam"
    names = ["2_10", "7_9", "7_10", "6_7", "2_13"]
    return folder, {name: add_potsdam_tile(folder, name, seed) for seed, name in enumerate(names)}


@pytest.fixture
def vaihingen(tmp_path):
    """A Vaihingen folder of three training areas and one test area, with their class values."""
    folder = tmp_path / "Vaihingen"
    return folder, {name: add_vaihingen_tile(folder, name, seed) for seed, name in enumerate(["1", "3", "11", "2"])}


@pytest.fixture
def roadnet(tmp_path):
    """All twenty RoadNet images, a red road across white in each."""
    folder = tmp_path / "Ottawa-Dataset"
    for number in range(1, 21):
        image = np.random.default_rng(number).integers(0, 255, (3, SIDE, SIDE), np.uint8)
        mask = np.full((3, SIDE, SIDE), 255, np.uint8)
        mask[1:, number : number + 6] = 0
        write(folder / str(number) / f"Ottawa-{number}.tif", image)
        write(folder / str(number) / "segmentation.png", mask, driver="PNG")
        write(folder / str(number) / f"extra-Ottawa-{number}.tif", image)
    return folder


@pytest.fixture
def made():
    """The functions that make tiles."""
    return SimpleNamespace(write=write, coloured=coloured, eroded=eroded, potsdam_tile=add_potsdam_tile, side=SIDE)

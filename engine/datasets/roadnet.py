"""RoadNet (Ottawa) into a run folder, few images labelled as in arXiv 2402.05305."""

from __future__ import annotations

import re
from pathlib import Path

from ..config import Area, ClassDefinition, Labels, Run, Source
from ..errors import ConfigError, LabelError
from . import writing
from .rasters import Colour, Invented, georeferenced, write_class_raster
from .writing import HeldOut, Imported, Tile, fresh, natural, splits, spread

TRAIN = tuple(str(number) for number in range(2, 16))
TEST = ("1", "16", "17", "18", "19", "20")
GSD = 0.21
CRS = "EPSG:32618"
ORIGIN = (440_000.0, 5_030_000.0)
"""An invented place in Ottawa's UTM zone: the images have none."""

ROAD = 1
PALETTE: dict[Colour, int] = {(255, 255, 255): 0, (255, 0, 0): ROAD}
"""Red roads on white; the authors' loader takes every other colour for background, and so does the importer."""
_IMAGE = re.compile(r"Ottawa-(\d+)\.tif", re.IGNORECASE)
_MASK = "segmentation.png"


def import_roadnet(
    folder: Path,
    run_folder: Path,
    labelled: float = 0.25,
    *,
    preset: str = writing.DEFAULT,
    weights: str = "auto",
) -> Imported:
    """Make a run folder of RoadNet: road or not, train images 2 to 15, test images 1 and 16 to 20.

    Args:
        folder: where `Ottawa-Dataset` was unpacked.
        run_folder: to write.
        labelled: share of the training images that keep their labels, evenly spaced; the others are
            unlabelled sources. 1 labels all.
        preset: `default` or `igarss2024-sslkd`.
        weights: encoder weights, as in `Network`.

    Raises:
        ConfigError: the wrong folder, or a share outside (0, 1].
        RasterError: an image cannot be read.
        LabelError: a mask is missing, has another size than its image, or shows no road.
        OutputError: the run folder cannot be written.
    """
    if not 0 < labelled <= 1:
        raise ConfigError(f"The labelled share is {labelled:g}; it must be over 0 and at most 1.")
    run_folder, tiles = fresh(run_folder), _tiles(folder)
    train = [name for name in TRAIN if name in tiles]
    if not train:
        raise ConfigError(f"{folder} holds no training image of RoadNet (2 to 15).")
    known = splits(spread(train, labelled))
    sources = [_source(tiles[name], run_folder, known.get(name)) for name in train]
    recipe, training = writing.sslkd(preset, len(known) == len(train), weights)
    road = ClassDefinition(name="road", color="#ff0000", values=[str(ROAD)])
    run = Run(
        name=f"roadnet-{len(known)}-of-{len(train)}",
        gsd=GSD,
        bands=[1, 2, 3],
        sources=sources,
        segmentation_classes=[road],
        allow_remote=[str(folder.resolve())],
        recipe=recipe,
        training=training,
    )
    held_out = [_held_out(tiles[name], run_folder) for name in TEST if name in tiles]
    return Imported(run_folder, run, held_out, _notes(folder, tiles)).save()


def _tiles(folder: Path) -> dict[str, Tile]:
    if not folder.is_dir():
        raise ConfigError(f"The folder {folder} does not exist.", "Give the folder Ottawa-Dataset.")
    tiles = {}
    for path in sorted(folder.rglob("*.tif"), key=lambda path: natural(path.name)):
        match = _IMAGE.fullmatch(path.name)
        if match:
            mask = path.with_name(_MASK)
            tiles[match[1]] = Tile(match[1], path, (1, 2, 3), mask if mask.exists() else None)
    if not tiles:
        raise ConfigError(f"{folder} holds no RoadNet images (1/Ottawa-1.tif).", "Give the folder Ottawa-Dataset.")
    return tiles


def _source(tile: Tile, run_folder: Path, split: str | None) -> Source:
    """A labelled source, or an unlabelled one where there is no split."""
    return Source(
        raster=str(_image(tile, run_folder)),
        role="unlabelled" if split is None else "segmentation",
        name=f"roadnet {tile.name}",
        labels=None if split is None else _labels(tile, run_folder),
        area=Area(kind="raster"),
        split=split or "train",
    )


def _held_out(tile: Tile, run_folder: Path) -> HeldOut:
    image, labels = str(_image(tile, run_folder)), _labels(tile, run_folder)
    return HeldOut(name=f"roadnet {tile.name}", raster=image, bands=[1, 2, 3], task="segmentation", labels=labels)


def _image(tile: Tile, run_folder: Path) -> Path:
    vrt = run_folder / "rasters" / f"roadnet_{tile.name}.vrt"
    return georeferenced(tile.image, tile.bands, vrt, Invented(CRS, GSD, ORIGIN, int(tile.name) - 1))


def _labels(tile: Tile, run_folder: Path) -> Labels:
    if tile.truth is None:
        raise LabelError(f"There is no {_MASK} beside {tile.image}; unpack the whole dataset.")
    target = run_folder / "labels" / f"roadnet_{tile.name}_road.tif"
    found = write_class_raster(tile.truth, _image(tile, run_folder), target, PALETTE, others=0)
    if ROAD not in found:
        raise LabelError(f"The mask {tile.truth} has no red pixel (255, 0, 0), so it shows no road.")
    return Labels(path=str(target))


def _notes(folder: Path, tiles: dict[str, Tile]) -> list[str]:
    missing = [name for name in (*TRAIN, *TEST) if name not in tiles]
    return [f"Images that are not in {folder}: {', '.join(missing)}."] if missing else []

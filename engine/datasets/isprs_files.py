"""What the ISPRS 2D semantic labelling benchmarks consist of: official names, splits and colours."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..config import ClassDefinition
from ..errors import ConfigError, RasterError
from .colours import NODATA, Colour
from .tiles import Tile, natural

CLASSES = {
    "impervious surfaces": (255, 255, 255),
    "building": (0, 0, 255),
    "low vegetation": (0, 255, 255),
    "tree": (0, 255, 0),
    "car": (255, 255, 0),
    "clutter": (255, 0, 0),
}
"""Classes and mask colours of both benchmarks; class raster values are 1 to 6 in this order."""

VALUES = {name: value for value, name in enumerate(CLASSES, 1)}
COMPLETE: dict[Colour, int] = {colour: VALUES[name] for name, colour in CLASSES.items()}
ERODED: dict[Colour, int] = {**COMPLETE, (0, 0, 0): NODATA}

BANDS: dict[str, dict[str, tuple[int, ...]]] = {
    "rgbir": {"irrg": (4, 1, 2), "rgb": (1, 2, 3), "rgbir": (1, 2, 3, 4)},
    "irrg": {"irrg": (1, 2, 3)},
    "rgb": {"rgb": (1, 2, 3)},
}
"""Of each published image product, the bands of each combination that it can give."""


def class_definitions(names: list[str], values: bool) -> list[ClassDefinition]:
    """Classes with the benchmark's colours; label values are class raster values or the names themselves."""
    return [
        ClassDefinition(
            name=name,
            color="#{:02x}{:02x}{:02x}".format(*CLASSES[name]),
            values=[str(VALUES[name])] if values else [],
        )
        for name in names
    ]


@dataclass(frozen=True)
class Benchmark:
    """One benchmark.

    Args:
        name: for file names and the command line.
        title: for sentences.
        crs: of images that have none.
        gsd: metres.
        origin: upper left corner of the first image without any placement, in `crs`.
        train: official training tiles.
        test: official test tiles.
        pattern: matches its files' names; the group `tile` is the tile's name.
        kind: what a matching file is: an image product, `label` or `eroded`.
        example: a file name for sentences.
    """

    name: str
    title: str
    crs: str
    gsd: float
    origin: tuple[float, float]
    train: tuple[str, ...]
    test: tuple[str, ...]
    pattern: re.Pattern[str]
    kind: Callable[[Path, re.Match[str]], str]
    example: str

    def tiles(self, folder: Path, bands: str = "irrg") -> dict[str, Tile]:
        """The benchmark's tiles whose images lie anywhere in a folder.

        Raises:
            ConfigError: the folder is missing or holds none of the images.
            RasterError: an image cannot give the bands.
        """
        files: dict[str, dict[str, Path]] = {}
        for path in sorted(folder.rglob("*.tif")):
            match = self.pattern.fullmatch(path.name)
            if match:
                name = "_".join(str(number) for number in natural(match["tile"]))
                files.setdefault(name, {}).setdefault(self.kind(path.relative_to(folder), match), path)
        tiles = {name: self._tile(name, found, bands) for name, found in files.items() if found.keys() & BANDS.keys()}
        if not tiles.keys() & {*self.train, *self.test}:
            raise self._wrong_folder(folder)
        return tiles

    def _tile(self, name: str, found: dict[str, Path], bands: str) -> Tile:
        for product in BANDS:
            if product in found and bands in BANDS[product]:
                return Tile(name, found[product], BANDS[product][bands], found.get("label"), found.get("eroded"))
        images = ", ".join(found[product].name for product in BANDS if product in found)
        raise RasterError(
            f"{images} cannot give the bands {bands}.", "Download the RGBIR images or choose other bands."
        )

    def _wrong_folder(self, folder: Path) -> ConfigError:
        if not folder.is_dir():
            return ConfigError(f"The folder {folder} does not exist.", f"Give the folder with the {self.title} files.")
        zipped = any(folder.rglob("*.zip"))
        return ConfigError(
            f"{folder} holds none of the {self.title} images ({self.example}).",
            "Unpack its zip files first." if zipped else "Give the folder into which the download was unpacked.",
        )


def _potsdam_kind(path: Path, match: re.Match[str]) -> str:
    kind = match["kind"].lower()
    return "eroded" if kind == "label_noboundary" else kind


def _vaihingen_kind(path: Path, match: re.Match[str]) -> str:
    """Images and complete masks have the same names; images lie in a folder `top` (or `images`)."""
    if match["eroded"]:
        return "eroded"
    return "irrg" if {part.lower() for part in path.parts[:-1]} & {"top", "images"} else "label"


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


POTSDAM = Benchmark(
    name="potsdam",
    title="ISPRS Potsdam",
    crs="EPSG:32633",
    gsd=0.05,
    origin=(366_000.0, 5_808_000.0),
    train=_names(
        "2_10 2_11 2_12 3_10 3_11 3_12 4_10 4_11 4_12 5_10 5_11 5_12 "
        "6_7 6_8 6_9 6_10 6_11 6_12 7_7 7_8 7_9 7_10 7_11 7_12"
    ),
    test=_names("2_13 2_14 3_13 3_14 4_13 4_14 4_15 5_13 5_14 5_15 6_13 6_14 6_15 7_13"),
    pattern=re.compile(
        r"top_potsdam_(?P<tile>\d+_\d+)_(?P<kind>RGBIR|IRRG|RGB|label_noBoundary|label)\.tif", re.IGNORECASE
    ),
    kind=_potsdam_kind,
    example="top_potsdam_2_10_RGBIR.tif",
)
"""38 tiles of 6000 x 6000 pixels."""

VAIHINGEN = Benchmark(
    name="vaihingen",
    title="ISPRS Vaihingen",
    crs="EPSG:32632",
    gsd=0.09,
    origin=(496_000.0, 5_420_000.0),
    train=_names("1 3 5 7 11 13 15 17 21 23 26 28 30 32 34 37"),
    test=_names("2 4 6 8 10 12 14 16 20 22 24 27 29 31 33 35 38"),
    pattern=re.compile(r"top_mosaic_0?9cm_area(?P<tile>\d+)(?P<eroded>_noBoundary)?\.tif", re.IGNORECASE),
    kind=_vaihingen_kind,
    example="top/top_mosaic_09cm_area1.tif",
)
"""33 tiles of about 2500 x 2000 pixels, IR-R-G."""

BENCHMARKS = {benchmark.name: benchmark for benchmark in (POTSDAM, VAIHINGEN)}

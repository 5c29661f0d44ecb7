"""ISPRS Potsdam and Vaihingen into run folders, unevenly labelled as in arXiv 2405.15394.

Official names, splits and colours of the 2D semantic labelling benchmarks come first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ..config import Area, ClassDefinition, Labels, Recipe, Run, Source, Training
from ..errors import ConfigError, LabelError, RasterError
from ..types import given
from . import writing
from .rasters import NODATA, Colour, Invented, georeferenced, write_class_raster
from .writing import Boxes, HeldOut, Imported, Tile, alternating, fresh, natural, splits, write_boxes

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


__all__ = ["POTSDAM", "VAIHINGEN", "Boxes", "Choices", "import_isprs", "import_pair"]

Labelling = Literal["uneven", "boxes", "areas", "both"]
Task = Literal["detection", "segmentation"]


@dataclass(frozen=True)
class Choices:
    """What may be chosen of an imported run.

    Args:
        boxes: how boxes are made.
        preset: `default` or `igarss2024-multitask`.
        weights: encoder weights, as in `Network`.
        bands: of a single benchmark `irrg`, and of Potsdam also `rgb` or `rgbir`.
        detection_tiles: of a single benchmark that is labelled unevenly the training tiles that get boxes; none means
            every other one in natural order, beginning with the first.
    """

    boxes: Boxes = field(default_factory=Boxes)
    preset: str = writing.DEFAULT
    weights: str = "auto"
    bands: str = "irrg"
    detection_tiles: Sequence[str] | None = None


CHOICES = Choices()


def import_isprs(
    benchmark: Benchmark, folder: Path, run_folder: Path, labelling: Labelling = "uneven", choices: Choices = CHOICES
) -> Imported:
    """Make a run folder of one benchmark.

    Args:
        benchmark: `POTSDAM` or `VAIHINGEN`.
        folder: where the download was unpacked.
        run_folder: to write.
        labelling: `uneven` gives boxes to some training tiles and areas to the others; or only boxes, only
            areas, or both to every tile.
        choices: what else may be chosen.

    Raises:
        ConfigError: the wrong folder, or tiles that are not there.
        RasterError: an image cannot be read or has other bands.
        LabelError: a mask is missing, or does not fit its image or the classes.
        OutputError: the run folder cannot be written.
    """
    writer = _Writer(run_folder, choices.boxes)
    tiles = writer.open(benchmark, folder, choices.bands)
    train = [name for name in benchmark.train if name in tiles]
    by_task = _tasks(train, labelling, choices.detection_tiles)
    for task, names in by_task.items():
        writer.add_sources(task, names)
    writer.add_held_out()
    distils = labelling == "uneven"
    settings = writing.multitask(choices.preset, distils, choices.weights)
    return writer.finish(f"{benchmark.name}-{labelling}", benchmark.gsd, *settings)


def import_pair(
    detection: tuple[Benchmark, Path],
    segmentation: tuple[Benchmark, Path],
    run_folder: Path,
    choices: Choices = CHOICES,
) -> Imported:
    """Make a run folder with boxes from one benchmark and areas from the other, at the coarser one's gsd, IR-R-G.

    Args:
        detection: benchmark and folder whose training tiles get boxes.
        segmentation: benchmark and folder whose training tiles get areas.
        run_folder: to write.
        choices: boxes, preset and weights.

    Raises:
        ConfigError, RasterError, LabelError, OutputError: as `import_isprs`.
    """
    writer = _Writer(run_folder, choices.boxes)
    sides: dict[Task, tuple[Benchmark, Path]] = {"detection": detection, "segmentation": segmentation}
    for task, (benchmark, folder) in sides.items():
        tiles = writer.open(benchmark, folder, "irrg")
        writer.add_sources(task, [name for name in benchmark.train if name in tiles])
        writer.add_held_out()
    gsd = max(detection[0].gsd, segmentation[0].gsd)
    name = f"{detection[0].name}-boxes-{segmentation[0].name}-areas"
    return writer.finish(name, gsd, *writing.multitask(choices.preset, True, choices.weights))


def _tasks(train: list[str], labelling: Labelling, detection_tiles: Sequence[str] | None) -> dict[Task, list[str]]:
    """Which training tiles are labelled for which task."""
    if labelling != "uneven":
        wanted: dict[str, list[Task]] = {
            "boxes": ["detection"], "areas": ["segmentation"], "both": ["detection", "segmentation"]
        }  # fmt: skip
        return dict.fromkeys(wanted[labelling], train)
    if detection_tiles is None:
        detection, segmentation = alternating(train)
    else:
        unknown = sorted(set(detection_tiles) - set(train))
        if unknown:
            raise ConfigError(f"These are no training tiles of the folder: {', '.join(unknown)}.")
        detection = list(detection_tiles)
        segmentation = [name for name in train if name not in detection]
    if not detection or not segmentation:
        raise ConfigError("Uneven labelling needs a training tile for boxes and another for areas.")
    return {"detection": detection, "segmentation": segmentation}


class _Writer:
    """Writes tiles into one run folder, each file once, and collects the run."""

    def __init__(self, run_folder: Path, boxes: Boxes) -> None:
        self._folder = fresh(run_folder)
        self._boxes = boxes
        self._sources: list[Source] = []
        self._held_out: list[HeldOut] = []
        self._notes: list[str] = []
        self._written: set[Path] = set()
        unknown = sorted(set(boxes.classes) - CLASSES.keys())
        if unknown or not boxes.classes:
            raise ConfigError(f"Boxes are made of {', '.join(CLASSES)}; not of {', '.join(unknown) or 'nothing'}.")

    def open(self, benchmark: Benchmark, folder: Path, bands: str) -> dict[str, Tile]:
        """Turn to a benchmark; its tiles that are there."""
        self._benchmark, self._tiles = benchmark, benchmark.tiles(folder, bands)
        for purpose, official in (("training", benchmark.train), ("test", benchmark.test)):
            missing = [name for name in official if name not in self._tiles]
            if missing:
                self._notes.append(
                    f"{len(missing)} of the {len(official)} official {purpose} tiles of {benchmark.title} are not in "
                    f"{folder}: {', '.join(missing)}."
                )
        if not any(name in self._tiles for name in benchmark.train):
            raise ConfigError(f"{folder} holds no training tile of {benchmark.title}.")
        return self._tiles

    def add_sources(self, task: Task, names: Sequence[str]) -> None:
        """Training and validation sources of a task."""
        for name, split in splits(names).items():
            labels = self._areas(name) if task == "segmentation" else self._objects(name)
            if labels is None:
                self._notes.append(f"Tile {name} has no {', '.join(self._boxes.classes)} and is left out.")
                continue
            self._sources.append(
                Source(
                    raster=str(self._image(name)),
                    role=task,
                    name=f"{self._benchmark.name} {name} {'boxes' if task == 'detection' else 'areas'}",
                    labels=labels,
                    area=Area(kind="raster"),
                    bands=list(self._tiles[name].bands),
                    split=split,
                )
            )
        if not any(source.role == task for source in self._sources):
            raise LabelError(f"No training tile of {self._benchmark.title} has labels for {task}.")

    def add_held_out(self) -> None:
        """The official test tiles of the benchmark, as far as they have masks."""
        for name in self._benchmark.test:
            if name not in self._tiles:
                continue
            if self._tiles[name].truth is None:
                self._notes.append(f"Test tile {name} has no mask and is left out.")
                continue
            self._add_truth(name, "segmentation", "complete", self._areas(name))
            if self._tiles[name].eroded is not None:
                self._add_truth(name, "segmentation", "eroded", self._eroded(name))
            self._add_truth(name, "detection", "complete", self._objects(name))

    def finish(self, name: str, gsd: float, recipe: Recipe, training: Training) -> Imported:
        """Write `run.json` and `test.json`."""
        tasks = {source.role for source in self._sources}
        run = Run(
            name=name,
            gsd=gsd,
            bands=self._sources[0].bands,
            sources=self._sources,
            detection_classes=class_definitions(list(self._boxes.classes) if "detection" in tasks else [], False),
            segmentation_classes=class_definitions(list(CLASSES) if "segmentation" in tasks else [], True),
            background="segmentation" not in tasks,
            allow_remote=sorted({str(tile.image.resolve().parent) for tile in self._tiles.values()}),
            recipe=recipe,
            training=training,
        )
        kept = [item for item in self._held_out if item.task in tasks]
        return Imported(self._folder, run, kept, self._notes).save()

    def _add_truth(self, name: str, task: Task, truth: Literal["complete", "eroded"], labels: Labels | None) -> None:
        if labels is not None:
            image, bands = str(self._image(name)), list(self._tiles[name].bands)
            full = f"{self._benchmark.name} {name}"
            self._held_out.append(HeldOut(name=full, raster=image, bands=bands, task=task, truth=truth, labels=labels))

    def _image(self, name: str) -> Path:
        benchmark = self._benchmark
        tile, place = self._tiles[name], (benchmark.train + benchmark.test).index(name)
        vrt = self._folder / "rasters" / f"{benchmark.name}_{name}.vrt"
        invented = Invented(benchmark.crs, benchmark.gsd, benchmark.origin, place)
        return georeferenced(tile.image, tile.bands, vrt, invented)

    def _areas(self, name: str) -> Labels:
        mask = self._tiles[name].truth
        if mask is None:
            raise LabelError(
                f"The tile {name} of {self._benchmark.title} has the image {self._tiles[name].image} and no mask.",
                "Download and unpack the ground truth beside it.",
            )
        return self._class_raster(name, "classes", mask, COMPLETE)

    def _eroded(self, name: str) -> Labels:
        return self._class_raster(name, "eroded", given(self._tiles[name].eroded), ERODED)

    def _class_raster(self, name: str, kind: str, mask: Path, palette: dict[Colour, int]) -> Labels:
        target = self._folder / "labels" / f"{self._benchmark.name}_{name}_{kind}.tif"
        if target not in self._written:
            write_class_raster(mask, self._image(name), target, palette)
            self._written.add(target)
        return Labels(path=str(target))

    def _objects(self, name: str) -> Labels | None:
        classes = Path(self._areas(name).path)
        target = self._folder / "labels" / "boxes.gpkg"
        return write_boxes(classes, target, f"{self._benchmark.name}_{name}", self._boxes, VALUES)

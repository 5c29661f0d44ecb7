"""ISPRS Potsdam and Vaihingen into run folders, unevenly labelled as in arXiv 2405.15394."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ..config import Area, Labels, Recipe, Run, Source, Training
from ..errors import ConfigError, LabelError
from ..types import given
from . import presets
from .colours import Colour, write_class_raster
from .georeference import Invented, georeferenced
from .held_out import HeldOut
from .isprs_files import CLASSES, COMPLETE, ERODED, POTSDAM, VAIHINGEN, VALUES, Benchmark, class_definitions
from .tiles import Tile, alternating, splits
from .writing import Boxes, Imported, fresh, write_boxes

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
    preset: str = presets.DEFAULT
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
    settings = presets.multitask(choices.preset, distils, choices.weights)
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
    return writer.finish(name, gsd, *presets.multitask(choices.preset, True, choices.weights))


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

"""`python -m engine.datasets DATASET FOLDER --run RUN`: a downloaded benchmark into a run folder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..config import MULTITASK, SSLKD
from ..errors import ConfigError, GeoDistilError
from . import writing
from .isprs import BENCHMARKS, CLASSES, Benchmark, Choices, import_isprs, import_pair
from .roadnet import import_roadnet
from .writing import Boxes, Imported

EPILOG = """\
examples:
  python -m engine.datasets potsdam Potsdam --run runs/potsdam --preset igarss2024-multitask
  python -m engine.datasets pair Potsdam Vaihingen --run runs/pair
  python -m engine.datasets roadnet Ottawa-Dataset --run runs/roads --labelled 0.25
  python -m engine train runs/potsdam

Where the data comes from and its terms: docs/datasets.md.
"""


def parser() -> argparse.ArgumentParser:
    """All datasets with their options."""
    top = argparse.ArgumentParser(
        prog="python -m engine.datasets",
        description="Turn a downloaded public dataset into a run folder, as the papers used it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    datasets = top.add_subparsers(dest="dataset", required=True, metavar="DATASET")
    for benchmark in BENCHMARKS.values():
        _add_isprs(datasets.add_parser(benchmark.name, help=f"{benchmark.title}: boxes and areas"), benchmark)
    pair = datasets.add_parser("pair", help="boxes from one ISPRS benchmark, areas from the other")
    pair.add_argument("folder", type=Path, help="the benchmark whose training tiles get boxes")
    pair.add_argument("areas_folder", type=Path, help="the benchmark whose training tiles get areas")
    _add_boxes(pair)
    _add_common(pair, MULTITASK)
    roadnet = datasets.add_parser("roadnet", help="RoadNet (Ottawa): roads from few labels")
    roadnet.add_argument("folder", type=Path, help="the folder Ottawa-Dataset")
    roadnet.add_argument(
        "--labelled", type=float, default=0.25, help="share of the training images with labels (default 0.25)"
    )
    _add_common(roadnet, SSLKD)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code: 0, 1 (it failed, one sentence) or 2 (bad arguments)."""
    options = parser().parse_args(arguments)
    try:
        imported = _import(options)
    except GeoDistilError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for note in imported.notes:
        print(f"note: {note}", file=sys.stderr)
    print(f"{imported.folder}: {len(imported.run.sources)} sources, {len(imported.held_out)} truths for testing")
    return 0


def _import(options: argparse.Namespace) -> Imported:
    common = {"preset": options.preset, "weights": options.weights}
    if options.dataset == "roadnet":
        return import_roadnet(options.folder, options.run, options.labelled, **common)
    boxes = Boxes(tuple(options.box_classes), options.minimum_pixels, options.opening)
    if options.dataset == "pair":
        detection, segmentation = _recognised(options.folder), _recognised(options.areas_folder)
        return import_pair(detection, segmentation, options.run, Choices(boxes, **common))
    choices = Choices(boxes, **common, bands=options.bands, detection_tiles=options.detection_tiles)
    return import_isprs(BENCHMARKS[options.dataset], options.folder, options.run, options.labels, choices)


def _recognised(folder: Path) -> tuple[Benchmark, Path]:
    """The benchmark whose files a folder holds."""
    for benchmark in BENCHMARKS.values():
        if any(benchmark.pattern.fullmatch(path.name) for path in folder.rglob("*.tif")):
            return benchmark, folder
    raise ConfigError(f"{folder} holds neither Potsdam nor Vaihingen; give the folder of an unpacked download.")


def _add_isprs(command: argparse.ArgumentParser, benchmark: Benchmark) -> None:
    command.add_argument("folder", type=Path, help="where the download was unpacked")
    command.add_argument(
        "--labels",
        choices=("uneven", "boxes", "areas", "both"),
        default="uneven",
        help="boxes on some training tiles and areas on the others (default), or the same on all",
    )
    command.add_argument(
        "--detection-tiles", nargs="+", metavar="TILE", help="tiles that get boxes (default: every other one)"
    )
    choices = ("irrg", "rgb", "rgbir") if benchmark.name == "potsdam" else ("irrg",)
    command.add_argument("--bands", choices=choices, default="irrg", help="band combination (default irrg)")
    _add_boxes(command)
    _add_common(command, MULTITASK)


def _add_boxes(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--box-classes",
        nargs="+",
        choices=tuple(CLASSES),
        metavar="CLASS",
        default=list(Boxes().classes),
        help=f"classes with boxes, of: {', '.join(CLASSES)} (default {' '.join(Boxes().classes)})",
    )
    command.add_argument("--minimum-pixels", type=int, default=Boxes().minimum, help="smallest object (default 80)")
    command.add_argument(
        "--opening", type=int, default=0, help="cut bridges thinner than twice this and one pixel (default 0, off)"
    )


def _add_common(command: argparse.ArgumentParser, paper: str) -> None:
    command.add_argument("--run", type=Path, required=True, help="the run folder to write")
    command.add_argument("--preset", choices=(writing.DEFAULT, paper), default=writing.DEFAULT, help="settings")
    command.add_argument("--weights", default="auto", help="encoder weights: auto, none, hub or a file (default auto)")


if __name__ == "__main__":
    sys.exit(main())

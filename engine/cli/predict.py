"""`predict`: a model package and rasters in, map layers out."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..events import EventLog
    from ..inference import Backend

HELP = "predict rasters with a model package"
DESCRIPTION = (
    "Predicts each RASTER window by window, in memory that does not grow with the raster. Writes into FOLDER (a "
    "subfolder for each raster where there are several) classes.tif (a Cloud-Optimised GeoTIFF with colours), "
    "detections.gpkg, and on request confidence.tif (percent). Ctrl-C, SIGTERM or a file FOLDER/stop end it in order."
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    command.add_argument("model", metavar="MODEL", type=Path, help="a model package (folder or .zip), or a run folder")
    command.add_argument("rasters", metavar="RASTER", nargs="+", help="rasters that GDAL opens")
    command.add_argument("--output", metavar="FOLDER", type=Path, required=True, help="where the layers go")
    command.add_argument("--confidence", action="store_true", help="write the confidence of the class map too")
    command.add_argument(
        "--overlap", type=share(0.5), default=0.125, help="share of a window shared with the next (0.125)"
    )
    command.add_argument("--score", type=share(1), help="report detections from this score (default: the model's)")
    command.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps")
    command.add_argument("--backend", choices=("torch", "onnx"), default="torch", help="what runs the network")
    command.add_argument("--batch-size", type=positive, default=4, help="windows at a time (4)")


def share(largest: float) -> Callable[[str], float]:
    """An argument type: a number from 0 to `largest`."""

    def number(text: str) -> float:
        if not 0 <= (value := float(text)) <= largest:
            raise argparse.ArgumentTypeError(f"{text} is not between 0 and {largest}")
        return value

    return number


def positive(text: str) -> int:
    """An argument type: a whole number from 1."""
    if (value := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return value


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Predict all rasters, with progress on the error stream."""
    from .job import carry_out

    return {"outputs": carry_out(options.output, lambda events: _predict(options, events))}


def _predict(options: argparse.Namespace, events: EventLog) -> list[dict[str, str | None]]:
    from ..inference import Options, predict

    backend = _backend(options)
    outputs = []
    for index, (raster, folder) in enumerate(_folders(options)):
        part = (index / len(options.rasters), (index + 1) / len(options.rasters))
        settings = Options(options.overlap, options.confidence, options.batch_size, fraction=part)
        results = predict(backend, raster, folder, settings, events)
        outputs.append(results.as_dict())
    return outputs


def _backend(options: argparse.Namespace) -> Backend:
    from ..inference import OnnxBackend, TorchBackend
    from ..packages import load_card, load_package, package_folder

    folder = package_folder(options.model)
    change = {} if options.score is None else {"score_threshold": options.score}
    if options.backend == "onnx":
        return OnnxBackend(folder, load_card(folder).model_copy(update=change))
    network, card = load_package(folder)
    return TorchBackend(network, card.model_copy(update=change), options.device)


def _folders(options: argparse.Namespace) -> list[tuple[str, Path]]:
    """Each raster with its folder: the output itself for one, a subfolder by name for several."""
    if len(options.rasters) == 1:
        return [(options.rasters[0], options.output)]
    folders: dict[Path, str] = {}
    for raster in options.rasters:
        stem, number = Path(raster).stem, 2
        folder = options.output / stem
        while folder in folders:
            folder, number = options.output / f"{stem}_{number}", number + 1
        folders[folder] = raster
    return [(raster, folder) for folder, raster in folders.items()]


def text(result: dict[str, Any]) -> str:
    """The outputs for people."""
    return "\n".join(f"{kind}: {path}" for output in result["outputs"] for kind, path in output.items() if path)

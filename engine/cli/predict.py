"""`predict`: a model package and rasters in, map layers out."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..events import EventLog, StartedEvent
from .backends import make_backend
from .job import add_sharing_arguments, positive
from .predicting import augmented, chosen, digest_of, done_of, model_of, named_rasters, settings, things_of

if TYPE_CHECKING:
    from ..config import Card
    from ..inference import Backend
    from ..inference.backends.choice import Candidate

MakeBackend = Callable[[Path, "Card", "Candidate"], "Backend"]


HELP = "predict rasters with a model package"
DESCRIPTION = (
    "Predicts each RASTER window by window, in memory that does not grow with the raster. Writes into FOLDER (a "
    "subfolder for each raster where there are several) classes.tif (a Cloud-Optimised GeoTIFF with colours), "
    "detections.gpkg, and on request confidence.tif (percent). A raster that fails among several is left out, named, "
    "and makes the exit code 1. Ctrl-C, SIGTERM or a file FOLDER/stop end it in order. With --workers or "
    "--scheduler processes on one or many machines share the work (Dask)."
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    command.add_argument(
        "model", metavar="MODEL", type=Path, help="a model package (folder or .zip), a run folder, or an ONNX file"
    )
    command.add_argument(
        "rasters",
        metavar="RASTER",
        nargs="+",
        help="rasters that GDAL opens, web addresses too; folders of them; lists (.txt or @FILE, a raster a line); "
        "patterns with * and **",
    )
    command.add_argument("--output", metavar="FOLDER", type=Path, required=True, help="where the layers go")
    command.add_argument(
        "--mosaic",
        action="store_true",
        help="one output of all rasters, in the first's CRS; where they overlap, the first with data counts",
    )
    command.add_argument("--area", metavar="FILE", help="predict inside the polygons of a layer, in any CRS")
    command.add_argument("--area-layer", metavar="NAME", help="its layer, where it has several")
    command.add_argument("--area-where", metavar="SQL", help="only its features that pass this filter")
    command.add_argument(
        "--extent", metavar=("XMIN", "YMIN", "XMAX", "YMAX"), nargs=4, type=float, help="predict inside an extent"
    )
    command.add_argument("--extent-crs", metavar="EPSG:N", help="the extent's CRS (default: the raster's)")
    command.add_argument(
        "--describe", metavar="FILE.json", type=Path, help="what an ONNX file does not say of itself (see inspect)"
    )
    command.add_argument("--confidence", action="store_true", help="write the confidence of the class map too")
    command.add_argument(
        "--overlap",
        type=overlap,
        default=None,
        help="share of a window shared with the next, or auto (default): as much as the network needs",
    )
    command.add_argument(
        "--tta", choices=("none", "flips", "all"), default="none", help="average over flips (4 views) or all turns (8)"
    )
    command.add_argument(
        "--score",
        type=share(1),
        help="report detections from this score (default: the model's, by class where it has them)",
    )
    command.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps, xpu (an Intel GPU)")
    command.add_argument(
        "--backend",
        choices=("auto", "torch", "onnxruntime", "openvino"),
        default="auto",
        help="what runs the network; auto measures once which is fastest, and remembers",
    )
    command.add_argument("--batch-size", type=positive, help="windows at a time (default: what suits the backend)")
    add_sharing_arguments(command)


def share(largest: float) -> Callable[[str], float]:
    """An argument type: a number from 0 to `largest`."""

    def number(text: str) -> float:
        if not 0 <= (value := float(text)) <= largest:
            raise argparse.ArgumentTypeError(f"{text} is not between 0 and {largest}")
        return value

    return number


def overlap(text: str) -> float | None:
    """An argument type: a share up to a half, or `auto`."""
    return None if text == "auto" else share(0.5)(text)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Predict all rasters, with progress on the error stream; alone, or with the workers of a cluster."""
    from .job import carry_out

    _refuse_launchers()
    failed: list[dict[str, str]] = []
    work: Callable[..., list[dict[str, Any]]] = predicted
    if options.workers or options.scheduler:
        from .cluster import predicted_in_cluster

        work = predicted_in_cluster
    outputs = carry_out(options.output, lambda events: work(options, events, failed))
    return {"outputs": outputs, **({"failed": failed} if failed else {})}


def _refuse_launchers() -> None:
    """Processes that a launcher starts would each predict all of it.

    Raises:
        ConfigError: this is one of several.
    """
    from ..errors import ConfigError

    if os.environ.get("RANK", "").isdecimal() and os.environ.get("WORLD_SIZE", "1") != "1":
        raise ConfigError(
            "Predictions are shared by Dask and not by torchrun.",
            "Start predict once, with --workers N for processes here or --scheduler ADDRESS for many machines.",
        )


def predicted(
    options: argparse.Namespace,
    events: EventLog,
    failed: list[dict[str, str]],
    make: MakeBackend = make_backend,
) -> list[dict[str, str | None]]:
    """The outputs of a job that this process does alone.

    Args:
        options: the command's.
        events: the job's log.
        failed: rasters that fail are added to it.
        make: gives the backend; who predicts often keeps it.
    """
    from ..inference.many import predict_many

    rasters = named_rasters(options)
    model, card = model_of(options)
    rasters, things = things_of(options, rasters, card, failed, events)
    digest = digest_of(model)
    backend = augmented(make(model, card, chosen(options, model, card, rasters)), options.tta)
    events.write(StartedEvent(pid=os.getpid(), device=backend.name))
    how = settings(options, digest, options.batch_size)
    outcome = predict_many(backend, things, how, events, done_of(options, digest, len(things)))
    failed += outcome.failed
    return [results.as_dict() for results in outcome.results]


def text(result: dict[str, Any]) -> str:
    """The outputs for people, and at the end what has none."""
    lines = [f"{kind}: {path}" for output in result["outputs"] for kind, path in output.items() if path]
    failed = [f"failed: {one['raster']}: {one['message']}" for one in result.get("failed", [])]
    return "\n".join(lines + failed)

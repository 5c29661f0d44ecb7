"""`predict`: a model package and rasters in, map layers out."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .backends import make_backend

if TYPE_CHECKING:
    from ..config import Card
    from ..events import EventLog
    from ..inference import Backend
    from ..inference.backends.choice import Candidate
    from ..inference.region import Where
    from ..inference.sharing import Crew

MakeBackend = Callable[[Path, "Card", "Candidate"], "Backend"]

HELP = "predict rasters with a model package"
DESCRIPTION = (
    "Predicts each RASTER window by window, in memory that does not grow with the raster. Writes into FOLDER (a "
    "subfolder for each raster where there are several) classes.tif (a Cloud-Optimised GeoTIFF with colours), "
    "detections.gpkg, and on request confidence.tif (percent). A raster that fails among several is left out, named, "
    "and makes the exit code 1. Ctrl-C, SIGTERM or a file FOLDER/stop end it in order. Under torchrun, or with RANK "
    "and WORLD_SIZE set, processes on one or many machines share the work."
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


def positive(text: str) -> int:
    """An argument type: a whole number from 1."""
    if (value := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return value


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Predict all rasters, with progress on the error stream; alone, or as one of several processes."""
    from .crew import place, shared
    from .job import carry_out

    failed: list[dict[str, str]] = []
    here = place()
    if here is None:
        outputs = carry_out(options.output, lambda events: _alone(options, events, failed))
    else:
        outputs = shared(options, here, lambda events, crew: predicted(options, events, failed, crew))
    if here and here.rank:
        return {"outputs": outputs, "quiet": True}  # the first process says it for all
    return {"outputs": outputs, **({"failed": failed} if failed else {})}


def _alone(options: argparse.Namespace, events: EventLog, failed: list[dict[str, str]]) -> list[dict[str, str | None]]:
    from .crew import refuse_crews

    refuse_crews(options.output)
    return predicted(options, events, failed)


def predicted(
    options: argparse.Namespace,
    events: EventLog,
    failed: list[dict[str, str]],
    crew: Crew | None = None,
    make: MakeBackend = make_backend,
) -> list[dict[str, str | None]]:
    """The outputs of a job.

    Args:
        options: the command's.
        events: the job's log.
        failed: rasters that fail are added to it.
        crew: other processes that have the same job.
        make: gives the backend; who predicts often keeps it.
    """
    from ..inference import Options
    from ..inference.archive import items, rasters_of
    from ..inference.backends.choice import model_digest
    from ..inference.many import predict_many, readable
    from ..packages import load_card, package_folder
    from .backends import model_files
    from .reaching import permit_named

    rasters = rasters_of(options.rasters)
    permit_named(options, rasters)
    model = package_folder(options.model, options.describe)
    card = load_card(model)
    card = card if options.score is None else card.with_threshold(options.score)
    if options.mosaic:
        rasters = readable(rasters, card, failed, events)
    where = _where(options)
    backend, batch_size = _backend(options, model, card, lambda: _megapixels(rasters, card, where), crew, make)
    events.write("started", pid=os.getpid(), device=backend.name)
    digest = model_digest(model_files(model))
    settings = Options(options.overlap, options.confidence, batch_size, model=digest, where=where)
    outcome = predict_many(backend, items(rasters, options.output, options.mosaic), settings, events, crew)
    failed += outcome.failed
    if crew and failed:
        crew.complete = False
    return [results.as_dict() for results in outcome.results]


def _where(options: argparse.Namespace) -> Where:
    from ..data.vectors import Layer
    from ..inference.region import Where

    area = options.area and Layer(options.area, options.area_layer, None, options.area_where, purpose="area layer")
    return Where(area, options.extent and tuple(options.extent), options.extent_crs)


def _backend(
    options: argparse.Namespace,
    model: Path,
    card: Card,
    megapixels: Callable[[], float],
    crew: Crew | None,
    make: MakeBackend,
) -> tuple[Backend, int | None]:
    """What runs the model, and how many windows at a time it gets."""
    from ..inference.backends.augmented import Augmented
    from .backends import choose_backend
    from .crew import agreed_backend

    def choose() -> Candidate:
        return choose_backend(model, card, options.backend, options.device, megapixels())

    if crew is None:
        backend, batch_size = make(model, card, choose()), None
    else:
        backend, batch_size = agreed_backend(model, card, crew, choose)
    augmented = backend if options.tta == "none" else Augmented(backend, options.tta)
    return augmented, options.batch_size or batch_size


def _megapixels(rasters: list[str], card: Card, where: Where) -> float:
    """How much there is to predict, or at least as much as matters."""
    from ..errors import RasterError
    from ..inference.checks import open_raster
    from ..inference.region import region_of
    from .backends import WORTH_MEGAPIXELS

    total = 0.0
    for raster in rasters:
        try:
            part = region_of(raster, open_raster(raster, card).grid, where).part
        except RasterError:
            if len(rasters) == 1:
                raise
            continue  # said when its turn comes
        total += part.width * part.height / 1e6
        if total > WORTH_MEGAPIXELS:
            break
    return total


def text(result: dict[str, Any]) -> str:
    """The outputs for people, and at the end what has none."""
    if result.get("quiet"):
        return ""
    lines = [f"{kind}: {path}" for output in result["outputs"] for kind, path in output.items() if path]
    failed = [f"failed: {one['raster']}: {one['message']}" for one in result.get("failed", [])]
    return "\n".join(lines + failed)

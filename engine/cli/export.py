"""`export`: a model package as one file, in eight bits where that is wished and does no harm."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..events import EventLog, WarningEvent
from .job import carry_out

if TYPE_CHECKING:
    from ..config import Card

HELP = "export a model package as one .zip"
DESCRIPTION = (
    "Checks the package at MODEL (a folder, a .zip, or a run folder) and writes it as one .zip, with an ONNX file a "
    "task (segmentation.onnx, detection.onnx) that other QGIS plugins run. With --int8 its ONNX files compute in 8 "
    "bits, which is up to twice as fast on a CPU, as far as no task's score falls by more than --max-loss. Ranges and "
    "score come from the run folder that the package lies in, or from --chips."
)

ONE_FOR_ALL = (
    "This model standardises each raster by its own mean and deviation; the ONNX files for other programs have room "
    "for one of all, so those programs will see other values than it has learned from."
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    command.add_argument("model", metavar="MODEL", type=Path, help="a model package, or a run folder")
    command.add_argument("--output", metavar="FILE", type=Path, required=True, help="the .zip to write")
    command.add_argument("--int8", action="store_true", help="ONNX files in 8 bits, where they score as well")
    command.add_argument(
        "--chips",
        metavar="RASTER",
        nargs="+",
        default=[],
        help="imagery for --int8; the score is then that against the model's own answers (default: the run's)",
    )
    command.add_argument(
        "--max-loss", type=float, default=0.005, help="most that mean IoU or AP50 may fall in 8 bits (0.005)"
    )
    command.add_argument("--events", metavar="FOLDER", type=Path, help="write events.jsonl there")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Load it, which checks it, then zip it."""
    return carry_out(options.events, lambda events: _export(options, events))


def _export(options: argparse.Namespace, events: EventLog) -> dict[str, Any]:
    from ..errors import on_disk
    from ..packages import complete_package, load_card, load_package, package_folder, zip_package
    from ..processes import scratch
    from .terminal import Steps

    folder = package_folder(options.model)
    card = load_card(folder)
    steps = Steps(events, _parts(card, options.int8))
    steps.begin("package")
    network, card = load_package(folder)
    with scratch() as temporary:
        with on_disk(f"A copy of the model, in {temporary.parent},", temporary, _bytes(folder)):
            copy = Path(shutil.copytree(folder, temporary / "model"))
        complete_package(copy, network, card, steps.begin)
        judged = []
        if options.int8:
            from .quantize import ground_of, quantize

            steps.begin("imagery")
            ground = ground_of(options.model, card, options.chips)
            judged = quantize(copy, card, ground, options.max_loss, steps.begin)
        steps.begin("archive")
        package = zip_package(copy, options.output)
    steps.end()
    if card.source_statistics:
        events.write(WarningEvent(ONE_FOR_ALL))
    int8 = [{**vars(each), "sentence": each.sentence()} for each in judged]
    return {"package": str(package), **({"int8": int8} if options.int8 else {})}


def _parts(card: Card, int8: bool) -> list[tuple[str, float]]:
    """What is done, and how long each takes beside the others; a task may have to be put in 8 bits four times."""
    light = [("imagery", 2), *((f"8 bits, attempt {number}", 12) for number in range(1, 5))] if int8 else []
    return [("package", 2), ("graph", 1), *((task, 10) for task in card.tasks), *light, ("archive", 1)]


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def text(result: dict[str, Any]) -> str:
    """The result for people."""
    return "\n".join([f"package: {result['package']}", *(each["sentence"] for each in result.get("int8", []))])

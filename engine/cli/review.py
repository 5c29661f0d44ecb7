"""`review`: a model and rasters in, where to label next and what the model is sure of out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .predicting import labelled_of, networks_of, permitted_run, rasters_of, review_settings

if TYPE_CHECKING:
    from ..events import EventLog

HELP = "find where labels would help a model most"
DESCRIPTION = (
    "Looks at each RASTER window by window and writes two layers into FILE: label_next, square cells ranked by how "
    "much their labels would help (mean entropy, or doubtful boxes, plus the disagreement of two teachers, tempered "
    "so that cells differ from those before them), and pseudo_labels, what the model is sure of. MODEL may be a run "
    "folder: then its unlabelled sources are reviewed where no RASTER is named, ground inside its labelled areas is "
    "left out, and the two teachers of a semi_supervised run give their opinions."
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    from .job import add_sharing_arguments, count, number, positive
    from .predict import share

    command.add_argument("model", metavar="MODEL", type=Path, help="a model package (folder or .zip), or a run folder")
    command.add_argument("rasters", metavar="RASTER", nargs="*", help="rasters that GDAL opens")
    command.add_argument("--output", metavar="FILE", type=Path, required=True, help="a .gpkg file")
    command.add_argument("--labelled", metavar="LAYER", help="polygons of ground that has labels already")
    command.add_argument("--labelled-layer", metavar="NAME", help="their layer name, for files that hold several")
    command.add_argument("--count", type=count, default=100, help="most cells to propose (100)")
    command.add_argument("--cell", type=number, help="side of a cell in metres (half a window of the model)")
    command.add_argument(
        "--confidence", type=share(1), default=0.8, help="pseudo-labels from this probability or score (0.8)"
    )
    command.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps")
    command.add_argument("--batch-size", type=positive, default=4, help="windows at a time (4)")
    command.add_argument(
        "--events", metavar="FOLDER", type=Path, help="write events.jsonl there; a file FOLDER/stop ends it in order"
    )
    add_sharing_arguments(command)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Write the review."""
    from .job import carry_out

    return carry_out(options.events, lambda events: _review(options, events))


def _review(options: argparse.Namespace, events: EventLog) -> dict[str, Any]:
    from ..evaluation.review import ReviewMaterial, review

    looks, here = None, options
    if options.workers or options.scheduler:
        from .cluster import looks_in_cluster

        looks = looks_in_cluster(options, events)
        here = argparse.Namespace(**{**vars(options), "device": "cpu"})  # only the model's card counts here
    run = permitted_run(here)
    networks, threshold = networks_of(here, run)
    how, rasters = review_settings(options, threshold), rasters_of(options, run)
    material = ReviewMaterial(networks, rasters, labelled_of(options, run))
    counts = review(material, options.output, how, events, looks)
    return {"review": str(options.output), "networks": len(networks), **counts}


def text(result: dict[str, Any]) -> str:
    """The result for people."""
    return f"{result['label_next']} cells to label next, {result['pseudo_labels']} pseudo-labels: {result['review']}"

"""`review`: a model and rasters in, where to label next and what the model is sure of out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shapely import Geometry

    from ..config import Card, Run
    from ..data.grid import Grid
    from ..evaluation.review import ReviewOptions
    from ..evaluation.review_raster import Labelled
    from ..events import EventLog
    from ..inference import Backend

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
    how, rasters = settings(options, threshold), rasters_of(options, run)
    material = ReviewMaterial(networks, rasters, labelled_of(options, run))
    counts = review(material, options.output, how, events, looks)
    return {"review": str(options.output), "networks": len(networks), **counts}


def permitted_run(options: argparse.Namespace) -> Run | None:
    """The run whose folder the model is, if it is one; what it names may be read from now on."""
    from ..config import load_run
    from ..data.reach import permit

    run = load_run(options.model) if (options.model / "run.json").is_file() else None
    if run:
        permit([*options.rasters, options.labelled, *run.named()], options.allow_remote or run.allow_remote)
    return run


def rasters_of(options: argparse.Namespace, run: Run | None) -> list[str]:
    """What is looked at: what was named, or else the run's unlabelled sources."""
    sources = run.sources if run else []
    return options.rasters or [source.raster for source in sources if source.role == "unlabelled"]


def settings(options: argparse.Namespace, thresholds: list[float]) -> ReviewOptions:
    """How to review."""
    from ..evaluation.review import ReviewOptions

    return ReviewOptions(options.count, options.cell or None, options.confidence, thresholds, options.batch_size)


def networks_of(options: argparse.Namespace, run: Run | None) -> tuple[list[Backend], list[float]]:
    """The two teachers of a semi-supervised run where it kept them, else the model itself; and its score thresholds."""
    from ..inference import TorchBackend
    from ..packages import load_card, load_package

    teachers = _teachers(options, run, load_card(options.model)) if run else []
    if teachers:
        return teachers, teachers[0].card.thresholds()
    network, card = load_package(options.model)
    low = card.with_threshold(min([card.score_threshold, *card.thresholds()]) / 2)  # doubtful boxes lie below it too
    return [TorchBackend(network, low, options.device)], card.thresholds()


def _teachers(options: argparse.Namespace, run: Run, card: Card) -> list[Backend]:
    from ..errors import ConfigError, WeightsError
    from ..inference import TorchBackend
    from ..models import build_from_card
    from ..models.storage import load_weights
    from ..recipes.reuse import best_weights
    from ..recipes.semi_supervised import TEACHERS

    paths = [best_weights(options.model, name) for name in TEACHERS]
    if run.recipe.kind != "semi_supervised" or not all(path.is_file() for path in paths):
        return []
    backends: list[Backend] = []
    for name, path in zip(TEACHERS, paths, strict=True):
        described = card.model_copy(update={"network": getattr(run.recipe, name), "tasks": ["segmentation"]})
        network = build_from_card(described)
        try:
            network.load_state_dict(load_weights(path))
        except (WeightsError, RuntimeError) as error:
            raise ConfigError(f"{path} is not the {name} that run.json describes; train the run again.") from error
        backends.append(TorchBackend(network, described, options.device))
    return backends


def labelled_of(options: argparse.Namespace, run: Run | None) -> Labelled:
    """Ground that has labels: of a layer, and of the run's labelled sources."""

    def labelled(grid: Grid) -> Geometry | None:
        import shapely

        parts = []
        if options.labelled:
            from ..data.vectors import Layer, read_features

            layer = Layer(options.labelled, options.labelled_layer, purpose="layer of labelled ground")
            parts += list(read_features(layer, grid).geometries)
        if run is not None:
            parts += [_area(source, run, grid) for source in run.sources if source.role != "unlabelled"]
        return shapely.union_all(parts) if parts else None

    return labelled


def _area(source: Any, run: Run, grid: Grid) -> Geometry:
    """A source's labelled area, in the pixels of another grid."""
    import shapely

    from ..data.areas import labelled_area
    from ..data.labels import read_labels
    from ..data.raster import RasterReader

    reader = RasterReader(source.raster, gsd=run.gsd)
    skip = lambda _: None  # noqa: E731 - the run has said so
    area = labelled_area(source, reader, read_labels(run, source, reader.grid, skip), skip)
    on_ground = shapely.transform(area, reader.grid.to_crs, interleaved=False)
    return shapely.transform(on_ground, grid.pixels_from(reader.grid.crs), interleaved=False)


def text(result: dict[str, Any]) -> str:
    """The result for people."""
    return f"{result['label_next']} cells to label next, {result['pseudo_labels']} pseudo-labels: {result['review']}"

"""What a review's options mean: rasters, networks, what is labelled; here and for workers of a cluster."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shapely import Geometry

    from ..config import Card, Run
    from ..data.grid import Grid
    from ..evaluation.review import ReviewOptions
    from ..evaluation.review_raster import Labelled
    from ..inference import Backend


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
    from ..recipes.semi_supervised import TEACHERS
    from ..recipes.teachers import best_weights

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

    from ..data.labels import labelled_area, read_labels
    from ..data.raster import RasterReader

    reader = RasterReader(source.raster, gsd=run.gsd)
    skip = lambda _: None  # noqa: E731 - the run has said so
    area = labelled_area(source, reader, read_labels(run, source, reader.grid, skip), skip)
    on_ground = shapely.transform(area, reader.grid.to_crs, interleaved=False)
    return shapely.transform(on_ground, grid.pixels_from(reader.grid.crs), interleaved=False)

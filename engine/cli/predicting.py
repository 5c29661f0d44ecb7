"""What the options of predictions and reviews mean, here and for workers of a cluster: model, rasters, networks."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..events import EventLog

if TYPE_CHECKING:
    from shapely import Geometry

    from ..config import Card, Run
    from ..data.grid import Grid
    from ..evaluation.review import ReviewOptions
    from ..evaluation.review_raster import Labelled
    from ..inference import Backend, Options
    from ..inference.backends.choice import Candidate
    from ..inference.many import Done, Item
    from ..inference.region import Where


NOT_OF_THE_JOB = {"output", "json", "command", "workers", "scheduler", "rasters"}
"""Options that do not decide what the outputs of a raster are."""


def named_rasters(options: argparse.Namespace) -> list[str]:
    """The rasters that are asked for, which may be read from now on."""
    from ..inference.many import rasters_of
    from .job import permit_named

    rasters = rasters_of(options.rasters)
    permit_named(options, rasters)
    return rasters


def model_of(options: argparse.Namespace) -> tuple[Path, Card]:
    """The model's folder, and its card with the score that was asked for."""
    from ..packages import load_card, package_folder

    model = package_folder(options.model, options.describe)
    card = load_card(model)
    return model, card if options.score is None else card.with_threshold(options.score)


def digest_of(model: Path) -> str:
    """Tells the model of a folder from others."""
    from ..inference.backends.choice import model_digest
    from .backends import model_files

    return model_digest(model_files(model))


def things_of(
    options: argparse.Namespace, rasters: list[str], card: Card, failed: list[dict[str, str]], events: EventLog
) -> tuple[list[str], list[Item]]:
    """Rasters without those that a mosaic cannot have, which are added to `failed`; and what is made of them."""
    from ..inference.many import items, readable

    if options.mosaic:
        rasters = readable(rasters, card, failed, events)
    return rasters, items(rasters, options.output, options.mosaic)


def done_of(options: argparse.Namespace, digest: str, count: int) -> Done:
    """What an earlier start of the job has done."""
    from ..inference.many import Done

    job = {name: value for name, value in vars(options).items() if name not in NOT_OF_THE_JOB}
    return Done(options.output, {**job, "model": digest}, count)


def settings(options: argparse.Namespace, digest: str, batch_size: int | None) -> Options:
    """How to predict."""
    from ..inference import Options

    return Options(options.overlap, options.confidence, batch_size, model=digest, where=_where(options))


def _where(options: argparse.Namespace) -> Where:
    from ..data.vectors import Layer
    from ..inference.region import Where

    area = options.area and Layer(options.area, options.area_layer, None, options.area_where, purpose="area layer")
    return Where(area, options.extent and tuple(options.extent), options.extent_crs)


def chosen(options: argparse.Namespace, model: Path, card: Card, rasters: list[str]) -> Candidate:
    """What is to run the model on this machine."""
    from .backends import choose_backend

    megapixels = _megapixels(rasters, card, _where(options))
    return choose_backend(model, card, options.backend, options.device, megapixels)


def augmented(backend: Backend, tta: str) -> Backend:
    """A backend that sees each window from the sides that were asked for."""
    from ..inference.backends.base import Augmented

    return backend if tta == "none" else Augmented(backend, tta)


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


class Kept:
    """The backend that predicted last, for the next prediction with the same model; never two of them at a time."""

    def __init__(self) -> None:
        self._key: tuple[Any, ...] = ()
        self._backend: Backend | None = None

    def __call__(self, model: Path, card: Card, candidate: Candidate) -> Backend:
        """The backend of a candidate, loaded where another one was; as `backends.make_backend`."""
        from ..inference.backends.choice import model_digest
        from ..malloc import give_back
        from ..processes import held
        from .backends import make_backend, model_files

        key = (model_digest(model_files(model)), card.model_dump_json(), candidate)
        if self._backend is None or key != self._key:
            self._backend = None
            give_back()
            with held():  # a view that is looked at no longer must not cost the next one its model
                self._backend, self._key = make_backend(model, card, candidate), key
        return self._backend


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


def review_settings(options: argparse.Namespace, thresholds: list[float]) -> ReviewOptions:
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

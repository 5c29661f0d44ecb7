"""From a run's settings to networks that fit its data."""

from __future__ import annotations

from ..config import Card, Network, Run
from ..data import Prepared
from ..models import Purpose, TaskNetwork, TrainableNetwork, build, parameters, resolve
from ..models.encoders import licence_warning
from ..models.weights import expected_standardisation, without_weights
from ..types import Task

SMALL_BATCH = 4
"""Chips of a step below which a pretrained encoder keeps its batch norms' statistics: so few would spoil them."""


def build_network(spec: Network, tasks: tuple[Task, ...], run: Run, prepared: Prepared, seed: int) -> TrainableNetwork:
    """A network for the run's bands and classes, normalising by the training area's statistics.

    Raises:
        WeightsError: its encoder weights cannot be had.
        ConfigError: the encoder or architecture is unknown.
    """
    network = standardised_by(prepared, spec, tasks, run, seed)
    if network.loaded is not None:
        keep_statistics(network, spec, run)
        _restandardise(network, spec, prepared)
    return network


def standardised_by(
    bands: Prepared | Card, spec: Network, tasks: tuple[Task, ...], run: Run, seed: int
) -> TrainableNetwork:
    """A network for the run's classes and for the bands that these statistics, `mean` and `std`, are of."""
    purpose = Purpose(tasks, bands.mean, bands.std, len(run.detection_classes), len(run.segmentation_channels()))
    return build(spec, purpose, seed)


def weights_warnings(spec: Network, network: TaskNetwork) -> list[str]:
    """What a person should know of a network's encoder before it is trained."""
    name = resolve(spec).encoder
    missing = [without_weights(name)] if spec.weights == "auto" and network.loaded is None else list[str]()
    published = spec.weights in ("auto", "hub") and network.loaded is not None
    return [*missing, *filter(None, [licence_warning(name, published)])]


def keep_statistics(network: TrainableNetwork, spec: Network, run: Run) -> None:
    """Freeze the batch norms' statistics that an encoder came with, where the settings or small batches ask for it."""
    small = run.training.batch_size < SMALL_BATCH
    network.frozen_statistics = spec.batch_norm == "frozen" or (spec.batch_norm == "auto" and small)


def _restandardise(network: TrainableNetwork, spec: Network, prepared: Prepared) -> None:
    """Standardise as the encoder's weights saw pixels, where the settings ask for it and the imagery allows."""
    if prepared.source_statistics:  # whose mean and deviation are those that weights expect, near enough
        return
    if spec.standardisation == "weights" and prepared.dtype == "uint8" and len(prepared.bands) == 3:
        mean, std = expected_standardisation(resolve(spec).encoder)
        network.restandardise([255 * each for each in mean], [255 * each for each in std])


def describe(spec: Network, network: TaskNetwork) -> str:
    """A short line for people: architecture, encoder, size, and the levels that detect; of an ensemble its own."""
    own: str = getattr(network, "described", "")
    if own:
        return own
    parts = [spec.architecture, resolve(spec).encoder, f"{parameters(network) / 1e6:.1f} M parameters"]
    if network.loaded is not None:
        parts.append(f"pretrained ({network.loaded.source})")
    head = getattr(network, "detection_head", None)
    if head is not None:
        parts.append("detects at strides " + ", ".join(map(str, head.strides)))
    return ", ".join(parts)

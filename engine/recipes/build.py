"""Networks that fit a run's data, from its settings, and the network of a finished model package."""

from __future__ import annotations

import math
from pathlib import Path

from ..config import Card, Network, Run, parse
from ..data import Prepared
from ..data.grid import ALIGNED_TOLERANCE
from ..errors import ConfigError, GeoDistilError, WeightsError
from ..files import read_object
from ..models import Purpose, TaskNetwork, TrainableNetwork, build, build_from_card, parameters, resolve
from ..models.encoders import licence_warning
from ..models.storage import load_weights, misfit
from ..models.weights import expected_standardisation, without_weights
from ..types import Task

ITEM, WEIGHTS, CARD = "item.json", "model.safetensors", "geodistil:card"


def load_package_teacher(path: str) -> tuple[TrainableNetwork, Card]:
    """The network and the card of a package's folder, or of a run folder with a finished model.

    Raises:
        ConfigError: there is no package, it is an archive or another program's, or its weights do not fit its card.
    """
    folder, card = _folder(Path(path)), read_card(path)
    try:
        network = build_from_card(card)
        state = load_weights(folder / WEIGHTS)
    except (OSError, WeightsError) as error:
        raise ConfigError(f"The weights {folder / WEIGHTS} cannot be read; copy the model package again.") from error
    except GeoDistilError as error:
        raise ConfigError(f"The card of the model package {folder} describes no network: {error.message}") from error
    if reason := misfit(state, network, card):
        raise ConfigError(f"The weights of {folder} do not fit its card: {reason}; copy the model package again.")
    network.load_state_dict(state)
    return network.eval(), card


def read_card(path: str) -> Card:
    """The card of a package's folder, or of a run folder with a finished model; it has a network.

    Raises:
        ConfigError: there is no package, or it is an archive or another program's.
    """
    folder = _folder(Path(path))
    card = _card(folder / ITEM)
    if card.network is None:
        raise ConfigError(
            f"The package {folder} is a graph of another program, which can only predict; name a model package that "
            "GeoDistil trained."
        )
    return card


def check_imagery(run: Run, prepared: Prepared, card: Card) -> None:
    """Raise ConfigError where a run reads other bands than a package's network, or at another distance."""
    if (run.bands or prepared.bands) != card.bands:
        raise ConfigError(
            f"The list of bands of the package {card.name} is {card.bands}, and of this run "
            f"{run.bands or prepared.bands}.",
            "Make them the same.",
        )
    if not math.isclose(prepared.gsd, card.gsd, rel_tol=ALIGNED_TOLERANCE):
        raise ConfigError(
            f"The package {card.name} works at {card.gsd:g} m per pixel, and this run at {prepared.gsd:g}.",
            f"Set gsd to {card.gsd!r}.",
        )


def _folder(path: Path) -> Path:
    if path.is_file():
        raise ConfigError(f"The package {path} is an archive; unpack it and name its folder.")
    for folder in (path, path / "model"):
        if (folder / ITEM).is_file():
            return folder
    raise ConfigError(f"There is no model package at {path}: it has no {ITEM}.")


def _card(item: Path) -> Card:
    try:
        values = read_object(item)["properties"][CARD]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{item} holds no GeoDistil card; name a model package that GeoDistil wrote.") from error
    return parse(Card, values, str(item))


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

"""The network of a finished model package: the package that writes them is below this one, so it is read here."""

from __future__ import annotations

import math
from pathlib import Path

from ..config import Card, Run, parse
from ..data import Prepared
from ..data.grid import ALIGNED_TOLERANCE
from ..errors import ConfigError, GeoDistilError, WeightsError
from ..files import read_object
from ..models import TrainableNetwork, build_from_card
from ..models.storage import load_weights, misfit

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

"""Teachers that an earlier run has trained already."""

from __future__ import annotations

import math
from collections.abc import Collection
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import Tensor

from ..config import Card, Run, Supervised, load_run
from ..data import Prepared
from ..data.grid import ALIGNED_TOLERANCE
from ..errors import ConfigError, WeightsError
from ..files import read_object
from ..models import TrainableNetwork
from ..models.storage import load_weights
from ..types import Task
from .package_teacher import CARD, ITEM, read_card

CHECKPOINTS = "checkpoints"
AVERAGED = "module."
"""Before the names of the weights of a moving average (`torch.optim.swa_utils.AveragedModel`)."""


def best_weights(folder: Path, name: str) -> Path:
    """Where a run keeps the best weights of one of its networks."""
    return folder / CHECKPOINTS / f"{name}.safetensors"


def checked(folder: str, name: str, teacher: TrainableNetwork, run: Run, prepared: Prepared) -> tuple[Path, str]:
    """The best weights of another run for a teacher, and the name under which it keeps them.

    A supervised run has one network, which teaches under any name.

    Args:
        folder: of the other run.
        name: the teacher's.
        teacher: to be filled.
        run: this run.
        prepared: its sources.

    Raises:
        ConfigError: the other run has other classes, bands, ground sampling distance or standardisation.
    """
    other = load_run(folder)
    check_run(folder, other, teacher.tasks, run, prepared)
    stored = stored_as(other, name)
    return best_weights(Path(folder), stored), stored


def stored_as(other: Run, name: str) -> str:
    """The name under which another run keeps the weights of a teacher."""
    return "student" if isinstance(other.recipe, Supervised) else name


def check_run(folder: str, other: Run, tasks: Collection[Task], run: Run, prepared: Prepared) -> None:
    """Raise ConfigError where another run's classes, bands, ground sampling distance or standardisation do not fit."""
    for task in tasks:
        _check_classes(task, folder, other, run)
    _check_imagery(folder, other, prepared)
    _check_standardisation(folder, other, run)


def _check_classes(task: str, folder: str, other: Run, run: Run) -> None:
    mine, theirs = ([each.name for each in getattr(which, f"{task}_classes")] for which in (run, other))
    if mine != theirs:
        raise ConfigError(f"The teachers of {folder} know the {task}_classes {theirs}, and this run has {mine}.")
    if task == "segmentation" and other.background != run.background:
        raise ConfigError(f"The setting background of {folder} is {other.background}, and this run's {run.background}.")


def _check_imagery(folder: str, other: Run, prepared: Prepared) -> None:
    """What was left to the sources is only in the card of a finished run."""
    bands, gsd = _seen(Path(folder)) or (other.bands, other.gsd)
    if bands is not None and list(bands) != list(prepared.bands):
        raise ConfigError(f"The teachers of {folder} see the bands {bands}, and this run has {prepared.bands}.")
    if gsd is not None and not math.isclose(prepared.gsd, gsd, rel_tol=ALIGNED_TOLERANCE):
        raise ConfigError(
            f"The teachers of {folder} work at {gsd:g} m per pixel, and this run at {prepared.gsd:g}.",
            f"Set gsd to {gsd!r}.",
        )


def _check_standardisation(folder: str, other: Run, run: Run) -> None:
    mine, theirs = run.training.source_statistics, other.training.source_statistics
    if mine != theirs:
        raise ConfigError(
            f"The setting training.source_statistics of {folder} is {theirs}, and this run's {mine}.",
            "Make them the same.",
        )


def card_of(folder: Path) -> Card | None:
    """The card of a run's finished model; none where it has not got that far."""
    try:
        return read_card(str(folder))
    except ConfigError:
        return None


def _seen(folder: Path) -> tuple[list[int], float] | None:
    """Bands and ground sampling distance of a run's finished model, whatever else its card says."""
    try:
        card = read_object(folder / "model" / ITEM)["properties"][CARD]
        return card["bands"], card["gsd"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def fill(teacher: TrainableNetwork, path: Path, stored: str, name: str, by_source: bool) -> None:
    """Load a teacher's weights.

    Args:
        teacher: to be filled.
        path: `.safetensors`, or a run's last checkpoint, of which the moving average is taken.
        stored: the network's name in its run.
        name: the teacher's, for messages.
        by_source: whether its mean and deviation stay, which are what this run's rasters are mapped onto; standardised
            they are what the teacher has learned.

    Raises:
        ConfigError: there are no such weights, or they are of another network.
    """
    try:
        state = load_weights(path) if path.suffix == ".safetensors" else _last_average(path, stored)
        if by_source:
            state |= {"mean": teacher.mean, "std": teacher.std}
        teacher.load_state_dict(state)
    except (OSError, UnpicklingError, EOFError) as error:
        raise ConfigError(f"There is no trained {name} at {path}; finish that run first.") from error
    except WeightsError as error:
        raise ConfigError(f"The trained {name} at {path} is damaged; put a copy of it back.") from error
    except RuntimeError as error:
        raise ConfigError(f"The {name} at {path} is another network than this run's; give it the same size.") from error


def _last_average(path: Path, stored: str) -> dict[str, Tensor]:
    averages = torch.load(path, map_location="cpu", weights_only=True).get("averages", {})
    if stored not in averages:
        raise ConfigError(f"The checkpoint {path} is of a stage that does not train the {stored}; name another file.")
    return {key.removeprefix(AVERAGED): value for key, value in averages[stored].items() if key.startswith(AVERAGED)}

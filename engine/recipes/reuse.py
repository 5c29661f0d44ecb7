"""Teachers that an earlier run has trained already."""

from __future__ import annotations

import math
from pathlib import Path

from torch import nn

from ..config import Run, Supervised, load_run
from ..data import Prepared
from ..data.grid import ALIGNED_TOLERANCE
from ..errors import ConfigError, WeightsError
from ..models.storage import load_weights
from ..text_files import read_json
from .package_teacher import CARD, ITEM

CHECKPOINTS = "checkpoints"


def best_weights(folder: Path, name: str) -> Path:
    """Where a run keeps the best weights of one of its networks."""
    return folder / CHECKPOINTS / f"{name}.safetensors"


def load_teachers(folders: str | dict[str, str], teachers: dict[str, nn.Module], run: Run, prepared: Prepared) -> None:
    """Fill teachers with the best weights of another run's networks of the same names.

    A supervised run has one network, which teaches under any name.

    Args:
        folders: of the other run, or of one for each teacher by its name.
        teachers: by name.
        run: this run.
        prepared: its sources.

    Raises:
        ConfigError: the other run has other classes, bands, ground sampling distance or networks, or has not
            finished them, or a teacher has no folder.
    """
    found: dict[str, tuple[Path, str]] = {}
    for name, teacher in teachers.items():
        folder = folders if isinstance(folders, str) else folders.get(name)
        if folder is None:
            raise ConfigError(f"recipe.teachers_from has no run folder for {name}; give one.")
        other = load_run(folder)
        for task in teacher.tasks:
            _check_classes(task, folder, other, run)
        _check_imagery(folder, other, prepared)
        _check_standardisation(folder, other, run)
        found[name] = Path(folder), "student" if isinstance(other.recipe, Supervised) else name
    for name, teacher in teachers.items():
        _load(*found[name], name, teacher, run.training.source_statistics)


def _check_classes(task: str, folder: str, other: Run, run: Run) -> None:
    mine, theirs = ([each.name for each in getattr(which, f"{task}_classes")] for which in (run, other))
    if mine != theirs:
        raise ConfigError(f"The teachers of {folder} know the {task}_classes {theirs}, and this run has {mine}.")
    if task == "segmentation" and other.background != run.background:
        raise ConfigError(f"The setting background of {folder} is {other.background}, and this run's {run.background}.")


def _check_imagery(folder: str, other: Run, prepared: Prepared) -> None:
    """What was left to the sources is only in the card of a finished run."""
    bands, gsd = _card_of(Path(folder)) or (other.bands, other.gsd)
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


def _card_of(folder: Path) -> tuple[list[int], float] | None:
    try:
        card = read_json(folder / "model" / ITEM)["properties"][CARD]
        return card["bands"], card["gsd"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _load(folder: Path, stored: str, name: str, teacher: nn.Module, by_source: bool) -> None:
    path = best_weights(folder, stored)
    try:
        state = load_weights(path)
        if by_source:  # what this run's rasters are mapped onto; standardised they are what the teacher has learned
            state |= {"mean": teacher.mean, "std": teacher.std}
        teacher.load_state_dict(state)
    except OSError as error:
        raise ConfigError(f"There is no trained {name} at {path}; finish that run first.") from error
    except WeightsError as error:
        raise ConfigError(f"The trained {name} at {path} is damaged; put a copy of it back.") from error
    except RuntimeError as error:
        raise ConfigError(f"The {name} at {path} is another network than this run's; give it the same size.") from error

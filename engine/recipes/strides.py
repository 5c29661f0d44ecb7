"""Which pyramid levels detect, where a run leaves it to its labels."""

from __future__ import annotations

from pathlib import Path

from ..config import Distil, Network, Recipe, Run, TeachersFrom, named_folders
from ..data import Prepared
from ..data.prepared import ObjectSides
from ..files import read_object
from .build import CARD, ITEM
from .starting import SHIPPED

STRIDES = (4, 8, 16, 32, 64)
CELLS = 2
"""Cells of the finest level that the shorter side of (nearly) every object should span."""
REACH = 8
"""Strides up to which a level's objects reach from their centre (`heads.fcos.level_ranges`)."""


def detection_strides(sides: ObjectSides | None) -> list[int]:
    """The levels for objects of these sizes: stride 4 only where some are small, coarse ones only where some are large.

    Args:
        sides: quantiles of the boxes' sides in pixels; without any, all levels of the encoder.
    """
    if sides is None:
        return list(STRIDES[:4])
    finest = 4 if sides.shorter[0] < CELLS * 8 else 8
    reach = sides.longer[2] / 2
    coarsest = next((stride for stride in STRIDES if REACH * stride >= reach), STRIDES[-1])
    return [stride for stride in STRIDES if finest <= stride <= max(coarsest, 2 * finest)]


def with_strides(run: Run, prepared: Prepared) -> Run:
    """The run with the levels chosen for every network that names none; all detect on the same ones.

    A student of a finished package takes its teacher's, and so do networks whose teachers another run has trained, and
    those beside a model that a run goes on from.
    """
    recipe = run.recipe
    if isinstance(recipe, Distil):
        return run
    chosen = _of_start(recipe) or _of_teachers(getattr(recipe, "teachers_from", None))
    chosen = chosen or detection_strides(prepared.object_sides)
    networks = {name: value for name, value in recipe if isinstance(value, Network) and value.detection_strides is None}
    update = {name: value.model_copy(update={"detection_strides": chosen}) for name, value in networks.items()}
    return run.model_copy(update={"recipe": recipe.model_copy(update=update)})


def _of_start(recipe: Recipe) -> list[int] | None:
    """The levels of the model that a run goes on from, which `with_start` has put in."""
    started = getattr(recipe, "start_from", None)
    return getattr(recipe, SHIPPED[recipe.kind]).detection_strides if started else None


def _of_teachers(teachers: TeachersFrom) -> list[int] | None:
    """The levels of the first finished model that says them, of another run or of a package."""
    for folder in map(Path, named_folders(teachers)):
        folder = folder.parent.parent if folder.is_file() else folder  # a run's checkpoint
        item = next((path for path in (folder / ITEM, folder / "model" / ITEM) if path.is_file()), folder)
        try:
            card = read_object(item)["properties"][CARD]
            if "detection" in card["tasks"] and card["network"]["detection_strides"]:
                return list(card["network"]["detection_strides"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None

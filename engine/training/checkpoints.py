"""Checkpoints: written atomically, read without unpickling."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn

from ..config import TEACHER_SHARE, Run
from ..errors import OutputError, TrainingError
from ..models.storage import save_weights
from ..recipes import CHECKPOINTS, best_weights

LAST = "last.pt"


@dataclass
class State:
    """Where a training stands.

    Args:
        stage: index of the stage.
        step: steps done in it.
        elapsed: seconds spent in it.
        samples: items drawn of each role in it.
        scores: best validation score of each network so far.
        values: the metrics behind those scores.
        networks: state dictionaries by network.
        averages: of the moving averages, by network.
        optimizer: its state dictionary.
        random: torch's generator state.
        fingerprint: of the run's settings.
        scaler: of float16's losses, its state dictionary; empty in other arithmetic.
        division: of a budget in minutes by measured steps, `shares.Division`'s fields; empty where nothing is measured.
        waited: validations in a row without a better score.
    """

    stage: int
    step: int
    elapsed: float
    samples: dict[str, int]
    scores: dict[str, float]
    values: dict[str, dict[str, float]]
    networks: dict[str, Any]
    averages: dict[str, Any]
    optimizer: dict[str, Any]
    random: torch.Tensor
    fingerprint: str
    scaler: dict[str, Any] = field(default_factory=dict)
    division: dict[str, Any] = field(default_factory=dict)
    waited: int = 0


FREE = {"device", "precision", "workers", "budget", "validations", "patience"}
"""Settings of training that may change between restarts."""
FIRST_KEYS = ("size", "encoder", "width", "weights", "architecture", "neck", "detection_head", "detection_strides")
"""Settings of a network of design 1."""
SINCE_FIRST = {
    "encoder_lr_factor": None,
    "source_statistics": False,
    "statistics_noise": 0.0,
    "class_balance": 0.0,
    "mirrored_validation": False,
}
"""Settings of training that came later, and their values that change nothing."""
AUGMENTATION_SINCE_FIRST = {"mosaic": 0.0, "copy_paste": 0.0}
"""The same of augmentation."""
RECIPES_SINCE_FIRST = {
    "start_from": None,
    "learning_without_forgetting": 0.0,
    "gate": 0.0,
    "mirrored_answers": False,
    "all_imagery": False,
    "soft_detection": "all",
    "feature_teacher": "none",
    "feature_teacher_model": "vit_small_patch14_dinov2.lvd142m",
    "feature_teacher_bands": None,
    "feature_teacher_weight": 1.0,
    "thresholds": "fixed",
    "complementary_dropout": False,
    "segmentation_loss": "cross_entropy",
    "unlabelled_chips": "uniform",
}
"""The same of recipes."""


def fingerprint(run: Run) -> str:
    """A hash of what a checkpoint depends on; paths, devices and budgets may change between restarts."""
    training = run.training.model_dump(exclude=FREE)
    training = _without_idle(training, SINCE_FIRST)
    training["augmentation"] = _without_idle(training["augmentation"], AUGMENTATION_SINCE_FIRST)
    recipe = run.recipe.model_dump(exclude={"teachers_from", "reuse_teachers", "package"})
    recipe = _without_idle(recipe, RECIPES_SINCE_FIRST)
    if recipe.get("teacher_share", 0.0) is None:  # which was the default before there was an open one
        recipe["teacher_share"] = TEACHER_SHARE[run.recipe.kind]
    recipe = {key: _as_first(value) if _is_first(value) else value for key, value in recipe.items()}
    for name in {"start_from", "feature_teacher"} & set(recipe):  # what they name may have moved, but not come or gone
        recipe[name] = True
    classes = [[c.name for c in run.detection_classes], [c.name for c in run.segmentation_classes], run.background]
    return hashlib.sha256(repr((training, recipe, classes, [s.role for s in run.sources])).encode()).hexdigest()


def _without_idle(settings: dict[str, Any], idle: dict[str, Any]) -> dict[str, Any]:
    """Settings without later ones that change nothing, as engines wrote them that did not know these."""
    return {key: value for key, value in settings.items() if key not in idle or value != idle[key]}


def _is_first(value: Any) -> bool:
    return isinstance(value, dict) and value.get("design") == 1


def _as_first(network: dict[str, Any]) -> dict[str, Any]:
    """A network of design 1 as engines wrote it that knew no other: their checkpoints go on."""
    return {key: network[key] for key in FIRST_KEYS}


def save_last(folder: Path, state: State) -> Path:
    """Write `checkpoints/last.pt`.

    Raises:
        OutputError: it cannot be written; the previous one stays.
    """
    return atomically(folder / CHECKPOINTS / LAST, lambda path: torch.save(asdict(state), path))


def load_last(folder: Path, run: Run) -> State | None:
    """The last checkpoint, or none where training has not begun.

    Raises:
        TrainingError: it is damaged, or belongs to other settings.
    """
    path = folder / CHECKPOINTS / LAST
    if not path.exists():
        return None
    try:
        state = State(**torch.load(path, map_location="cpu", weights_only=True))
    except (OSError, RuntimeError, UnpicklingError, TypeError, EOFError) as error:
        raise TrainingError(f"The checkpoint {path} cannot be read; delete it to start again.") from error
    if state.fingerprint != fingerprint(run):
        raise TrainingError(
            f"The checkpoint {path} belongs to other settings than run.json; restore them, or delete the folder "
            "checkpoints to start again."
        )
    return state


def save_best(folder: Path, name: str, network: nn.Module) -> Path:
    """Write a network's best weights as safetensors.

    Raises:
        OutputError: they cannot be written; the previous ones stay.
    """
    return atomically(best_weights(folder, name), lambda path: save_weights(network.state_dict(), path))


def copy_best(folder: Path, name: str, copy: str) -> None:
    """Keep a network's best weights of now under another name too.

    Raises:
        OutputError: they cannot be written.
    """
    if (path := best_weights(folder, name)).exists():
        atomically(best_weights(folder, copy), lambda partial: shutil.copyfile(path, partial))


def kept(stage: str, name: str) -> str:
    """The name under which a network's weights are kept as they were at the end of a stage."""
    return f"{stage}-{name}"


def load_best(folder: Path, name: str, network: nn.Module) -> bool:
    """Fill a network with its best weights, where there are any."""
    path = best_weights(folder, name)
    if not path.exists():
        return False
    network.load_state_dict(load_file(path))
    return True


def atomically(path: Path, write: Callable[[Path], Any]) -> Path:
    """Write a file whole or not at all.

    Args:
        path: of the file; its folder is made where it is missing.
        write: writes the file that it is given.

    Raises:
        OutputError: it cannot be written; the one before stays.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(partial)
        os.replace(partial, path)
    except (OSError, RuntimeError) as error:
        partial.unlink(missing_ok=True)
        raise OutputError(
            f"The checkpoint {path} cannot be written: {error}. Free some space and train again."
        ) from error
    return path

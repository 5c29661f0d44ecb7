"""Where a training stands, what settings that belongs to, and the way back when its numbers run away."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from pydantic import ConfigDict, TypeAdapter
from torch import Tensor, nn

from .. import ranks
from ..config import TEACHER_SHARE, Run
from ..data.identity import Identity
from ..errors import GeoDistilError, TrainingError
from ..models import Loaded
from ..models.devices import check_memory
from ..recipes import CHECKPOINTS, Plan
from .checkpoint_files import (
    LAST,
    UNREADABLE,
    differences,
    read_generation,
    sentence,
    settings_of_sources,
    write_generation,
)

MOST_SETBACKS = 2
"""How often a stage goes back before it gives up."""


class Diverged(TrainingError):
    """A loss or a weight is not a number."""


def rate_after(setbacks: int) -> float:
    """The share of its learning rate that a stage has left."""
    return 0.5**setbacks


def check_finite(modules: Iterable[nn.Module], stage: str, step: int) -> None:
    """See that weights and statistics are numbers, so that no checkpoint keeps others.

    Raises:
        Diverged: one is not.
    """
    if not are_numbers(*(module.state_dict() for module in modules)):
        raise _of("A weight", stage, step)


def are_numbers(*states: Mapping[str, Any]) -> bool:
    """Whether all floating-point tensors of state dictionaries are finite; other values in them do not count."""
    values = [each for state in states for each in state.values() if isinstance(each, Tensor)]
    found = [torch.isfinite(each).all() for each in values if each.is_floating_point()]
    return not found or bool(torch.stack(found).all())


def diverged(losses: dict[str, Tensor], stage: str, step: int, half: bool) -> Diverged:
    """The error for losses of which one is not a number.

    Args:
        losses: by name.
        stage: its name.
        step: how many were done.
        half: whether in float16.
    """
    names = ", ".join(name for name, value in losses.items() if not torch.isfinite(value)) or "their sum"
    return _of("The loss", stage, step, f" ({names})", half)


def _of(what: str, stage: str, step: int, more: str = "", half: bool = False) -> Diverged:
    return Diverged(
        f"{what} of stage {stage} is not a number after {step} steps{more}.",
        f"Lower training.learning_rate{', or set training.precision to 32-true,' * half} and train again.",
    )


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
        random: torch's generator state, of the CPU.
        fingerprint: of the run's settings.
        scaler: of float16's losses, its state dictionary; empty in other arithmetic.
        division: `clock.TimeBudget`'s fields, under the name of earlier engines; empty where nothing is measured.
        waited: validations in a row without a better score.
        validated: the stage's progress at its last validation; none (of earlier engines): at the checkpoint.
        skipped: steps in a row that float16 has left out.
        device_random: generator states of other devices, by their type.
        stages: names of the plan's stages; empty of earlier engines.
        best: best weights of the networks that the stage judges, by network.
        left: checksums of the files that finished stages have left, by their names.
        settings: what of the run's settings decides over weights, as a tree; empty of earlier engines.
        data: identities of the files that the training reads (`checkpoint_files.data_of`); empty of earlier engines.
        loaded: what encoders began with, by network.
        setbacks: how often the stage has gone back, with half the learning rate each time.
        at_once: chips of each role in a pass; 0 (of earlier engines): all of a batch.
        fitted: state dictionaries of what stages have fitted on validation ground, by network.
    """

    __pydantic_config__ = ConfigDict(arbitrary_types_allowed=True, strict=True, revalidate_instances="always")

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
    validated: float | None = None
    skipped: int = 0
    device_random: dict[str, torch.Tensor] = field(default_factory=dict)
    stages: list[str] = field(default_factory=list)
    best: dict[str, dict[str, torch.Tensor]] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Identity] = field(default_factory=dict)
    loaded: dict[str, str] = field(default_factory=dict)
    setbacks: int = 0
    at_once: int = 0
    fitted: dict[str, Any] = field(default_factory=dict)


_SOUND = TypeAdapter(State)
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
    "calibrated_answers": False,
    "agreement_weights": False,
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
    """A hash of what checkpoints of the first engines depend on: `settings` without what is said of the sources."""
    training, recipe = _deciding(run)
    classes = [[c.name for c in run.detection_classes], [c.name for c in run.segmentation_classes], run.background]
    return hashlib.sha256(repr((training, recipe, classes, [s.role for s in run.sources])).encode()).hexdigest()


def settings(run: Run) -> dict[str, Any]:
    """What a checkpoint depends on, as a tree; paths, devices and budgets may change between restarts."""
    training, recipe = _deciding(run)
    return {"training": training, "recipe": recipe, **settings_of_sources(run)}


def _deciding(run: Run) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings of training and recipe that decide over weights."""
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
    return training, recipe


def _without_idle(settings: dict[str, Any], idle: dict[str, Any]) -> dict[str, Any]:
    """Settings without later ones that change nothing, as engines wrote them that did not know these."""
    return {key: value for key, value in settings.items() if key not in idle or value != idle[key]}


def _is_first(value: Any) -> bool:
    return isinstance(value, dict) and value.get("design") == 1


def _as_first(network: dict[str, Any]) -> dict[str, Any]:
    """A network of design 1 as engines wrote it that knew no other: their checkpoints go on."""
    return {key: network[key] for key in FIRST_KEYS}


def save_last(folder: Path, state: State, check: Callable[[], None] = lambda: None) -> Path:
    """Write `checkpoints/last.pt`; what it was becomes `checkpoints/previous.pt`.

    Of processes that train together the first one does.

    Args:
        folder: the run folder.
        state: to be written.
        check: raises where weights have ceased to be numbers while they were written; nothing changes then.

    Raises:
        OutputError: it cannot be written; the ones there are stay.
    """
    if not ranks.is_first():
        return folder / CHECKPOINTS / LAST
    values = {each.name: getattr(state, each.name) for each in fields(state)}
    return write_generation(folder / CHECKPOINTS, values, check)


def load_last(folder: Path, run: Run, warn: Callable[[str], None] = lambda sentence: None) -> State | None:
    """The last checkpoint that is whole, or none where training has not begun.

    Args:
        folder: the run folder.
        run: its settings.
        warn: told where the newest checkpoint is damaged, and the one before it is used.

    Raises:
        TrainingError: all are damaged, or belong to other settings.
    """
    state = read_generation(folder / CHECKPOINTS, _sound, warn)
    if state is None:
        return None
    with fits(folder):
        changed = differences(state.settings, settings(run)) if state.settings else []
    if changed or (not state.settings and state.fingerprint != fingerprint(run)):
        raise TrainingError(sentence(folder, changed), "Restore them, or delete that folder to train anew.")
    return state


def _sound(values: dict[str, Any]) -> State:
    """A state whose values are of the right kinds, and whose weights are numbers."""
    state: State = _SOUND.validate_python(State(**values))
    if not are_numbers(*state.networks.values(), *state.averages.values(), *state.best.values()):
        raise ValueError("a weight in it is not a number")
    return state


@contextmanager
def fits(folder: Path) -> Iterator[None]:
    """Whatever values of a checkpoint raise that are not what a training of this run writes becomes one sentence.

    Raises:
        TrainingError: they are not.
    """
    try:
        yield
    except GeoDistilError:
        raise
    except UNREADABLE as error:
        check_memory(error)
        raise TrainingError(
            f"The checkpoints in {folder / CHECKPOINTS} hold values that no training of this run writes.",
            "Put a copy of them back, or delete that folder to train anew.",
        ) from error


def check_stages(state: State, plan: Plan, folder: Path) -> None:
    """See that a checkpoint is one of a plan's stages.

    Raises:
        ValueError: there is no such stage.
        TrainingError: teachers were to be trained then and are taken from another run now, or the other way; or an
            encoder whose stage is yet to come had pretrained weights and has none now, or the other way.
    """
    now = [stage.name for stage in plan.stages]
    if not 0 <= state.stage < len(now) or state.step < 0:
        raise ValueError("no stage of this plan")
    if state.stages and state.stages != now:
        raise TrainingError(
            f"The checkpoints in {folder / CHECKPOINTS} are of a training with the stages {', '.join(state.stages)}, "
            f"and this one has {', '.join(now)}.",
            "Restore recipe.teachers_from and the file teachers.json beside them, or delete that folder to train anew.",
        )
    here = loaded(plan)
    trained = {name for stage in plan.stages[: state.stage + 1] for name in stage.trainable}
    for name in state.loaded.keys() & here.keys() - trained:
        if state.loaded[name] != here[name]:
            raise TrainingError(
                f"The encoder of the {name.replace('_', ' ')} began with other weights when this training did "
                f"({state.loaded[name]}, now {here[name]}).",
                f"Have them at hand again, or delete the folder {folder / CHECKPOINTS} to train anew.",
            )


def belongs_to(run: Run, plan: Plan, data: dict[str, Identity]) -> dict[str, Any]:
    """The fields of a state that say what it belongs to."""
    stages = [stage.name for stage in plan.stages]
    hashed = {"fingerprint": fingerprint(run), "settings": settings(run)}
    return {**hashed, "data": data, "stages": stages, "loaded": loaded(plan)}


def loaded(plan: Plan) -> dict[str, str]:
    """What the encoders of a plan's networks began with."""
    found: dict[str, Loaded | None] = {
        name: getattr(network, "loaded", None) for name, network in plan.networks.items()
    }
    return {
        name: "random" if source is None else f"{source.matched} pretrained tensors"
        for name, source in found.items()
        if hasattr(plan.networks[name], "loaded")
    }

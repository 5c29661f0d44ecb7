"""Learning from labels alone, of either task: the losses every recipe starts from, and the recipe of one network.

What segmentation learns by is as a run says, or by how much ground its classes cover. Rules and formula:
docs/methods.md, section 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ..config import Labelled, PartialMultitask, Run, Supervised, recipe_of
from ..data import Prepared
from ..data.label_statistics import SCARCE, class_shares
from ..datasets.rasters import MINIMUM_PIXELS, components, large_enough
from ..distillation import (
    bounded_areas,
    cldice_loss,
    dice_loss,
    outside_boxes,
    segmentation_cross_entropy,
    segmentation_focal,
    weighted_cross_entropy,
)
from ..errors import ConfigError
from ..models import TaskNetwork
from ..types import IGNORE_INDEX, Batch, Outputs, Role, Task, given
from .feature_teaching import feature_terms
from .plan import Batches, Losses, Networks, Plan, Stage, network_of
from .starting import NOTHING, Lesson, build_student
from .views import forward_together, labelled

UNEVEN = 20.0
"""How much more ground the class with the most must cover than that with the least for classes to be weighed."""
LEAST_WEIGHED = 3
"""Classes below which nothing is weighed: of two, Dice sees to the scarce one."""
MOST_WEIGHT = 10.0
"""Of a class, that of the most frequent being 1: rare labels have mistakes, too."""
DICE = 1.0


@dataclass(frozen=True)
class LabelLoss:
    """Segmentation's loss on labels.

    Args:
        form: cross_entropy, weighted or focal.
        weights: of the channels, of the form weighted.
        dice: weight of the Dice term.
        sentence: for people, where classes are weighed or the choice was the engine's; else empty.
    """

    form: str
    weights: tuple[float, ...] = ()
    dice: float = 0.0
    sentence: str = ""


def chosen_loss(run: Run, prepared: Prepared) -> LabelLoss:
    """The loss that a run asks for; `auto` is decided here. A weight of Dice that the run gives stays as it is."""
    wanted, dice = getattr(run.recipe, "segmentation_loss", "cross_entropy"), getattr(run.recipe, "dice", 0.0)
    if wanted in ("cross_entropy", "focal") or not prepared.of_role("segmentation"):
        return LabelLoss("focal" if wanted == "focal" else "cross_entropy", dice=dice)
    shares = class_shares(run, prepared)
    labelled = {name: share for name, share in shares.items() if share > 0}
    weights = class_weights(shares)
    if wanted == "weighted":
        return LabelLoss("weighted", weights, dice, f"Segmentation weighs {_listed(shares, weights)}.")
    least, most = (find(labelled, key=labelled.__getitem__) for find in (min, max))
    uneven = labelled[most] / labelled[least]
    weighed = uneven >= UNEVEN and len(labelled) >= LEAST_WEIGHED and not run.training.class_balance
    adds = labelled[least] < SCARCE and not dice
    parts = f"cross-entropy{f' that weighs {_listed(shares, weights)}' if weighed else ''}"
    sentence = (
        f"Segmentation learns by {parts}{f' and Dice of weight {DICE:g}' if adds or dice else ''}: of the labelled "
        f"ground '{least}' covers {100 * labelled[least]:.1f} % and '{most}' {100 * labelled[most]:.1f} % "
        "(recipe.segmentation_loss: auto)."
    )
    return LabelLoss(
        "weighted" if weighed else "cross_entropy",
        weights if weighed else (),
        DICE if adds else dice,
        sentence,
    )


def class_weights(shares: dict[str, float]) -> tuple[float, ...]:
    """Of each class the square root of how much more the most frequent one covers, at most `MOST_WEIGHT`.

    The root, as with the chips drawn around labels: those show rare classes more often than they are.
    """
    most = max(shares.values())
    return tuple(min(MOST_WEIGHT, math.sqrt(most / share)) if share else 1.0 for share in shares.values())


def _listed(shares: dict[str, float], weights: tuple[float, ...]) -> str:
    """For example `field 1.0 and pond 5.5`."""
    *others, last = (f"{name} {weight:.1f}" for name, weight in zip(shares, weights, strict=True))
    return f"{', '.join(others)} and {last}" if others else last


WeakLosses = Callable[[TaskNetwork, Outputs, Batch], dict[str, Tensor]]
"""(student, its outputs on a batch, the batch) -> named losses of the task that the batch has no labels of."""


def weak_channels(recipe: PartialMultitask, run: Run) -> dict[int, int]:
    """Detection class to segmentation channel, by `weak_classes` or by equal names.

    Raises:
        ConfigError: a class is unknown, no classes meet, or no channel would be left outside all boxes.
    """
    found = [definition.name for definition in run.detection_classes]
    channels = [definition.name for definition in run.segmentation_channels()]
    pairs = recipe.weak_classes or {name: name for name in found if name in channels[int(run.background) :]}
    for names, known, key in ((pairs, found, "detection_classes"), (pairs.values(), channels, "segmentation_classes")):
        for name in names:
            if name not in known:
                raise ConfigError(f"recipe.weak_classes names '{name}', and {key} have no such name.")
    if not pairs:
        raise ConfigError("The option weak_labels needs a class of both tasks; say which is which in weak_classes.")
    mapped = {found.index(mine): channels.index(theirs) for mine, theirs in pairs.items()}
    if len(set(mapped.values())) == len(channels):
        raise ConfigError("The option weak_labels needs a segmentation class that no box bounds; set background.")
    return mapped


def weak_tasks(role: Role, recipe: PartialMultitask) -> tuple[Task, ...]:
    """The task that a role's batch gets weak labels of: the other one, where they have weight."""
    others: dict[Role, Task] = {"detection": "segmentation", "segmentation": "detection"}
    other = others.get(role)
    wanted = other and recipe.weak_labels and getattr(recipe.weights, f"weak_{other}")
    return (other,) if other and wanted else ()


def weak_losses(recipe: PartialMultitask, run: Run) -> WeakLosses:
    """The losses of weak labels for a run's classes.

    Raises:
        ConfigError: as `weak_channels`.
    """
    channels, weights = weak_channels(recipe, run), recipe.weights

    def losses(student: TaskNetwork, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        (task,) = weak_tasks(batch.role, recipe) or (None,)
        if task == "detection":
            boxes, labels, valid = boxes_of_areas(given(batch.mask), channels)
            head = given(student.detection_head)
            terms = head.loss(given(outputs.detections), boxes, labels, valid, list(channels))
            return {f"detection weak {key}": weights.weak_detection * term for key, term in terms.items()}
        if task == "segmentation":
            logits, size = given(outputs.segmentation), (batch.valid.shape[-2], batch.valid.shape[-1])
            closed = outside_boxes(given(batch.boxes), given(batch.labels), channels, logits.shape[1], size)
            return {"segmentation weak": weights.weak_segmentation * bounded_areas(logits, closed, batch.valid)}
        return {}

    return losses


def boxes_of_areas(mask: Tensor, channels: dict[int, int]) -> tuple[list[Tensor], list[Tensor], Tensor]:
    """The extents of each class's 8-connected components, as chips of a labelled detection source would have them.

    Components below 80 px are dropped unless all of their class in the chip are; so are those that touch ignored
    ground, whose extents nobody knows. What is dropped counts nowhere.

    Args:
        mask: (B, H, W) channels with `IGNORE_INDEX`.
        channels: detection class to segmentation channel.

    Returns:
        boxes per image (n, 4) xyxy pixels, labels per image (n,), and what counts, (B, H, W) bool.
    """
    found = [_boxes(chip, channels) for chip in mask.cpu().numpy()]
    boxes, labels, valid = zip(*found, strict=True)
    return (
        [torch.from_numpy(each).float().to(mask.device) for each in boxes],
        [torch.from_numpy(each).to(mask.device) for each in labels],
        torch.from_numpy(np.stack(valid)).to(mask.device),
    )


def _boxes(mask: np.ndarray, channels: dict[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    boxes, labels, valid = [np.zeros((0, 4), np.int64)], [np.zeros(0, np.int64)], mask != IGNORE_INDEX
    whole = valid.copy()
    for label, channel in channels.items():
        if not (mask == channel).any():
            continue
        extents, pixels = components(mask == channel)
        kept = large_enough(pixels, MINIMUM_PIXELS)
        kept &= np.array([_around(whole, extent).all() for extent in extents])
        for extent in extents[~kept]:
            _around(valid, extent)[:] = False
        boxes.append(extents[kept])
        labels.append(np.full(int(kept.sum()), label, np.int64))
    return np.concatenate(boxes), np.concatenate(labels), valid


def _around(mask: np.ndarray, extent: np.ndarray) -> np.ndarray:
    """The part of a mask within a pixel of an extent."""
    x0, y0, x1, y1 = extent
    return mask[max(0, y0 - 1) : y1 + 1, max(0, x0 - 1) : x1 + 1]


@dataclass(frozen=True)
class LabelTerms:
    """Segmentation's terms on labels.

    Args:
        dice: weight of the Dice term.
        cldice: weight of clDice.
        thin: the channels of clDice.
        focal: whether cross-entropy is focal.
        weights: of the channels in cross-entropy; empty: all alike.
    """

    dice: float = 0.0
    cldice: float = 0.0
    thin: tuple[int, ...] = ()
    focal: bool = False
    weights: tuple[float, ...] = ()


def label_terms(recipe: Labelled | PartialMultitask, run: Run, prepared: Prepared) -> LabelTerms:
    """A recipe's terms for a run's classes and what is labelled of them.

    Raises:
        ConfigError: a thin class is none of the run's.
    """
    loss = chosen_loss(run, prepared)
    terms = LabelTerms(loss.dice, focal=loss.form == "focal", weights=loss.weights)
    if not isinstance(recipe, Labelled):
        return terms
    names = [channel.name for channel in run.segmentation_channels()]
    unknown = set(recipe.thin_classes) - set(names)
    if unknown:
        raise ConfigError(f"recipe.thin_classes names '{min(unknown)}', and segmentation_classes have no such name.")
    wanted = recipe.thin_classes or names[int(run.background) :]
    return replace(terms, cldice=recipe.cldice, thin=tuple(names.index(name) for name in wanted))


def supervised_losses(
    network: TaskNetwork, outputs: Outputs, batch: Batch, terms: LabelTerms = LabelTerms()
) -> dict[str, Tensor]:
    """The labelled task's losses of one batch; a batch knows its task by its role.

    Args:
        network: gives the detection head's loss.
        outputs: of `network` on `batch.image`.
        batch: of role detection or segmentation.
        terms: of segmentation.

    Returns:
        named scalars; classification, box (and centerness), or cross_entropy or focal (and dice, cldice).
    """
    if batch.role == "detection":
        head, found = given(network.detection_head), given(outputs.detections)
        return head.loss(found, given(batch.boxes), given(batch.labels), batch.valid)
    logits, mask = given(outputs.segmentation), given(batch.mask)
    losses = _cross_entropy(logits, mask, terms)
    if terms.dice:
        losses["dice"] = terms.dice * dice_loss(logits, mask)
    if terms.cldice:
        losses["cldice"] = terms.cldice * cldice_loss(logits, mask, list(terms.thin))
    return losses


def _cross_entropy(logits: Tensor, mask: Tensor, terms: LabelTerms) -> dict[str, Tensor]:
    if terms.focal:
        return {"focal": segmentation_focal(logits, mask)}
    if terms.weights:
        return {"cross_entropy": weighted_cross_entropy(logits, mask, terms.weights)}
    return {"cross_entropy": segmentation_cross_entropy(logits, mask)}


def tasks_of(run: Run) -> tuple[Task, ...]:
    """The tasks that the run's sources are labelled for, detection first."""
    roles = {source.role for source in run.sources}
    return tuple(task for task in ("detection", "segmentation") if task in roles)


def teach_from_labels(
    name: str, recipe: Labelled, terms: LabelTerms = LabelTerms(), lesson: Lesson = NOTHING
) -> Losses:
    """The loss function of a stage that trains `name` on batches of whatever roles it draws, from labels."""

    def losses(networks: Networks, batches: Batches, progress: float) -> dict[str, Tensor]:
        network = network_of(networks, name)
        batches = {role: labelled(batch, recipe) for role, batch in batches.items()}
        images = {role: batch.image for role, batch in batches.items()}
        outputs = forward_together(network, images, {role: lesson.wanted(role, network.tasks) for role in batches})
        named = {
            f"{role}/{key}": value
            for role, batch in batches.items()
            if role in network.tasks
            for key, value in supervised_losses(network, lesson.heard(outputs[role], batch), batch, terms).items()
        }
        named |= feature_terms(networks, outputs, batches, recipe)
        return named | lesson.terms(networks, outputs, batches)

    return losses


def plan_supervised(run: Run, prepared: Prepared) -> Plan:
    """One network on the labels alone, one or both tasks; what it goes on from may teach beside them.

    Raises:
        ConfigError: a task is asked for that no source is labelled for, or the model to start from does not fit.
    """
    recipe = recipe_of(run, Supervised)
    tasks = tuple(recipe.tasks) if recipe.tasks else tasks_of(run)
    missing = [task for task in tasks if task not in tasks_of(run)]
    if missing or not tasks:
        needed = missing[0] if missing else "detection or segmentation"
        raise ConfigError(f"The recipe supervised needs a source with the role {needed}.")
    student = build_student(recipe.network, tasks, run, prepared)
    roles = _roles(tasks, run, student.lesson)
    roles = imagery(run, roles) if recipe.all_imagery or recipe.features_teach else roles
    losses = teach_from_labels("student", recipe, label_terms(recipe, run, prepared), student.lesson)
    stage = Stage(
        "training",
        ("student",),
        roles,
        1.0,
        losses,
        ("student",),
        frozen_teachers=tuple(student.teaching),
        views=roles if recipe.strong_views else (),
        begins=student.arrives,
    )
    networks = {"student": student.network, **student.teaching}
    return Plan(networks, [stage], "student", {"student": recipe.network}, heard=student.lesson.heard)


def imagery(run: Run, roles: tuple[Role, ...]) -> tuple[Role, ...]:
    """Some roles, and after them all others that the run has sources of."""
    return tuple(dict.fromkeys([*roles, *(source.role for source in run.sources)]))


def _roles(tasks: tuple[Task, ...], run: Run, lesson: Lesson) -> tuple[Role, ...]:
    """The roles to draw: those of the tasks, and unlabelled ones where the old model has something to say of them."""
    if not lesson.weight:
        return tasks
    unlabelled = any(source.role == "unlabelled" for source in run.sources) and lesson.asks("unlabelled")
    roles: tuple[Role, ...] = (*tasks, "unlabelled") if unlabelled else tasks
    if not any(lesson.asks(role) for role in roles):
        raise ConfigError(
            "The option learning_without_forgetting has nothing to do: every source has labels of all classes that the "
            "old model knows.",
            "Set it to 0, or add unlabelled imagery.",
        )
    return roles

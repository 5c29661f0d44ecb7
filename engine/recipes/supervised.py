"""Learning from labels alone: the losses every recipe starts from, and the recipe of one network."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from ..config import Labelled, PartialMultitask, Run, Supervised, recipe_of
from ..data import Prepared
from ..distillation import (
    cldice_loss,
    dice_loss,
    segmentation_cross_entropy,
    segmentation_focal,
    weighted_cross_entropy,
)
from ..errors import ConfigError
from ..models import TaskNetwork
from ..types import Batch, Outputs, Role, Task, given
from .feature_teaching import feature_terms
from .forgetting import NOTHING, Lesson
from .label_loss import chosen_loss
from .plan import Batches, Losses, Networks, Plan, Stage, network_of
from .starting import build_student
from .together import forward_together
from .views import labelled


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

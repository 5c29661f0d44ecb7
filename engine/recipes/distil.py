"""A finished model package taught to another, usually smaller network, on any imagery.

The package's network is frozen and answers on every batch. Where sources have labels the student learns from
them too, and only they validate: a student's agreement with its teacher would say nothing of its errors. Without
labels the last moving average ships.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from ..config import Card, Distil, Network, Run, recipe_of
from ..data import Prepared
from ..distillation import Adaptors, Emphasis, Targets, soft_centerness
from ..errors import ConfigError
from ..models import TaskNetwork, anchors_valid
from ..models.encoders import STRIDES
from ..types import Batch, Outputs, Task, given
from .build import build_network, check_imagery, load_package_teacher
from .calibration import CALIBRATION, Calibration, calibrated
from .ensemble import agreement, check_mirrors, check_opinions, mean_answer, opinions
from .feature_teaching import feature_terms
from .plan import Batches, Losses, Networks, Plan, Stage, Weigh, network_of, nothing_to_say
from .starting import channels
from .supervised import supervised_losses
from .terms import GATE, Gate, Teaching, check_features, has_terms, listened, teaching_terms, uses_features
from .views import forward_together

TASKS: tuple[Task, ...] = ("detection", "segmentation")
SHARED = {"feature", "pkd"}
"""Terms of the pyramid alone: one teacher for both tasks asks for them once."""


def plan_distil(run: Run, prepared: Prepared) -> Plan:
    """One stage: the student, the teacher's answers on all batches, and labels where there are any.

    Raises:
        ConfigError: the package cannot be read, or the run or its student does not fit it.
    """
    recipe = recipe_of(run, Distil)
    teacher, card = load_package_teacher(recipe.package)
    spec = given(card.network)
    _check_run(run, prepared, card)
    _check_weights(recipe, card)
    tasks = tuple(task for task in TASKS if task in card.tasks)
    if recipe.student.detection_strides is None:
        strides = {"detection_strides": spec.detection_strides}
        recipe = recipe.model_copy(update={"student": recipe.student.model_copy(update=strides)})
    student = build_network(recipe.student, tasks, run, prepared, seed=run.training.seed)
    _check_student(recipe, card, student, teacher)
    if recipe.mirrored_answers:
        check_mirrors([teacher], run)
    if recipe.agreement_weights:
        check_opinions([teacher], recipe.mirrored_answers)
    networks: dict[str, nn.Module] = {"student": student, "teacher": teacher}
    if uses_features(recipe):
        networks["adaptors"] = Adaptors(student.feature_channels, teacher.feature_channels)
    weigh: Weigh = nothing_to_say
    if recipe.gate:
        gate = Gate(dict.fromkeys(tasks, "teacher"), channels(run, tasks), recipe.gate)
        networks[GATE], weigh = gate, gate.weigh
    if recipe.calibrated_answers:
        networks[CALIBRATION] = Calibration(dict.fromkeys(tasks, "teacher"), recipe.mirrored_answers)
    stage = Stage(
        "student",
        trainable=tuple(name for name in ("student", "adaptors") if name in networks),
        frozen_teachers=("teacher",),
        roles=tuple(dict.fromkeys(source.role for source in run.sources)),
        share=1.0,
        losses=distil_losses(recipe),
        validated=("student",),
        measures=("teacher",) if GATE in networks else (),
        fits=(CALIBRATION,) if CALIBRATION in networks else (),
    )
    specs = {"student": recipe.student, "teacher": spec}
    of_card = (card.score_threshold, card.score_thresholds, card.object_size)
    return Plan(networks, [stage], "student", specs, *of_card, weigh=weigh)


def distil_losses(recipe: Distil) -> Losses:
    """Labels where a batch has them, and the teacher on every batch and task."""

    def losses(networks: Networks, batches: Batches, progress: float) -> dict[str, Tensor]:
        student, teacher = network_of(networks, "student"), network_of(networks, "teacher")
        images = {role: batch.image for role, batch in batches.items()}
        outputs = forward_together(student, images, dict.fromkeys(images, student.tasks))
        named: dict[str, Tensor] = {}
        for role, batch in batches.items():
            if role != "unlabelled":
                own = supervised_losses(student, outputs[role], batch)
                named |= {f"{role}/{key}": value for key, value in own.items()}
            said = opinions(teacher, batch.image, mirrored=recipe.mirrored_answers)
            terms = taught_losses(networks, outputs[role], said, batch, recipe)
            named |= {f"{role}/{key}": value for key, value in terms.items()}
        return named | feature_terms(networks, outputs, batches, recipe)

    return losses


def taught_losses(
    networks: Networks, outputs: Outputs, said: Sequence[Outputs], batch: Batch, recipe: Distil
) -> dict[str, Tensor]:
    """What the teacher's answers on a batch ask of the student's, as weighted named scalars."""
    student, teacher = network_of(networks, "student"), network_of(networks, "teacher")
    adaptors = networks.get("adaptors")
    terms: dict[str, Tensor] = {}
    answer = calibrated(networks, mean_answer(said))
    agreed = {task: agreement(said, task) if recipe.agreement_weights else None for task in student.tasks}
    for task in student.tasks:
        emphasis = Emphasis(listened(networks, task), agreed[task])
        asked = teaching_terms(Teaching(task, teacher, answer, outputs, batch, emphasis), adaptors, recipe)
        terms |= {f"{task} {key}" if key not in SHARED else key: value for key, value in asked.items()}
    if "soft" in recipe.distillation and recipe.soft_detection == "all":  # which the other forms teach themselves
        heard = listened(networks, "detection")
        weight = recipe.weights.soft_detection * (1.0 if heard is None else heard.mean().item())
        terms |= _centerness(outputs, answer, batch, weight, agreed.get("detection"))
    return terms


def _centerness(
    outputs: Outputs, teacher: Outputs, batch: Batch, weight: float, places: Tensor | None
) -> dict[str, Tensor]:
    """Nothing but the teacher would train it where no source has boxes."""
    mine, theirs = outputs.detections, teacher.detections
    if not weight or mine is None or theirs is None or mine.centerness is None:
        return {}
    valid = anchors_valid(mine.anchors, batch.valid)
    wanted = Targets(given(theirs.centerness), theirs.logits)
    term = soft_centerness(mine.centerness, wanted, valid, places=places)
    return {"detection soft centerness": weight * term}


def _check_run(run: Run, prepared: Prepared, card: Card) -> None:
    foreign = {source.role for source in run.sources} - {*card.tasks, "unlabelled"}
    if foreign:
        raise ConfigError(f"There are {min(foreign)} sources, and the package {card.name} has no {min(foreign)}.")
    if run.training.source_statistics or card.source_statistics:
        raise ConfigError(
            f"The package {card.name} and its student must see the same values, which training.source_statistics does "
            "not let them.",
            "Switch it off, or name a package that was trained without it.",
        )
    check_imagery(run, prepared, card)
    for what, mine, theirs in _facts(run, card):
        if mine != theirs:
            raise ConfigError(
                f"The {what} of the package {card.name} is {theirs}, and of this run {mine}.", "Make them the same."
            )


def _facts(run: Run, card: Card) -> list[tuple[str, object, object]]:
    """(name, the run's, the package's) of all that must be the same of classes."""
    facts: list[tuple[str, object, object]] = []
    for task in card.tasks:
        key = f"{task}_classes"
        mine, theirs = ([each.name for each in getattr(owner, key)] for owner in (run, card))
        facts.append((f"list of {key}", mine, theirs))
    if "segmentation" in card.tasks:
        facts.append(("setting background", run.background, card.background))
    return facts


def _check_weights(recipe: Distil, card: Card) -> None:
    if not any(has_terms(task, recipe) for task in card.trainable_tasks()):
        raise ConfigError("All weights of the recipe's distillation are 0; give one of them a weight.")


def _check_student(recipe: Distil, card: Card, student: TaskNetwork, teacher: TaskNetwork) -> None:
    theirs = _anchors(given(card.network))
    if "detection" in card.tasks and _anchors(recipe.student) != theirs:
        head, strides = theirs
        raise ConfigError(
            f"The package {card.name} detects with the head {head} on strides {strides}, and the student otherwise.",
            "Give the student the same detection_head and detection_strides.",
        )
    check_features(recipe, student, [teacher])


def _anchors(spec: Network) -> tuple[str, list[int]]:
    return spec.detection_head, sorted(set(spec.detection_strides or STRIDES))

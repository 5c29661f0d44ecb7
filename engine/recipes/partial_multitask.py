"""Partial multi-task learning with distillation (IGARSS 2024, arXiv 2405.15394): docs/methods.md, section 1.

Every source is labelled for detection or segmentation. Two single-task teachers learn first; then one
student with both heads gets each batch's own labels, and on the other task what that task's teacher says.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import cast

import torch
from torch import Tensor, nn

from ..config import Labelled, PartialMultitask, Run, recipe_of
from ..data import Prepared
from ..distillation import Adaptors, Emphasis, ramp_up
from ..errors import ConfigError
from ..models import TaskNetwork
from ..types import Batch, Outputs, Role, Task
from .build import build_network
from .calibration import CALIBRATION, Calibration, calibrated
from .disagreement import RENEWALS, TABLE, ChipChoice, disagreement, disagreement_table
from .ensemble import (
    MIRRORED,
    agreement,
    answer_of_mirror,
    check_mirrors,
    check_opinions,
    mean_answer,
    opinions,
)
from .feature_teaching import feature_terms
from .plan import (
    Batches,
    Losses,
    Networks,
    Plan,
    Stage,
    Weigh,
    network_of,
    nothing_to_say,
    predict,
    teacher_share,
    teaching_network,
)
from .starting import NOTHING, Lesson, build_student, channels
from .supervised import (
    LabelTerms,
    WeakLosses,
    imagery,
    label_terms,
    supervised_losses,
    tasks_of,
    teach_from_labels,
    weak_losses,
    weak_tasks,
)
from .teachers import check_frozen, load_teachers, untaught
from .terms import GATE, Gate, Teaching, check_features, has_terms, listened, soft_terms, teaching_terms, uses_features
from .views import forward_together, seen

TEACHERS: dict[Task, str] = {"detection": "detection_teacher", "segmentation": "segmentation_teacher"}


@dataclass(frozen=True)
class Course:
    """What student and teachers learn from.

    Args:
        recipe: kinds and weights of what teachers say.
        terms: of areas' labels.
        lesson: of a model that the student went on from.
        weak: the losses of weak labels, where there are any.
    """

    recipe: PartialMultitask
    terms: LabelTerms = field(default_factory=LabelTerms)
    lesson: Lesson = NOTHING
    weak: WeakLosses | None = None


@dataclass(frozen=True)
class _Step:
    """A step's batches, the students' views of them, and how much teachers' words weigh in it."""

    batches: Batches
    views: Batches
    strength: float


def plan_partial_multitask(run: Run, prepared: Prepared) -> Plan:
    """Teachers on their own task, then the student on both.

    Raises:
        ConfigError: the sources are not labelled for both tasks, or the teachers do not fit.
    """
    recipe = recipe_of(run, PartialMultitask)
    _check(run, recipe)
    student = build_student(recipe.student, tasks_of(run), run, prepared)
    networks: dict[str, nn.Module] = {"student": student.network, **student.teaching}
    specs = {"student": recipe.student}
    stages: list[Stage] = []
    notes: list[str] = []
    terms, weak = label_terms(recipe, run, prepared), weak_losses(recipe, run) if recipe.weak_labels else None
    course = Course(recipe, terms, student.lesson, weak)
    weigh: Weigh = nothing_to_say
    if recipe.distillation:
        for index, (task, name) in enumerate(TEACHERS.items()):
            specs[name] = getattr(recipe, name)
            networks[name] = build_network(specs[name], (task,), run, prepared, seed=run.training.seed + 1 + index)
        trained_here = untaught(recipe.teachers_from, TEACHERS.values())
        if recipe.teachers_from is not None:
            others = [name for name in TEACHERS.values() if name not in trained_here]
            taught = load_teachers(recipe.teachers_from, others, networks, run, prepared)
            check_frozen(taught, recipe.co_training)
            networks, notes = networks | taught.networks, taught.notes
        teachers = [network_of(networks, name) for name in TEACHERS.values()]
        check_features(recipe, student.network, teachers)
        if recipe.mirrored_answers:
            check_mirrors(teachers, run)
        if recipe.agreement_weights:
            check_opinions(teachers, recipe.mirrored_answers)
        stages += [_teacher_stage(task, run, course) for task, name in TEACHERS.items() if name in trained_here]
        if uses_features(recipe):
            networks["adaptors"] = _adaptors(networks)
        if recipe.unlabelled_chips == "disagreement":
            check_mirrors(teachers, run, "unlabelled_chips")
            networks[TABLE] = disagreement_table(run, prepared)
        if recipe.gate:
            gate = Gate(TEACHERS, channels(run, tasks_of(run)), recipe.gate)
            networks[GATE], weigh = gate, gate.weigh
        if recipe.calibrated_answers:
            networks[CALIBRATION] = Calibration(TEACHERS, recipe.mirrored_answers)
    left = 1 - sum(stage.share for stage in stages)
    stages.append(replace(_student_stage(run, course, networks, left), begins=student.arrives))
    stages = [replace(stage, frozen_teachers=(*stage.frozen_teachers, *student.teaching)) for stage in stages]
    return Plan(networks, stages, "student", specs, heard=student.lesson.heard, weigh=weigh, notes=tuple(notes))


def _check(run: Run, recipe: PartialMultitask) -> None:
    if len(tasks_of(run)) < 2:
        raise ConfigError("The recipe partial_multitask needs detection and segmentation sources; one role is missing.")
    taught = recipe.distillation or recipe.features_teach
    if recipe.unlabelled and not (taught and any(s.role == "unlabelled" for s in run.sources)):
        raise ConfigError("The option unlabelled needs a distillation and a source with the role unlabelled.")
    asked = recipe.unlabelled and any(has_terms(task, recipe) for task in TEACHERS)
    if recipe.unlabelled_chips == "disagreement" and not asked:
        raise ConfigError(
            "The option unlabelled_chips: disagreement needs teachers that speak on unlabelled sources.",
            "Set unlabelled to true and choose a distillation, or set unlabelled_chips to uniform.",
        )
    if recipe.co_training and not recipe.distillation:
        raise ConfigError("The option co_training needs a distillation; without one there are no teachers.")
    if recipe.co_training and recipe.calibrated_answers:
        raise ConfigError(
            "The option calibrated_answers needs teachers that stand still; drop it, or set co_training to false."
        )
    if recipe.co_training and not recipe.ema_teachers and "crosskd" in recipe.distillation:
        raise ConfigError(
            "The distillation crosskd needs teachers that stand still; set ema_teachers or drop co_training."
        )


def _teacher_stage(task: Task, run: Run, course: Course) -> Stage:
    name, recipe = TEACHERS[task], course.recipe
    losses = teach_from_labels(name, Labelled(strong_views=recipe.strong_views), course.terms, course.lesson)
    roles: tuple[Role, ...] = imagery(run, (task,)) if recipe.all_imagery else (task,)
    views = roles if recipe.strong_views else ()
    return Stage(name, (name,), roles, teacher_share(recipe), losses, validated=(name,), views=views)


def _student_stage(run: Run, course: Course, networks: Networks, share: float) -> Stage:
    recipe = course.recipe
    roles: tuple[Role, ...] = (*tasks_of(run), "unlabelled") if recipe.unlabelled else tasks_of(run)
    teachers = tuple(name for name in TEACHERS.values() if name in networks)
    learners = teachers if recipe.co_training else ()
    return Stage(
        "student",
        trainable=tuple(name for name in ("student", "adaptors", TABLE, *learners) if name in networks),
        frozen_teachers=() if recipe.co_training else teachers,
        roles=roles,
        share=share,
        losses=student_losses(course),
        validated=("student", *learners),
        views=roles if recipe.strong_views else (),
        warm_started=learners,
        measures=teachers if GATE in networks and not recipe.co_training else (),
        fits=(CALIBRATION,) if CALIBRATION in networks else (),
        chooses=_chip_choice(recipe) if TABLE in networks else None,
    )


def _chip_choice(recipe: PartialMultitask) -> ChipChoice:
    """Chips of which a teacher, each of its own task, says something else than of their mirror image."""
    averages = recipe.co_training and recipe.ema_teachers

    def measure(networks: Networks, batch: Batch) -> Tensor:
        found = []
        for task, name in TEACHERS.items():
            if has_terms(task, recipe):
                teacher = teaching_network(networks, name, averages)
                first, second = _two_answers(teacher, batch)
                found.append(disagreement(task, first, second, batch))
        return torch.stack(found)

    return ChipChoice(measure, RENEWALS if recipe.co_training else 1, ready=True)


def _two_answers(teacher: TaskNetwork, batch: Batch) -> list[Outputs]:
    """Of an ensemble's first members; of a network on its own, on the image and on its mirror image."""
    said = opinions(teacher, batch.image)
    return said[:2] if len(said) > 1 else [*said, answer_of_mirror(teacher, batch.image, MIRRORED[1])]


def student_losses(course: Course) -> Losses:
    """The student's stage: labels on a batch's own task, teachers on the other (or on both), and weak labels."""
    recipe = course.recipe

    def losses(networks: Networks, batches: Batches, progress: float) -> dict[str, Tensor]:
        strength = ramp_up(progress, recipe.ramp_up)
        views = {role: replace(batch, image=seen(batch, recipe.strong_views)) for role, batch in batches.items()}
        step = _Step(batches, views, strength)
        named: dict[str, Tensor] = {}
        for task in TEACHERS if recipe.co_training else ():  # before they are asked: see `answer`
            named |= _teacher(task, networks, step, course)
        return named | _student(networks, step, course)

    return losses


def _student(networks: Networks, step: _Step, course: Course) -> dict[str, Tensor]:
    """The student on its views of all roles; teachers answer on the batches as they are."""
    student, batches, views = network_of(networks, "student"), step.batches, step.views
    recipe, lesson, weak = course.recipe, course.lesson, course.weak
    named: dict[str, Tensor] = {}
    taught = {role: _taught_tasks(role, recipe) for role in views}
    wanted: dict[Role, set[Task]] = {
        role: {
            *taught[role],
            *(task for task in TEACHERS if task == role),
            *weak_tasks(role, recipe),
            *lesson.asks(role),
        }
        for role in views
    }
    outputs = forward_together(student, {role: view.image for role, view in views.items()}, wanted)
    for role, view in views.items():
        heard = lesson.heard(outputs[role], view) if role != "unlabelled" else None
        own = supervised_losses(student, heard, view, course.terms) if heard is not None else {}
        own |= weak(student, outputs[role], view) if weak is not None else {}
        named |= {f"{role}/{key}": value for key, value in own.items()}
        for task in taught[role]:
            asked = distillation_losses(task, networks, outputs[role], batches[role], recipe)
            named |= {f"{role}/{task} {key}": step.strength * value for key, value in asked.items()}
    named |= feature_terms(networks, outputs, batches, recipe, step.strength)
    return named | lesson.terms(networks, outputs, views)


def distillation_losses(
    task: Task, networks: Networks, outputs: Outputs, batch: Batch, recipe: PartialMultitask
) -> dict[str, Tensor]:
    """What the teacher of `task` says about a batch, as weighted named scalars; terms of weight zero are left out."""
    teacher = teaching_network(networks, TEACHERS[task], recipe.co_training and recipe.ema_teachers)
    adaptors = cast("nn.ModuleDict", networks["adaptors"])[task] if uses_features(recipe) else None
    listen = listened(networks, task)
    if listen is not None and not listen.any():  # not even asked
        return {}
    said = opinions(teacher, batch.image, mirrored=recipe.mirrored_answers)
    agreed = agreement(said, task) if recipe.agreement_weights else None
    theirs = calibrated(networks, mean_answer(said))
    told = Teaching(task, teacher, theirs, outputs, batch, Emphasis(listen, agreed))
    return teaching_terms(told, adaptors, recipe)


def _teacher(task: Task, networks: Networks, step: _Step, course: Course) -> dict[str, Tensor]:
    """A teacher that goes on learning: from its labels, and on unlabelled chips from its own average."""
    name, views, lesson = TEACHERS[task], step.views, course.lesson
    every: tuple[Role, ...] = (task, "unlabelled")
    teacher, roles = network_of(networks, name), [role for role in every if role in views]
    outputs = forward_together(teacher, {role: views[role].image for role in roles}, dict.fromkeys(roles, (task,)))
    own = supervised_losses(teacher, lesson.heard(outputs[task], views[task]), views[task], course.terms)
    named = {f"{task}/{name} {key}": value for key, value in own.items()}
    if "unlabelled" in roles:
        batch = step.batches["unlabelled"]
        target = predict(teaching_network(networks, name), batch.image)
        asked = soft_terms(Teaching(task, teacher, target, outputs["unlabelled"], batch), course.recipe)
        named |= {f"unlabelled/{name} {key}": step.strength * value for key, value in asked.items()}
    return named | lesson.terms(networks, {task: outputs[task]}, views, f"{name} ")


def _taught_tasks(role: str, recipe: PartialMultitask) -> tuple[Task, ...]:
    return tuple(task for task in TEACHERS if (task != role or recipe.on_own_task) and has_terms(task, recipe))


def _adaptors(networks: Networks) -> nn.ModuleDict:
    channels = {name: network_of(networks, name).feature_channels for name in ("student", *TEACHERS.values())}
    return nn.ModuleDict({task: Adaptors(channels["student"], channels[name]) for task, name in TEACHERS.items()})

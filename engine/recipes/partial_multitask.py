"""Partial multi-task learning with distillation (IGARSS 2024, arXiv 2405.15394): docs/methods.md, section 1.

Every source is labelled for detection or segmentation. Two single-task teachers learn first; then one
student with both heads gets each batch's own labels, and on the other task what that task's teacher says.
"""

from __future__ import annotations

from torch import Tensor, nn

from ..config import PartialMultitask, Run
from ..data import Prepared
from ..distillation import Adaptors, feature_mse, ramp_up
from ..errors import ConfigError
from ..types import Batch, Outputs, Task
from .build import build_network
from .plan import Batches, Losses, Networks, Plan, Stage
from .reuse import load_teachers
from .supervised import supervised_losses, tasks_of, teach_from_labels
from .terms import pdf_term, soft_terms
from .together import forward_together

TEACHERS: dict[Task, str] = {"detection": "detection_teacher", "segmentation": "segmentation_teacher"}


def plan_partial_multitask(run: Run, prepared: Prepared) -> Plan:
    """Teachers on their own task, then the student on both.

    Raises:
        ConfigError: the sources are not labelled for both tasks, or the teachers do not fit.
    """
    recipe: PartialMultitask = run.recipe
    if len(tasks_of(run)) < 2:
        raise ConfigError("The recipe partial_multitask needs detection and segmentation sources; one role is missing.")
    tasks = tasks_of(run)
    student = build_network(recipe.student, tasks, run, prepared, seed=run.training.seed)
    networks: dict[str, nn.Module] = {"student": student}
    specs = {"student": recipe.student}
    stages: list[Stage] = []
    if recipe.distillation:
        for index, (task, name) in enumerate(TEACHERS.items()):
            specs[name] = getattr(recipe, name)
            networks[name] = build_network(specs[name], (task,), run, prepared, seed=run.training.seed + 1 + index)
        if recipe.teachers_from:
            load_teachers(recipe.teachers_from, {name: networks[name] for name in TEACHERS.values()}, run)
        else:
            stages += [_teacher_stage(task, name, recipe) for task, name in TEACHERS.items()]
        if _uses_features(recipe):
            networks["adaptors"] = _adaptors(networks)
    left = 1 - sum(stage.share for stage in stages)
    return Plan(networks, [*stages, _student_stage(run, recipe, networks, left)], "student", specs)


def _teacher_stage(task: Task, name: str, recipe: PartialMultitask) -> Stage:
    return Stage(name, (name,), (task,), recipe.teacher_share, teach_from_labels(name), judges=(name,))


def _student_stage(run: Run, recipe: PartialMultitask, networks: Networks, share: float) -> Stage:
    unlabelled = recipe.unlabelled and recipe.distillation and any(s.role == "unlabelled" for s in run.sources)
    if recipe.unlabelled and not unlabelled:
        raise ConfigError("The option unlabelled needs a distillation and a source with the role unlabelled.")
    return Stage(
        "student",
        trains=tuple(name for name in ("student", "adaptors") if name in networks),
        asks=tuple(name for name in TEACHERS.values() if name in networks),
        roles=(*tasks_of(run), "unlabelled") if unlabelled else tasks_of(run),
        share=share,
        losses=student_losses(recipe),
        judges=("student",),
    )


def student_losses(recipe: PartialMultitask) -> Losses:
    """The student's stage: labels on a batch's own task, teachers on the other (or on both)."""

    def losses(networks: Networks, batches: Batches, progress: float) -> dict[str, Tensor]:
        student, strength = networks["student"], ramp_up(progress, recipe.ramp_up)
        taught = {role: _taught_tasks(role, recipe) for role in batches}
        wanted = {role: {*taught[role], *({role} & set(TEACHERS))} for role in batches}
        outputs = forward_together(student, {role: batch.image for role, batch in batches.items()}, wanted)
        named = {}
        for role, batch in batches.items():
            if role != "unlabelled":
                own = supervised_losses(student, outputs[role], batch)
                named |= {f"{role}/{key}": value for key, value in own.items()}
            for task in taught[role]:
                terms = distillation_losses(task, networks, outputs[role], batch, recipe)
                named |= {f"{role}/{task} {key}": strength * value for key, value in terms.items()}
        return named

    return losses


def distillation_losses(
    task: Task, networks: Networks, outputs: Outputs, batch: Batch, recipe: PartialMultitask
) -> dict[str, Tensor]:
    """What the teacher of `task` says about a batch, as weighted named scalars; terms of weight zero are left out."""
    teacher = networks[TEACHERS[task]](batch.image)
    weights, kinds = recipe.weights, recipe.distillation
    losses = {}
    if "soft" in kinds:
        losses |= soft_terms(task, outputs, teacher, batch, weights, recipe.temperature)
    if _uses_features(recipe):
        adapted = networks["adaptors"][task](outputs.features, teacher.features)
        if "feature" in kinds and weights.feature:
            losses["feature"] = weights.feature * feature_mse(adapted, teacher.features, batch.valid)
        if "pdf" in kinds and weights.pdf:
            losses["pdf"] = weights.pdf * pdf_term(task, adapted, outputs, teacher, batch)
    return losses


def _taught_tasks(role: str, recipe: PartialMultitask) -> tuple[Task, ...]:
    return tuple(task for task in TEACHERS if (task != role or recipe.on_own_task) and _has_terms(task, recipe))


def _has_terms(task: Task, recipe: PartialMultitask) -> bool:
    """Whether any term of weight is asked for; without one the teacher need not be asked."""
    weights = {"soft": f"soft_{task}", "feature": "feature", "pdf": "pdf"}
    return any(getattr(recipe.weights, weights[kind]) for kind in recipe.distillation)


def _uses_features(recipe: PartialMultitask) -> bool:
    return bool({"feature", "pdf"} & set(recipe.distillation))


def _adaptors(networks: Networks) -> nn.ModuleDict:
    student = networks["student"].feature_channels
    return nn.ModuleDict({task: Adaptors(student, networks[name].feature_channels) for task, name in TEACHERS.items()})

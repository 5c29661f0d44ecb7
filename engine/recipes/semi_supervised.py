"""SSLKD, two-teacher semi-supervised distillation (IGARSS 2024, arXiv 2402.05305): docs/methods.md, section 2.

Two large teachers of different architecture first learn from the labels alone, because untrained teachers teach
noise. Then a light student learns on labelled and unlabelled batches from what they say of the weak views, and they
go on learning from the labels and from each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from torch import Tensor, nn

from ..config import Run, SemiSupervised, recipe_of
from ..data import Prepared
from ..distillation import (
    AdaptiveThresholds,
    Adaptors,
    Confidence,
    cross_supervision,
    feature_term,
    pseudo_labels,
    ramp_up,
    segmentation_cross_entropy,
    soft_term,
)
from ..errors import ConfigError
from ..types import Batch, Outputs, Role, Task, given
from .build import build_network
from .disagreement import RENEWALS, TABLE, ChipChoice, disagreement, disagreement_table
from .plan import Batches, Losses, Networks, Plan, Stage, network_of, predict, teacher_share, teaching_network
from .starting import NOTHING, Lesson, build_student
from .supervised import LabelTerms, label_terms, supervised_losses
from .teachers import check_frozen, load_teachers
from .views import Change, CutMix, complementary, forward_together, joined, joined_answers, labelled, seen

TEACHERS = ("first_teacher", "second_teacher")
ROLES: tuple[Role, ...] = ("segmentation", "unlabelled")
THRESHOLDS = "thresholds"
"""The thresholds' name among a plan's networks; there is one for each network that learns from pseudo-labels."""
Answers = dict[str, dict[Role, Outputs]]
"""By network and role."""


def plan_semi_supervised(run: Run, prepared: Prepared) -> Plan:
    """Teachers on the labels, then all three on everything.

    Raises:
        ConfigError: labelled or unlabelled sources are missing, or the teachers are the same network or do not fit.
    """
    recipe = recipe_of(run, SemiSupervised)
    require_roles(run, ROLES)
    if recipe.first_teacher == recipe.second_teacher:
        raise ConfigError("The two teachers of semi_supervised are the same network; give one another architecture.")
    specs = {name: getattr(recipe, name) for name in ("student", *TEACHERS)}
    student = build_student(recipe.student, ("segmentation",), run, prepared)
    networks: dict[str, nn.Module] = {"student": student.network, **student.teaching}
    for index, name in enumerate(TEACHERS, start=1):
        networks[name] = build_network(specs[name], ("segmentation",), run, prepared, seed=run.training.seed + index)
    notes: list[str] = []
    if recipe.teachers_from is not None:
        taught = load_teachers(recipe.teachers_from, TEACHERS, networks, run, prepared)
        check_frozen(taught, recipe.co_training)
        networks, notes = networks | taught.networks, taught.notes
    if recipe.weights.feature:
        networks["adaptors"] = nn.ModuleList(
            Adaptors([student.network.backbone_channels], [network_of(networks, name).backbone_channels])
            for name in TEACHERS
        )
    if recipe.thresholds == "adaptive":
        crossing = TEACHERS if recipe.co_training and recipe.weights.cross else ()
        networks[THRESHOLDS] = adaptive_thresholds(("student", *crossing), run)
    if recipe.unlabelled_chips == "disagreement":
        networks[TABLE] = disagreement_table(run, prepared)
    stages = _stages(recipe, networks, label_terms(recipe, run, prepared), student.lesson)
    stages[-1] = replace(stages[-1], begins=student.arrives)
    stages = [replace(stage, frozen_teachers=(*stage.frozen_teachers, *student.teaching)) for stage in stages]
    return Plan(networks, stages, "student", specs, heard=student.lesson.heard, notes=tuple(notes))


def require_roles(run: Run, needed: tuple[Role, ...]) -> None:
    """Raise ConfigError where the run has no source of a role that its recipe draws."""
    for role in needed:
        if role not in {source.role for source in run.sources}:
            raise ConfigError(f"The recipe {run.recipe.kind} needs a source with the role {role}, and there is none.")


def adaptive_thresholds(names: tuple[str, ...], run: Run) -> nn.ModuleDict:
    """Of each network named, those of the labels that it gets (the student) or gives."""
    return nn.ModuleDict({name: AdaptiveThresholds(len(run.segmentation_channels())) for name in names})


def thresholds_of(networks: Networks) -> dict[str, AdaptiveThresholds]:
    """Those of `adaptive_thresholds` by network; empty where thresholds are fixed."""
    return dict(cast("dict[str, AdaptiveThresholds]", networks[THRESHOLDS]).items()) if THRESHOLDS in networks else {}


def _stages(recipe: SemiSupervised, networks: Networks, terms: LabelTerms, lesson: Lesson) -> list[Stage]:
    alone = teacher_share(recipe) if recipe.teachers_from is None else 0.0
    learners = ("student", *TEACHERS) if recipe.co_training else ("student",)
    together = Stage(
        "teachers and student" if recipe.co_training else "student",
        trainable=tuple(name for name in (*learners, "adaptors", THRESHOLDS, TABLE) if name in networks),
        frozen_teachers=() if recipe.co_training else TEACHERS,
        roles=ROLES,
        share=1 - alone,
        losses=joint_losses(recipe, terms, lesson),
        validated=learners,
        views=ROLES if recipe.strong_views else (),
        warm_started=TEACHERS if alone or recipe.teachers_from is not None else (),
        chooses=_chip_choice(recipe, alone > 0) if TABLE in networks else None,
    )
    if not alone:
        return [together]
    first = Stage(
        "teachers",
        trainable=TEACHERS,
        roles=("segmentation",),
        share=alone,
        losses=labelled_losses(TEACHERS, recipe, terms, lesson),
        validated=TEACHERS,
        views=("segmentation",) if recipe.strong_views else (),
    )
    return [first, together]


def _chip_choice(recipe: SemiSupervised, taught: bool) -> ChipChoice:
    """Chips on which the two teachers' answers, as they teach, are apart."""
    averages = recipe.co_training and recipe.ema_teachers

    def measure(networks: Networks, batch: Batch) -> Tensor:
        first, second = (predict(teaching_network(networks, name, averages), batch.image) for name in TEACHERS)
        return disagreement("segmentation", first, second, batch)[None]

    return ChipChoice(measure, RENEWALS if recipe.co_training else 1, taught or bool(recipe.teachers_from))


def labelled_losses(
    names: tuple[str, ...], recipe: SemiSupervised, terms: LabelTerms, lesson: Lesson = NOTHING
) -> Losses:
    """L_sup: cross-entropy (and Dice, clDice) of each named network on the labelled batch."""

    def losses(networks: Networks, batches: Batches, progress: float) -> dict[str, Tensor]:
        batch = labelled(batches["segmentation"], recipe)
        outputs: Answers = {name: {"segmentation": network_of(networks, name)(batch.image)} for name in names}
        return _supervised(networks, outputs, batch, terms, lesson)

    return losses


def joint_losses(recipe: SemiSupervised, terms: LabelTerms, lesson: Lesson = NOTHING) -> Losses:
    """L_sup + L_dis^f + L_dis^p + L_unsup, with the teachers' cross supervision on unlabelled batches.

    What teaches are the teachers' answers on weak views: of their moving averages, or of themselves. The student sees
    the strong view of the same pixels, mixed by CutMix as the answers are, or two of them (`complementary_dropout`).
    Teachers with averages learn from each other's answers on the first; without, each on the weak view from the
    other's answer there.
    """

    def losses(networks: Networks, batches: Batches, progress: float) -> dict[str, Tensor]:
        strength = ramp_up(progress, recipe.ramp_up)
        named: dict[str, Tensor] = {}
        weak: Batches = {"segmentation": labelled(batches["segmentation"], recipe), "unlabelled": batches["unlabelled"]}
        mixes = [CutMix.draw(weak["unlabelled"], recipe.cutmix) for _ in range(1 + recipe.complementary_dropout)]
        shown = replace(weak["unlabelled"], image=seen(weak["unlabelled"], recipe.strong_views))
        views = [mix.batch(shown) for mix in mixes]
        mixed: Batches = {**weak, "unlabelled": views[0]}
        mine: Batches = {**weak, "unlabelled": joined(views)}
        averages = recipe.co_training and recipe.ema_teachers
        learned = _forward(networks, TEACHERS, mixed if averages else weak) if recipe.co_training else {}
        answers = learned if learned and not averages else _answers(networks, weak, averages)
        needed = _confidence(networks, answers, weak["unlabelled"], recipe)
        taught = _mixed(answers, mixes)
        first = taught if len(mixes) == 1 else _mixed(answers, mixes[:1])
        change = _complementary if recipe.complementary_dropout else None
        outputs = _forward(networks, ("student",), mine, change) | learned
        named |= _supervised(networks, outputs, weak["segmentation"], terms, lesson)
        named |= lesson.terms(networks, {"unlabelled": outputs["student"]["unlabelled"]}, mine, "student ")
        unlabelled = _cross(learned, first if averages else answers, mixed if averages else weak, needed, recipe)
        unlabelled |= _pseudo_labelled(outputs["student"], taught, mine, needed["student"], recipe)
        unlabelled |= _taught(networks, outputs["student"], taught, mine, recipe)
        return named | {key: strength * term for key, term in unlabelled.items()}

    return losses


def _confidence(networks: Networks, answers: Answers, batch: Batch, recipe: SemiSupervised) -> dict[str, Confidence]:
    """What labels for the student, and of each teacher, must reach after these answers on the weak view."""
    needed: dict[str, Confidence] = dict.fromkeys(("student", *TEACHERS), recipe.confidence)
    for name, thresholds in thresholds_of(networks).items():
        opinions = [
            given(answers[each]["unlabelled"].segmentation) for each in (TEACHERS if name == "student" else (name,))
        ]
        needed[name] = thresholds(opinions, batch.valid)
    return needed


def _mixed(answers: Answers, mixes: list[CutMix]) -> Answers:
    return {
        name: {**each, "unlabelled": joined_answers([mix.answers(each["unlabelled"]) for mix in mixes])}
        for name, each in answers.items()
    }


def _complementary(encoded: list[Tensor], parts: Mapping[Role, slice]) -> list[Tensor]:
    return complementary(encoded, parts["unlabelled"])


def _forward(networks: Networks, names: tuple[str, ...], batches: Batches, change: Change | None = None) -> Answers:
    images = {role: batch.image for role, batch in batches.items()}
    tasks: dict[Role, tuple[Task, ...]] = dict.fromkeys(images, ("segmentation",))
    return {name: forward_together(network_of(networks, name), images, tasks, change) for name in names}


def _answers(networks: Networks, batches: Batches, averages: bool) -> Answers:
    """Of teachers that stand still, or of moving averages."""
    teachers = {name: teaching_network(networks, name, averages) for name in TEACHERS}
    return {
        name: {role: predict(teacher, batch.image) for role, batch in batches.items()}
        for name, teacher in teachers.items()
    }


def _supervised(
    networks: Networks, outputs: Answers, batch: Batch, terms: LabelTerms, lesson: Lesson
) -> dict[str, Tensor]:
    named: dict[str, Tensor] = {}
    for name, output in outputs.items():
        losses = supervised_losses(
            network_of(networks, name), lesson.heard(output["segmentation"], batch), batch, terms
        )
        named |= {f"segmentation/{name} {key}": value for key, value in losses.items()}
        own: dict[Role, Outputs] = {"segmentation": output["segmentation"]}
        named |= lesson.terms(networks, own, {"segmentation": batch}, f"{name} ")
    return named


def _cross(
    learned: Answers, answers: Answers, batches: Batches, needed: dict[str, Confidence], recipe: SemiSupervised
) -> dict[str, Tensor]:
    if not learned or not recipe.weights.cross:
        return {}
    first, second = (given(learned[name]["unlabelled"].segmentation) for name in TEACHERS)
    of_first, of_second = (given(answers[name]["unlabelled"].segmentation) for name in TEACHERS)
    own = needed[TEACHERS[0]], needed[TEACHERS[1]]
    term = cross_supervision(first, second, batches["unlabelled"].valid, own, (of_first, of_second))
    return {"unlabelled/cross supervision": recipe.weights.cross * term}


def _pseudo_labelled(
    outputs: dict[Role, Outputs], answers: Answers, batches: Batches, needed: Confidence, recipe: SemiSupervised
) -> dict[str, Tensor]:
    if not recipe.weights.unsupervised:
        return {}
    first, second = (given(answers[name]["unlabelled"].segmentation) for name in TEACHERS)
    labels = pseudo_labels(first, second, batches["unlabelled"].valid, needed, recipe.agreement)
    term = segmentation_cross_entropy(given(outputs["unlabelled"].segmentation), labels)
    return {"unlabelled/pseudo-labels": recipe.weights.unsupervised * term}


def _taught(
    networks: Networks, outputs: dict[Role, Outputs], answers: Answers, batches: Batches, recipe: SemiSupervised
) -> dict[str, Tensor]:
    terms: dict[str, Tensor] = {}
    for role, batch in batches.items():
        teachers = [answers[name][role] for name in TEACHERS]
        asked = _asked(networks, outputs[role], teachers, batch, recipe)
        terms |= {f"{role}/{key}": term for key, term in asked.items()}
    return terms


def _asked(
    networks: Networks, student: Outputs, teachers: list[Outputs], batch: Batch, recipe: SemiSupervised
) -> dict[str, Tensor]:
    weights, terms = recipe.weights, {}
    if weights.soft:
        term = soft_term(given(student.segmentation), [given(each.segmentation) for each in teachers], batch.valid)
        terms["soft"] = weights.soft * term
    if weights.feature:
        pairs = [
            (adaptor([student.backbone], [teacher.backbone])[0], given(teacher.backbone))
            for adaptor, teacher in zip(cast("nn.ModuleList", networks["adaptors"]), teachers, strict=True)
        ]
        terms["feature"] = weights.feature * feature_term(pairs, batch.valid)
    return terms

"""What others do with few areas and much imagery, as their papers have it, in this engine's loop.

All methods see the same labelled and unlabelled views as SSLKD and ship one student, so that a table of them compares
methods and nothing else. Their papers and our readings: docs/methods.md, section 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor, nn

from ..config import Baseline, Run, recipe_of
from ..data import Prepared
from ..distillation import (
    Confidence,
    consistency,
    cross_supervision,
    pseudo_labels,
    ramp_up,
    segmentation_cross_entropy,
    soft_segmentation,
)
from ..types import Batch, Outputs, Role, given
from .build import build_network
from .plan import Batches, Losses, Networks, Plan, Stage, network_of, predict, teacher_share, teaching_network
from .semi_supervised import THRESHOLDS, adaptive_thresholds, require_roles, thresholds_of
from .supervised import LabelTerms, label_terms, supervised_losses, teach_from_labels
from .teachers import load_teachers
from .views import CutMix, dropped, forward_together, labelled, seen

ROLES: tuple[Role, ...] = ("segmentation", "unlabelled")
SEGMENTATION: tuple[Literal["segmentation"]] = ("segmentation",)


def plan_baseline(run: Run, prepared: Prepared) -> Plan:
    """One stage on labelled and unlabelled batches; for `plain` a teacher first, and labelled batches only.

    Raises:
        ConfigError: labelled or unlabelled sources are missing, or the teacher does not fit.
    """
    recipe = recipe_of(run, Baseline)
    if recipe.method == "plain":
        return _plan_plain(run, prepared, recipe)
    require_roles(run, ROLES)
    names = ("student", "twin") if recipe.method == "cps" else ("student",)
    networks: dict[str, nn.Module] = {
        name: build_network(recipe.student, SEGMENTATION, run, prepared, seed=run.training.seed + index)
        for index, name in enumerate(names)
    }
    if recipe.thresholds == "adaptive" and recipe.method != "mean_teacher":  # which has no labels
        networks[THRESHOLDS] = adaptive_thresholds(names, run)
    losses = unlabelled_losses(METHODS[recipe.method], names, recipe, label_terms(recipe, run, prepared))
    views = ROLES if recipe.strong_views else ()
    stage = Stage("student", tuple(networks), ROLES, 1.0, losses, validated=("student",), views=views)
    return Plan(networks, [stage], "student", dict.fromkeys(names, recipe.student))


def unlabelled_losses(method: Method, names: tuple[str, ...], recipe: Baseline, terms: LabelTerms) -> Losses:
    """Labels for all networks named, and a method's term on the unlabelled batch, ramped up."""

    def losses(networks: Networks, batches: Batches, progress: float) -> dict[str, Tensor]:
        batch = labelled(batches["segmentation"], recipe)
        outputs, term = method(networks, batch, batches["unlabelled"], recipe)
        named: dict[str, Tensor] = {}
        for name in names:
            own = supervised_losses(network_of(networks, name), outputs[name], batch, terms)
            named |= {f"segmentation/{name} {key}": value for key, value in own.items()}
        strength = recipe.weight * ramp_up(progress, recipe.ramp_up)
        return named | {f"unlabelled/{recipe.method.replace('_', ' ')}": strength * term}

    return losses


Method = Callable[[Networks, Batch, Batch, Baseline], tuple[dict[str, Outputs], Tensor]]
"""(networks, labelled batch, unlabelled batch, recipe) -> outputs on the labelled batch by network, and the term."""


def _mean_teacher(
    networks: Networks, batch: Batch, unlabelled: Batch, recipe: Baseline
) -> tuple[dict[str, Outputs], Tensor]:
    """The student's probabilities are drawn to those of its moving average (arXiv 1703.01780)."""
    mix, view = _mixed(unlabelled, recipe)
    outputs = _forward(networks, "student", batch, view)
    target = mix.answers(predict(teaching_network(networks, "student"), unlabelled.image))
    term = consistency(given(outputs["unlabelled"].segmentation), given(target.segmentation), view.valid)
    return {"student": outputs["segmentation"]}, term


def _cps(networks: Networks, batch: Batch, unlabelled: Batch, recipe: Baseline) -> tuple[dict[str, Outputs], Tensor]:
    """Two networks of other seeds give each other labels (arXiv 2106.01226, with its CutMix)."""
    mix, view = _mixed(unlabelled, recipe)
    outputs = {name: _forward(networks, name, batch, view) for name in ("student", "twin")}
    said = {name: predict(network_of(networks, name), unlabelled.image) for name in outputs}
    of_first, of_second = (_confidence(networks, name, each, unlabelled, recipe) for name, each in said.items())
    first_label, second_label = (given(mix.answers(each).segmentation) for each in said.values())
    first, second = (given(each["unlabelled"].segmentation) for each in outputs.values())
    term = cross_supervision(first, second, view.valid, (of_first, of_second), (first_label, second_label))
    return {name: each["segmentation"] for name, each in outputs.items()}, term


def _fixmatch(
    networks: Networks, batch: Batch, unlabelled: Batch, recipe: Baseline
) -> tuple[dict[str, Outputs], Tensor]:
    """Confident labels of the weak view for the strong one (arXiv 2001.07685)."""
    mix, view = _mixed(unlabelled, recipe)
    outputs = _forward(networks, "student", batch, view)
    target = predict(network_of(networks, "student"), unlabelled.image)
    labels = _labels(mix.answers(target), view, _confidence(networks, "student", target, unlabelled, recipe))
    term = segmentation_cross_entropy(given(outputs["unlabelled"].segmentation), labels)
    return {"student": outputs["segmentation"]}, term


def _unimatch(
    networks: Networks, batch: Batch, unlabelled: Batch, recipe: Baseline
) -> tuple[dict[str, Outputs], Tensor]:
    """FixMatch on two strong views, and on the weak view's features with dropped channels (arXiv 2208.09910).

    Our strong views share one change of colours and differ by their CutMix.
    """
    student, pairs = network_of(networks, "student"), [_mixed(unlabelled, recipe) for _ in range(2)]
    images = [batch.image, unlabelled.image, *(view.image for _, view in pairs)]
    encoded = student.encode(torch.cat(images))
    parts = [[level[start : start + len(images[0])] for level in encoded] for start in _starts(images)]
    outputs, perturbed, *strong = (
        student.decode(dropped(part) if index == 1 else part, SEGMENTATION) for index, part in enumerate(parts)
    )
    target = predict(student, unlabelled.image)
    needed = _confidence(networks, "student", target, unlabelled, recipe)
    term = segmentation_cross_entropy(given(perturbed.segmentation), _labels(target, unlabelled, needed)) / 2
    for (mix, view), output in zip(pairs, strong, strict=True):
        labels = _labels(mix.answers(target), view, needed)
        term = term + segmentation_cross_entropy(given(output.segmentation), labels) / 4
    return {"student": outputs}, term


METHODS: dict[str, Method] = {"mean_teacher": _mean_teacher, "cps": _cps, "fixmatch": _fixmatch, "unimatch": _unimatch}


def _mixed(unlabelled: Batch, recipe: Baseline) -> tuple[CutMix, Batch]:
    """A CutMix, and the student's view of the unlabelled chips under it."""
    mix = CutMix.draw(unlabelled, recipe.cutmix)
    return mix, mix.batch(replace(unlabelled, image=seen(unlabelled, recipe.strong_views)))


def _forward(networks: Networks, name: str, batch: Batch, view: Batch) -> dict[Role, Outputs]:
    images: dict[Role, Tensor] = {"segmentation": batch.image, "unlabelled": view.image}
    return forward_together(network_of(networks, name), images, dict.fromkeys(images, SEGMENTATION))


def _confidence(networks: Networks, name: str, target: Outputs, batch: Batch, recipe: Baseline) -> Confidence:
    """What a network's labels must reach after this answer on the weak view."""
    thresholds = thresholds_of(networks).get(name)
    return recipe.confidence if thresholds is None else thresholds([given(target.segmentation)], batch.valid)


def _labels(outputs: Outputs, view: Batch, needed: Confidence) -> Tensor:
    logits = given(outputs.segmentation)
    return pseudo_labels(logits, logits, view.valid, needed)


def _starts(images: list[Tensor]) -> list[int]:
    return [index * len(images[0]) for index in range(len(images))]


def _plan_plain(run: Run, prepared: Prepared, recipe: Baseline) -> Plan:
    require_roles(run, SEGMENTATION)
    specs = {"student": recipe.student, "teacher": recipe.teacher}
    networks: dict[str, nn.Module] = {
        name: build_network(spec, SEGMENTATION, run, prepared, seed=run.training.seed + index)
        for index, (name, spec) in enumerate(specs.items())
    }
    terms, share = label_terms(recipe, run, prepared), teacher_share(recipe)
    views: tuple[Role, ...] = SEGMENTATION if recipe.strong_views else ()
    stages: list[Stage] = []
    notes: list[str] = []
    if recipe.teachers_from is not None:
        taught = load_teachers(recipe.teachers_from, ("teacher",), networks, run, prepared)
        networks, notes, share = networks | taught.networks, taught.notes, 0.0
    else:
        losses = teach_from_labels("teacher", recipe, terms)
        stages.append(Stage("teacher", ("teacher",), SEGMENTATION, share, losses, validated=("teacher",), views=views))
    losses = plain_losses(recipe, terms)
    stages.append(
        Stage(
            "student",
            ("student",),
            SEGMENTATION,
            1 - share,
            losses,
            ("student",),
            frozen_teachers=("teacher",),
            views=views,
        )
    )
    return Plan(networks, stages, "student", specs, notes=tuple(notes))


def plain_losses(recipe: Baseline, terms: LabelTerms) -> Losses:
    """Labels, and the teacher's probabilities on the same labelled chips (arXiv 1503.02531)."""

    def losses(networks: Networks, batches: Batches, progress: float) -> dict[str, Tensor]:
        batch = labelled(batches["segmentation"], recipe)
        student = network_of(networks, "student")
        output, target = student(batch.image), predict(network_of(networks, "teacher"), batch.image)
        own = supervised_losses(student, output, batch, terms)
        named = {f"segmentation/student {key}": value for key, value in own.items()}
        soft = soft_segmentation(given(output.segmentation), given(target.segmentation), batch.valid)
        return named | {"segmentation/soft": recipe.weight * ramp_up(progress, recipe.ramp_up) * soft}

    return losses

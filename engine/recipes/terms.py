"""What a teacher's answer on a batch asks of a student, as weighted named scalars; weights of zero leave terms out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from ..config import Distillation
from ..distillation import (
    FOUND,
    channel_wise,
    dense_boxes,
    dense_classification,
    dist_segmentation,
    feature_mse,
    pdf_detection,
    pdf_plus,
    pdf_segmentation,
    pkd,
    soft_centerness,
    soft_detection_classification,
    soft_detection_regression,
    soft_segmentation,
)
from ..distillation.arithmetic import whole_mean
from ..errors import ConfigError
from ..models import TaskNetwork, anchors_valid
from ..models.heads import DetectionHead
from ..types import Batch, Outputs, Task, given

Form = Callable[[Tensor, Tensor, Tensor, float], Tensor]
SEGMENTATION_FORMS: dict[str, Form] = {"dist": dist_segmentation, "cwd": channel_wise}
"""Beside the usual divergence."""

FEATURE_KINDS = {"feature", "pdf", "pdf_plus", "pkd", "crosskd"}
"""Kinds that compare the student's pyramid with the teacher's, and need adaptors."""


def uses_features(recipe: Distillation) -> bool:
    """Whether the student's pyramid is compared with the teacher's."""
    return bool(FEATURE_KINDS & set(recipe.distillation))


def has_terms(task: Task, recipe: Distillation) -> bool:
    """Whether any term of weight is asked for; without one the teacher need not be asked."""
    weights = recipe.weights
    plus = weights.pdf + (weights.pdf_plus if task == "detection" else 0)
    strengths = {**weights.model_dump(), "soft": getattr(weights, f"soft_{task}"), "pdf_plus": plus}
    return any(strengths[kind] for kind in recipe.distillation)


def check_features(recipe: Distillation, student: TaskNetwork, teachers: Sequence[TaskNetwork]) -> None:
    """Raise ConfigError where pyramids are to be compared and a network has none, or (crosskd) too few levels."""
    if not uses_features(recipe):
        return
    if not all(network.feature_channels for network in (student, *teachers)):
        kinds = ", ".join(kind for kind in recipe.distillation if kind in FEATURE_KINDS)
        raise ConfigError(
            f"The distillation {kinds} needs a feature pyramid in teacher and student; choose soft, or networks of the "
            "architecture fpn."
        )
    if "crosskd" in recipe.distillation and any(len(each.strides) > len(student.strides) for each in teachers):
        raise ConfigError(
            "The distillation crosskd needs every pyramid level of the teacher in the student; give both the same "
            "detection_strides."
        )


def teaching_terms(
    task: Task, teacher: TaskNetwork, answer: Outputs, outputs: Outputs, batch: Batch, adaptors: nn.Module | None,
    recipe: Distillation, listen: Tensor | None = None, agreement: Tensor | None = None,
) -> dict[str, Tensor]:  # fmt: skip
    """All that one teacher's answer asks of the student on one task; terms of weight zero are left out.

    Args:
        task: detection or segmentation, which both must have.
        teacher: whose heads judge the student's pyramid, for CrossKD.
        answer: the teacher's on the batch's chips.
        outputs: the student's on the same.
        batch: says which pixels count.
        adaptors: to the teacher's channels; none where no features are compared.
        recipe: kinds and weights.
        listen: (C,) how far each class is listened to, from 0 to 1; terms that know no classes weigh their mean. None:
            in full.
        agreement: (B, H, W) or (B, N), how far each pixel's or anchor's answers count, from 0 to 1; terms that compare
            pixels as a whole weigh its mean, those of features nothing. None: in full.
    """
    if listen is not None and not listen.any():
        return {}
    kinds, weights = set(recipe.distillation), recipe.weights
    terms: dict[str, Tensor] = {}
    soft = soft_terms(task, teacher, outputs, answer, batch, recipe, listen, agreement) if "soft" in kinds else {}
    if not uses_features(recipe):
        return soft
    adapted = given(adaptors)(outputs.features, answer.features)
    if "feature" in kinds and weights.feature:
        terms["feature"] = weights.feature * feature_mse(adapted, answer.features, batch.valid)
    if kinds & {"pdf", "pdf_plus"} and weights.pdf:
        terms["pdf"] = weights.pdf * pdf_term(task, adapted, outputs, answer, batch)
    if "pdf_plus" in kinds and weights.pdf_plus and task == "detection":
        terms["pdf plus"] = weights.pdf_plus * _pdf_plus(outputs, answer, batch)
    if "pkd" in kinds and weights.pkd:
        terms["pkd"] = weights.pkd * pkd(adapted, answer.features, batch.valid)
    if "crosskd" in kinds and weights.crosskd:
        crossed = teacher.forward_heads(adapted, (task,))
        asked = _soft(task, crossed, answer, batch, agreement)
        terms |= {f"crosskd {key}": weights.crosskd * term for key, term in asked.items()}
    return soft | (terms if listen is None else {key: listen.mean() * term for key, term in terms.items()})


def soft_terms(
    task: Task, teacher: TaskNetwork, outputs: Outputs, answer: Outputs, batch: Batch, recipe: Distillation,
    listen: Tensor | None = None, agreement: Tensor | None = None,
) -> dict[str, Tensor]:  # fmt: skip
    """The teacher's answer as targets: probabilities, and for detection its boxes.

    Args:
        task: detection or segmentation, which both must have.
        teacher: whose head decodes boxes.
        outputs: the student's on the batch's chips.
        answer: the teacher's on the same.
        batch: says which pixels count.
        recipe: weights, the forms of both tasks' terms and segmentation's temperature.
        listen: as for `teaching_terms`.
        agreement: as for `teaching_terms`.
    """
    weight = getattr(recipe.weights, f"soft_{task}")
    if not weight:
        return {}
    if task == "segmentation":
        terms = {"soft": _soft_segmentation(outputs, answer, batch, recipe, listen, agreement)}
    elif recipe.soft_detection == "all":
        terms = _soft_detection(outputs, answer, batch, listen, agreement)
    else:
        terms = _dense_detection(given(teacher.detection_head), outputs, answer, batch, listen, agreement)
    return {key: weight * term for key, term in terms.items()}


def pdf_term(task: Task, adapted: list[Tensor], outputs: Outputs, teacher: Outputs, batch: Batch) -> Tensor:
    """PDF-Distil: the teacher's features (levels of (B, D, H_l, W_l)) where the answers differ."""
    if task == "segmentation":
        logits, theirs = given(outputs.segmentation), given(teacher.segmentation)
        return pdf_segmentation(adapted, teacher.features, logits, theirs, batch.valid)
    mine = given(outputs.detections)
    return pdf_detection(
        adapted,
        teacher.features,
        mine.logits,
        given(teacher.detections).logits,
        mine.shapes,
        mine.per_location,
        anchors_valid(mine.anchors, batch.valid),
    )


def _pdf_plus(outputs: Outputs, teacher: Outputs, batch: Batch) -> Tensor:
    mine, theirs = given(outputs.detections), given(teacher.detections)
    valid = anchors_valid(mine.anchors, batch.valid)
    return pdf_plus(mine.logits, theirs.logits, mine.regression, theirs.regression, valid)


def _soft(task: Task, outputs: Outputs, teacher: Outputs, batch: Batch, agreement: Tensor | None) -> dict[str, Tensor]:
    """Plain soft targets, by which CrossKD compares predictions."""
    if task == "detection":
        return _soft_detection(outputs, teacher, batch, None, agreement)
    mine, theirs = given(outputs.segmentation), given(teacher.segmentation)
    return {"soft": soft_segmentation(mine, theirs, batch.valid, places=agreement)}


def _soft_segmentation(
    outputs: Outputs, teacher: Outputs, batch: Batch, recipe: Distillation, listen: Tensor | None,
    agreement: Tensor | None,
) -> Tensor:  # fmt: skip
    mine, theirs, valid = given(outputs.segmentation), given(teacher.segmentation), batch.valid
    if recipe.soft_segmentation == "kl":
        return soft_segmentation(mine, theirs, valid, recipe.temperature, listen, agreement)
    term = SEGMENTATION_FORMS[recipe.soft_segmentation](mine, theirs, valid, recipe.temperature)
    term = term if agreement is None else whole_mean(agreement[valid].sum(), valid.sum()) * term
    return term if listen is None else listen.mean() * term


def _soft_detection(
    outputs: Outputs, teacher: Outputs, batch: Batch, listen: Tensor | None, agreement: Tensor | None
) -> dict[str, Tensor]:
    mine, theirs = given(outputs.detections), given(teacher.detections)
    valid = anchors_valid(mine.anchors, batch.valid)
    return {
        "soft": soft_detection_classification(mine.logits, theirs.logits, valid, weights=listen, places=agreement),
        "soft box": soft_detection_regression(
            mine.regression, theirs.regression, theirs.logits, valid, weights=listen, places=agreement
        ),
    }


def _dense_detection(
    head: DetectionHead, outputs: Outputs, teacher: Outputs, batch: Batch, listen: Tensor | None,
    agreement: Tensor | None,
) -> dict[str, Tensor]:  # fmt: skip
    """Targets where the teacher finds something; centerness too, which is a factor of every score."""
    mine, theirs = given(outputs.detections), given(teacher.detections)
    valid = anchors_valid(mine.anchors, batch.valid)
    terms = {
        "soft": dense_classification(mine.logits, theirs.logits, valid, weights=listen, places=agreement),
        "soft box": dense_boxes(
            head.boxes(mine), head.boxes(theirs), theirs.logits, valid, weights=listen, places=agreement
        ),
    }
    if mine.centerness is not None:
        centerness = soft_centerness(mine.centerness, given(theirs.centerness), theirs.logits, valid, FOUND, agreement)
        terms["soft centerness"] = centerness if listen is None else listen.mean() * centerness
    return terms

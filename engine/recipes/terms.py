"""What a teacher's answer on a batch asks of a student, as weighted named scalars, as far as the teacher is better."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ..config import Distillation
from ..distillation import (
    FOUND,
    IN_FULL,
    Emphasis,
    Pyramid,
    Targets,
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
from ..types import Batch, Detections, Outputs, Task, given

GATE = "gate"
"""The gate's name among a plan's networks."""
CLASS_METRICS: dict[Task, str] = {"detection": "detection/ap50", "segmentation": "segmentation/iou"}
MAIN_METRICS: dict[Task, tuple[str, str]] = {
    "detection": ("detection/ap50", "AP50"),
    "segmentation": ("segmentation/mean_iou", "mean IoU"),
}

Values = Mapping[str, Mapping[str, float]]
"""Validation metrics by network, those behind its best score so far."""


class Gate(nn.Module):
    """How far each class's teacher is listened to, from 0 to 1: (teacher - student) / margin on validation ground.

    A class that has no score, of the teacher or (before its first validation) of the student, is listened to. The
    weights follow from the networks' best metrics alone, so that a resumed run has the same.

    Args:
        teachers: networks by task.
        classes: names of the channels of each task.
        margin: by how much a teacher must be better to be heard in full, in AP50 or IoU.
    """

    def __init__(self, teachers: Mapping[Task, str], classes: Mapping[Task, Sequence[str]], margin: float) -> None:
        super().__init__()
        self.teachers, self.classes, self.margin = dict(teachers), dict(classes), margin
        for task in self.teachers:
            self.register_buffer(task, torch.ones(len(self.classes[task])))

    def of(self, task: Task) -> Tensor:
        """The weights (C,) of a task's classes."""
        weights: Tensor = getattr(self, task)
        return weights

    def weigh(self, values: Values) -> list[str]:
        """Set the weights; returns a sentence for each teacher that is not listened to at all."""
        sentences = []
        for task, teacher in self.teachers.items():
            theirs, mine = values.get(teacher, {}), values.get("student", {})
            weights = [self._weight(f"{CLASS_METRICS[task]}/{name}", theirs, mine) for name in self.classes[task]]
            self.of(task).copy_(torch.tensor(weights))
            if not any(weights):
                sentences.append(_refusal(task, teacher, theirs, mine))
        return sentences

    def _weight(self, key: str, theirs: Mapping[str, float], mine: Mapping[str, float]) -> float:
        if key not in theirs or key not in mine:
            return 1.0
        return min(1.0, max(0.0, (theirs[key] - mine[key]) / self.margin))


def listened(networks: Mapping[str, nn.Module], task: Task) -> Tensor | None:
    """How far each class of a task is listened to, (C,); none where there is no gate."""
    gate = networks.get(GATE)
    return gate.of(task) if isinstance(gate, Gate) and task in gate.teachers else None


def _refusal(task: Task, teacher: str, theirs: Mapping[str, float], mine: Mapping[str, float]) -> str:
    key, name = MAIN_METRICS[task]
    return (
        f"The {teacher.replace('_', ' ')} is no better than the student in any class of the validation ground "
        f"({name} {theirs[key]:.3f}, the student {mine[key]:.3f}), so it is not listened to."
    )


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


@dataclass(frozen=True)
class Teaching:
    """What one teacher and the student say of a batch on one task.

    Args:
        task: detection or segmentation, which both must have.
        teacher: whose head decodes boxes, and whose heads judge the student's pyramid, for CrossKD.
        answer: the teacher's on the batch's chips.
        outputs: the student's on the same.
        batch: says which pixels count.
        emphasis: of classes (C,), terms that know none weigh their mean; of places, how far each pixel's (B, H, W) or
            anchor's (B, N) answers agree: terms that compare pixels as a whole weigh its mean, those of features
            nothing.
    """

    task: Task
    teacher: TaskNetwork
    answer: Outputs
    outputs: Outputs
    batch: Batch
    emphasis: Emphasis = IN_FULL


def teaching_terms(told: Teaching, adaptors: nn.Module | None, recipe: Distillation) -> dict[str, Tensor]:
    """All that a teacher's answer asks of the student; terms of weight zero are left out.

    Args:
        told: by the teacher, and by the student.
        adaptors: to the teacher's channels; none where no features are compared.
        recipe: kinds and weights.
    """
    task, answer, batch, listen = told.task, told.answer, told.batch, told.emphasis.classes
    if listen is not None and not listen.any():
        return {}
    kinds, weights = set(recipe.distillation), recipe.weights
    terms: dict[str, Tensor] = {}
    soft = soft_terms(told, recipe) if "soft" in kinds else {}
    if not uses_features(recipe):
        return soft
    adapted = given(adaptors)(told.outputs.features, answer.features)
    if "feature" in kinds and weights.feature:
        terms["feature"] = weights.feature * feature_mse(adapted, answer.features, batch.valid)
    if kinds & {"pdf", "pdf_plus"} and weights.pdf:
        terms["pdf"] = weights.pdf * pdf_term(told, adapted)
    if "pdf_plus" in kinds and weights.pdf_plus and task == "detection":
        terms["pdf plus"] = weights.pdf_plus * _pdf_plus(told)
    if "pkd" in kinds and weights.pkd:
        terms["pkd"] = weights.pkd * pkd(adapted, answer.features, batch.valid)
    if "crosskd" in kinds and weights.crosskd:
        crossed = told.teacher.forward_heads(adapted, (task,))
        asked = _soft(replace(told, outputs=crossed, emphasis=told.emphasis._replace(classes=None)))
        terms |= {f"crosskd {key}": weights.crosskd * term for key, term in asked.items()}
    return soft | (terms if listen is None else {key: listen.mean() * term for key, term in terms.items()})


def soft_terms(told: Teaching, recipe: Distillation) -> dict[str, Tensor]:
    """The teacher's answer as targets: probabilities, and for detection its boxes.

    Args:
        told: by the teacher, and by the student.
        recipe: weights, the forms of both tasks' terms and segmentation's temperature.
    """
    weight = getattr(recipe.weights, f"soft_{told.task}")
    if not weight:
        return {}
    if told.task == "segmentation":
        terms = {"soft": _soft_segmentation(told, recipe)}
    elif recipe.soft_detection == "all":
        terms = _soft_detection(told)
    else:
        terms = _dense_detection(told)
    return {key: weight * term for key, term in terms.items()}


def pdf_term(told: Teaching, adapted: list[Tensor]) -> Tensor:
    """PDF-Distil: the teacher's features (levels of (B, D, H_l, W_l)) where the answers differ."""
    outputs, teacher, valid = told.outputs, told.answer, told.batch.valid
    if told.task == "segmentation":
        student = Pyramid(adapted, given(outputs.segmentation))
        return pdf_segmentation(student, Pyramid(teacher.features, given(teacher.segmentation)), valid)
    mine = given(outputs.detections)
    theirs = Pyramid(teacher.features, given(teacher.detections).logits)
    return pdf_detection(Pyramid(adapted, mine.logits), theirs, mine.shapes, anchors_valid(mine.anchors, valid))


def _pdf_plus(told: Teaching) -> Tensor:
    mine, theirs, valid = _anchors(told)
    return pdf_plus(mine.logits, theirs.logits, mine.regression, theirs.regression, valid)


def _anchors(told: Teaching) -> tuple[Detections, Detections, Tensor]:
    """What both say of anchors, and which of them count (B, N)."""
    mine = given(told.outputs.detections)
    return mine, given(told.answer.detections), anchors_valid(mine.anchors, told.batch.valid)


def _soft(told: Teaching) -> dict[str, Tensor]:
    """Plain soft targets, by which CrossKD compares predictions."""
    if told.task == "detection":
        return _soft_detection(told)
    mine, theirs = given(told.outputs.segmentation), given(told.answer.segmentation)
    return {"soft": soft_segmentation(mine, theirs, told.batch.valid, emphasis=told.emphasis)}


def _soft_segmentation(told: Teaching, recipe: Distillation) -> Tensor:
    mine, theirs, valid = given(told.outputs.segmentation), given(told.answer.segmentation), told.batch.valid
    if recipe.soft_segmentation == "kl":
        return soft_segmentation(mine, theirs, valid, recipe.temperature, told.emphasis)
    term = SEGMENTATION_FORMS[recipe.soft_segmentation](mine, theirs, valid, recipe.temperature)
    listen, agreement = told.emphasis
    term = term if agreement is None else whole_mean(agreement[valid].sum(), valid.sum()) * term
    return term if listen is None else listen.mean() * term


def _soft_detection(told: Teaching) -> dict[str, Tensor]:
    mine, theirs, valid = _anchors(told)
    boxes = Targets(theirs.regression, theirs.logits)
    return {
        "soft": soft_detection_classification(mine.logits, theirs.logits, valid, emphasis=told.emphasis),
        "soft box": soft_detection_regression(mine.regression, boxes, valid, emphasis=told.emphasis),
    }


def _dense_detection(told: Teaching) -> dict[str, Tensor]:
    """Targets where the teacher finds something; centerness too, which is a factor of every score."""
    mine, theirs, valid = _anchors(told)
    head, emphasis = given(told.teacher.detection_head), told.emphasis
    boxes = Targets(head.boxes(theirs), theirs.logits)
    terms = {
        "soft": dense_classification(mine.logits, theirs.logits, valid, emphasis=emphasis),
        "soft box": dense_boxes(head.boxes(mine), boxes, valid, emphasis=emphasis),
    }
    if mine.centerness is not None:
        wanted = Targets(given(theirs.centerness), theirs.logits)
        centerness = soft_centerness(mine.centerness, wanted, valid, FOUND, emphasis.places)
        terms["soft centerness"] = centerness if emphasis.classes is None else emphasis.classes.mean() * centerness
    return terms

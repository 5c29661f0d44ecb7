"""Several frozen networks that teach as one, and an answer averaged over members and mirror images."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import cast

import torch
from torch import Tensor, nn

from ..config import Run
from ..distillation import detection_agreement, segmentation_agreement
from ..errors import ConfigError
from ..models import TaskNetwork, parameters
from ..models.heads import DetectionHead
from ..models.heads.detection import Axis
from ..types import Detections, Outputs, Task, given
from .plan import predict

Axes = tuple[Axis, ...]
MIRRORED: tuple[Axes, ...] = ((), ("x",), ("y",), ("x", "y"))
"""Axes that are mirrored in each of the images."""
_DIMENSIONS = {"x": -1, "y": -2}
_LEAST = 1e-6
"""Probabilities are kept this far from 0 and 1, so that their logits are numbers."""


def check_mirrors(teachers: Collection[TaskNetwork], run: Run, option: str = "mirrored_answers") -> None:
    """Raise ConfigError where a mirror image's anchors would lie between the image's own."""
    heads = [given(each.detection_head) for each in teachers if "detection" in each.tasks]
    coarsest = max((max(head.strides) for head in heads), default=1)
    if run.training.chip_size % coarsest:
        raise ConfigError(
            f"The option {option} needs chips whose side is a multiple of {coarsest}, and chip_size is "
            f"{run.training.chip_size}; change one of them."
        )


def opinions(
    network: TaskNetwork, image: Tensor, tasks: Collection[Task] | None = None, mirrored: bool = False
) -> list[Outputs]:
    """What an ensemble's members say of an image, or one network, each in eval mode and without gradients.

    Args:
        network: an `Ensemble`, or any other.
        image: (B, C, H, W) raw values.
        tasks: none means all.
        mirrored: also what each says of the three mirror images, turned back.
    """
    members = getattr(network, "members", (network,))
    tasks = network.tasks if tasks is None and hasattr(network, "members") else tasks
    return [
        answer_of_mirror(each, image, axes, tasks)
        for each in members
        for axes in (MIRRORED if mirrored else MIRRORED[:1])
    ]


def check_opinions(teachers: Collection[TaskNetwork], mirrored: bool) -> None:
    """Raise ConfigError where no teacher has opinions that could agree."""
    if not mirrored and not any(len(getattr(each, "members", ())) > 1 for each in teachers):
        raise ConfigError(
            "The option agreement_weights compares several answers, and each teacher gives one.",
            "Name several runs for a teacher in teachers_from, or set mirrored_answers.",
        )


def agreement(answers: Sequence[Outputs], task: Task) -> Tensor | None:
    """How far answers on one image agree: (B, H, W) of areas, (B, N) of dense detections; none where there is one."""
    if len(answers) == 1:
        return None
    if task == "segmentation":
        return segmentation_agreement([given(each.segmentation) for each in answers])
    return detection_agreement([given(each.detections).logits for each in answers])


def mean_answer(answers: Sequence[Outputs]) -> Outputs:
    """Answers on one image as one; of a single answer, itself.

    Probabilities and centerness are averaged; boxes are, each weighed by the highest class probability that its answer
    gives the anchor. Features are the first answer's.
    """
    first = answers[0]
    if len(answers) == 1:
        return first
    segmentation = None if first.segmentation is None else _mean_logits([given(each.segmentation) for each in answers])
    detections = None if first.detections is None else _mean_detections([given(each.detections) for each in answers])
    return replace(first, segmentation=segmentation, detections=detections)


def answer_of_mirror(network: TaskNetwork, image: Tensor, axes: Axes, tasks: Collection[Task] | None = None) -> Outputs:
    """A network's outputs on an image that is mirrored along some axes, mirrored back; features are as it saw them."""
    dimensions = [_DIMENSIONS[axis] for axis in axes]
    outputs = predict(network, image.flip(dimensions) if dimensions else image, tasks)
    if not dimensions:
        return outputs
    detections = outputs.detections
    for axis in axes if detections is not None else ():
        detections = given(network.detection_head).mirrored(given(detections), axis)
    areas = outputs.segmentation
    return replace(outputs, segmentation=None if areas is None else areas.flip(dimensions), detections=detections)


def _mean_logits(logits: list[Tensor]) -> Tensor:
    """Logits (B, K, H, W) whose softmax is the mean of the given ones' softmax."""
    return torch.stack([each.softmax(dim=1) for each in logits]).mean(dim=0).clamp(min=_LEAST).log()


def _mean_detections(answers: list[Detections]) -> Detections:
    scores = torch.stack([each.logits.sigmoid() for each in answers])
    weights = scores.amax(dim=-1, keepdim=True)
    boxes = torch.stack([each.regression for each in answers])
    centerness = None
    if answers[0].centerness is not None:
        centerness = _logit(torch.stack([given(each.centerness).sigmoid() for each in answers]).mean(dim=0))
    return replace(
        answers[0],
        logits=_logit(scores.mean(dim=0)),
        regression=(weights * boxes).sum(dim=0) / weights.sum(dim=0).clamp(min=_LEAST),
        centerness=centerness,
    )


def _logit(probabilities: Tensor) -> Tensor:
    return torch.logit(probabilities, eps=_LEAST)


BYTES = 4
"""Of a weight."""


class Ensemble(TaskNetwork):
    """A deep ensemble (Lakshminarayanan et al., arXiv 1612.01474) behind the interface of one network.

    Members may have other architectures, but the same classes, and for detection the same head and strides, so that
    their answers are of the same places. What has no mean between architectures, features and the heads that judge
    them, is the first member's.

    Args:
        members: at least one.
        tasks: those of it that are asked; members may have more.
        described: what it consists of, for people.
    """

    loaded = None

    def __init__(self, members: Sequence[TaskNetwork], tasks: tuple[Task, ...], described: str) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.tasks, self.described = tasks, described
        first = members[0]
        self.strides: list[int] = first.strides
        self.feature_channels: list[int] = first.feature_channels
        self.backbone_channels: int = first.backbone_channels

    @property
    def _first(self) -> TaskNetwork:
        return cast("TaskNetwork", self.members[0])

    @property
    def detection_head(self) -> DetectionHead:
        """The first member's, which decodes the mean answer."""
        return given(self._first.detection_head)

    def forward(self, image: Tensor, tasks: Collection[Task] | None = None) -> Outputs:
        """The mean answer (`ensemble.mean_answer`) for (B, C, H, W) raw values."""
        wanted = self.tasks if tasks is None else tasks
        return mean_answer([member(image, tasks=wanted) for member in self.members])

    def forward_heads(self, features: list[Tensor], tasks: Collection[Task] | None = None) -> Outputs:
        """The first member's heads on any pyramid."""
        return self._first.forward_heads(features, tasks)


def cost(name: str, ensemble: Ensemble, mirrored: bool = False) -> str:
    """What an ensemble takes at each step, as a sentence."""
    count, weights = len(ensemble.members), parameters(ensemble)
    passes = count * (len(MIRRORED) if mirrored else 1)
    return (
        f"The {name.replace('_', ' ')} is an ensemble of {count} frozen networks that answer one after the other: "
        f"{passes} passes a batch, {weights / 1e6:.1f} M parameters ({BYTES * weights / 2**20:.0f} MB)."
    )

"""Teachers are listened to as far as they are better than their student (docs/methods.md, section 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from ..types import Task

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

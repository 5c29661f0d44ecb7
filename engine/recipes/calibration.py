"""Teachers' answers made as sure as they are right, on validation ground (docs/methods.md, section 1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from ..distillation import detection_temperature, segmentation_temperature
from ..models import TaskNetwork
from ..types import IGNORE_INDEX, Batch, Outputs, Task, given
from .ensemble import mean_answer, opinions
from .plan import Networks, network_of

CALIBRATION = "calibration"
"""The temperatures' name among a plan's networks."""
EVERY = 4
"""One pixel of so many in each direction is fitted on: logits of stride 4 say the same of its neighbours."""
CALIBRATED = 0.05
"""How far from 1 a temperature is not worth a word on confidence."""

Ask = Callable[[Tensor], Outputs]
Answers = Callable[[Ask, Task], Iterator[tuple[Outputs, Batch]]]
"""(what to ask of images, task) -> the outputs on each validation batch of the task, and the batch."""


class Calibration(nn.Module):
    """A temperature of each task's teacher, fitted once; of an ensemble and of mirrored answers, the mean answer's.

    Args:
        teachers: networks by task.
        mirrored: whether they answer on mirror images, too.
    """

    def __init__(self, teachers: Mapping[Task, str], mirrored: bool = False) -> None:
        super().__init__()
        self.teachers, self.mirrored = dict(teachers), mirrored
        for task in self.teachers:
            self.register_buffer(task, torch.ones(()))

    def of(self, task: Task) -> Tensor:
        """The temperature of a task's teacher."""
        temperature: Tensor = getattr(self, task)
        return temperature

    def fit(self, networks: Networks, answers: Answers) -> list[str]:
        """Find the temperatures by validation ground's labels; returns a sentence for each.

        Args:
            networks: the plan's.
            answers: reads validation ground.
        """
        sentences = []
        for task, name in self.teachers.items():
            found = _temperature(network_of(networks, name), task, answers, self.mirrored)
            self.of(task).fill_(1.0 if found is None else found)
            sentences.append(_sentence(task, name, found))
        return sentences


def calibrated(networks: Networks, answer: Outputs) -> Outputs:
    """A teacher's answer with its logits divided by their temperatures; itself where there are none."""
    calibration = networks.get(CALIBRATION)
    if not isinstance(calibration, Calibration):
        return answer
    if answer.segmentation is not None:
        answer = replace(answer, segmentation=answer.segmentation / calibration.of("segmentation"))
    if answer.detections is not None:
        logits = answer.detections.logits / calibration.of("detection")
        answer = replace(answer, detections=replace(answer.detections, logits=logits))
    return answer


def _temperature(network: TaskNetwork, task: Task, answers: Answers, mirrored: bool) -> float | None:
    """None where no label can tell."""

    def ask(image: Tensor) -> Outputs:
        return mean_answer(opinions(network, image, (task,), mirrored))

    pairs = _pixels(answers(ask, task)) if task == "segmentation" else _places(network, answers(ask, task))
    logits, labels = zip(*pairs, strict=True) if pairs else ((), ())
    if not sum(map(len, logits)):
        return None
    said, truth = torch.cat(logits), torch.cat(labels)
    if task == "segmentation":
        return segmentation_temperature(said, truth)
    return detection_temperature(said, truth) if truth.any() else None


def _pixels(answers: Iterator[tuple[Outputs, Batch]]) -> list[tuple[Tensor, Tensor]]:
    """Logits (P, K) and labels (P,) of each batch's labelled pixels."""
    pairs = []
    for outputs, batch in answers:
        labels = given(batch.mask)[:, ::EVERY, ::EVERY]
        logits = given(outputs.segmentation)[:, :, ::EVERY, ::EVERY].permute(0, 2, 3, 1)
        counted = labels != IGNORE_INDEX
        pairs.append((logits[counted].float().cpu(), labels[counted].cpu()))
    return pairs


def _places(network: TaskNetwork, answers: Iterator[tuple[Outputs, Batch]]) -> list[tuple[Tensor, Tensor]]:
    """Logits and targets (A, C) of each batch's places that count."""
    pairs = []
    for outputs, batch in answers:
        found, head = given(outputs.detections), given(network.detection_head)
        targets, counted = head.class_targets(found, given(batch.boxes), given(batch.labels), batch.valid)
        pairs.append((found.logits[counted].float().cpu(), targets[counted].cpu()))
    return pairs


def _sentence(task: Task, name: str, temperature: float | None) -> str:
    who = name.replace("_", " ")
    who = who if task in who else f"{who}'s {task}"
    if temperature is None:
        return f"No validation ground has labels to calibrate the {who} by, so it answers as it is (temperature 1)."
    if abs(temperature - 1) < CALIBRATED:
        return f"The {who} is as sure as it is right on validation ground: temperature {temperature:.2f}."
    words = "overconfident" if temperature > 1 else "underconfident"
    return f"The {who} was {words} on validation ground: its answers get the temperature {temperature:.2f}."

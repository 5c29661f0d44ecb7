"""Scoring a network on the validation blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import torch
from lightning_fabric import Fabric
from torch import nn

from ..config import Run
from ..data import Prepared, validation_batches
from ..recipes.averaging import mirrored_answer
from ..recipes.plan import unchanged
from ..types import Batch, Outputs, Task
from .metrics import DetectionScore, SegmentationScore

CANDIDATES = 0.05
"""Scores below this take no part in AP: they cost time and change the third digit at most."""
MOST_KEPT = 2**30
"""Bytes of chips that are kept, of all tasks together; others are read again each time, as imagery of many bands is."""


class Validator:
    """Scores networks on a run's validation blocks; the chips are read once and kept where they are few.

    Args:
        run: names the classes and how many chips take part.
        prepared: the sources.
        fabric: gives device and precision.
        heard: a plan's: outputs as a batch's labels can judge them.
    """

    def __init__(
        self,
        run: Run,
        prepared: Prepared,
        fabric: Fabric,
        heard: Callable[[Outputs, Batch], Outputs] = unchanged,
    ) -> None:
        self._run, self._prepared, self._fabric, self._heard = run, prepared, fabric, heard
        self._kept: dict[Task, list[Batch]] = {}
        self._room = MOST_KEPT

    def score(self, network: nn.Module, mirrored: bool | None = None) -> dict[str, float]:
        """Metrics of every task of `network` that has validation blocks, by name; empty where none has.

        Args:
            network: whose answers are judged.
            mirrored: whether these are averaged over mirror images; none: as the run says.
        """
        mirrored = self._run.training.mirrored_validation if mirrored is None else mirrored
        was_training = network.training
        network.eval()
        values: dict[str, float] = {}
        with torch.inference_mode():
            for task in network.tasks:
                if self._prepared.of_role(task):
                    values |= self._task(network, task, mirrored)
        network.train(was_training)
        return values

    def _task(self, network: nn.Module, task: Task, mirrored: bool) -> dict[str, float]:
        score = self._empty(task)
        for batch in self._of(task):
            moved = batch.to(self._fabric.device)
            with self._fabric.autocast():
                ask = partial(mirrored_answer, network) if mirrored else network
                outputs = self._heard(ask(moved.image, tasks=(task,)), moved)
            if task == "segmentation":
                score.update(outputs.segmentation, batch.mask)
            else:
                objects = network.detection_head.decode(outputs.detections, CANDIDATES, 0.5, 300)
                score.update(objects, batch.boxes, batch.labels, batch.valid)
        return score.compute()

    def _of(self, task: Task) -> Iterator[Batch]:
        kept = self._kept.setdefault(task, [])
        yield from kept
        for batch in validation_batches(self._prepared, self._run, task).read(len(kept)):
            self._room -= batch.nbytes()
            if self._room >= 0:
                kept.append(batch)
            yield batch

    def _empty(self, task: Task) -> SegmentationScore | DetectionScore:
        if task == "segmentation":
            return SegmentationScore([channel.name for channel in self._run.segmentation_channels()])
        return DetectionScore([definition.name for definition in self._run.detection_classes])

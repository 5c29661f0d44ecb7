"""Scoring a network on the validation blocks, and what is fitted there before a stage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from .. import ranks
from ..config import Run
from ..data import Prepared, validation_batches
from ..models import TaskNetwork
from ..models.devices import out_of_memory
from ..recipes.calibration import Calibration
from ..recipes.ensemble import mean_answer, opinions
from ..recipes.plan import unchanged
from ..types import Batch, Outputs, Task, given
from .metrics import DetectionScore, SegmentationScore

CANDIDATES = 0.05
"""Scores below this take no part in AP: they cost time and change the third digit at most."""
MOST_KEPT = 2**30
"""Bytes of chips that are kept, of all tasks together; others are read again each time, as imagery of many bands is."""


class Validator:
    """Scores networks on a run's validation blocks; the chips are read once and kept where they are few.

    Processes that train together each look at a part of them, and score all.

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
        self._at_once = run.training.batch_size

    def score(self, network: TaskNetwork, mirrored: bool | None = None) -> dict[str, float]:
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

    def answers(self, ask: Callable[[Tensor], Outputs], task: Task) -> Iterator[tuple[Outputs, Batch]]:
        """What `ask` says of the images of a task's validation blocks, as labels can judge it, and each batch."""
        for batch in self._all(task) if self._prepared.of_role(task) else ():
            moved = batch.to(self._fabric.device)
            with torch.inference_mode(), self._fabric.autocast():
                outputs = self._heard(ask(moved.image), moved)
            yield outputs, moved

    def _task(self, network: TaskNetwork, task: Task, mirrored: bool) -> dict[str, float]:
        score = self._empty(task)
        for batch, outputs in self._outputs(network, task, mirrored):
            if isinstance(score, SegmentationScore):
                score.update(given(outputs.segmentation), given(batch.mask))
            else:
                objects = given(network.detection_head).decode(given(outputs.detections), CANDIDATES, 0.5, 300)
                score.update(objects, given(batch.boxes), given(batch.labels), batch.valid)
        return score.compute()

    def _outputs(self, network: TaskNetwork, task: Task, mirrored: bool) -> Iterator[tuple[Batch, Outputs]]:
        """Batches on the device and outputs on them; half of a batch, and so on, where memory is full."""
        for batch in self._of(task):
            moved, start = batch.to(self._fabric.device), 0
            outputs: Outputs | None
            while start < len(moved.image):
                part = moved.part(slice(start, start + self._at_once))
                try:
                    with self._fabric.autocast():
                        outputs = self._heard(_looked(network, part.image, task, mirrored), part)
                except (RuntimeError, MemoryError) as error:
                    if self._at_once == 1 or not out_of_memory(error):
                        raise
                    outputs = None
                if outputs is None:  # what the error's frames held is free only now
                    self._at_once = -(-self._at_once // 2)
                    continue
                yield part, outputs
                start += len(part.image)

    def _all(self, task: Task) -> Iterable[Batch]:
        return self._of(task) if ranks.alone() else validation_batches(self._prepared, self._run, task)

    def _of(self, task: Task) -> Iterator[Batch]:
        """This process's."""
        kept = self._kept.setdefault(task, [])
        yield from kept
        batches = validation_batches(self._prepared, self._run, task)
        mine = ranks.share(len(batches))
        for batch in batches.read(mine.start + len(kept), mine.stop):
            self._room -= batch.nbytes()
            if self._room >= 0:
                kept.append(batch)
            yield batch

    def _empty(self, task: Task) -> SegmentationScore | DetectionScore:
        if task == "segmentation":
            return SegmentationScore([channel.name for channel in self._run.segmentation_channels()])
        return DetectionScore([definition.name for definition in self._run.detection_classes])


def _looked(network: TaskNetwork, image: Tensor, task: Task, mirrored: bool) -> Outputs:
    """A network's outputs on images, or their mean over the images and their mirror images."""
    if not mirrored:
        found: Outputs = network(image, tasks=(task,))
        return found
    return mean_answer(opinions(network, image, (task,), mirrored=True))


Fitted = dict[str, dict[str, Tensor]]
"""State dictionaries by network."""


def take_fitted(fitted: Fitted, networks: Mapping[str, nn.Module]) -> Fitted:
    """Fill networks with what an earlier start of the training has fitted, and return a copy of it."""
    for name, found in fitted.items():
        networks[name].load_state_dict(found)
    return dict(fitted)


def fit_once(
    names: Sequence[str], networks: Mapping[str, nn.Module], validator: Validator, fitted: Fitted
) -> Iterator[str]:
    """Fit the networks named that are not in `fitted`, which is filled; yields sentences for people."""
    for name in names:
        if name not in fitted:
            yield from cast("Calibration", networks[name]).fit(networks, validator.answers)
            networks[name].load_state_dict(ranks.from_first(networks[name].state_dict()))
            fitted[name] = networks[name].state_dict()

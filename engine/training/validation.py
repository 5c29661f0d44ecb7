"""Scoring a network on the validation blocks, with torchmetrics, and what is fitted there before a stage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torchmetrics.classification import MulticlassConfusionMatrix
from torchmetrics.detection import MeanAveragePrecision

from .. import ranks
from ..config import Run
from ..data import Prepared, validation_batches
from ..models import TaskNetwork
from ..models.devices import out_of_memory
from ..recipes.calibration import Calibration
from ..recipes.ensemble import mean_answer, opinions
from ..recipes.plan import unchanged
from ..types import IGNORE_INDEX, Batch, Objects, Outputs, Task, given

MAIN = {"segmentation": "segmentation/mean_iou", "detection": "detection/ap50"}
"""The metric that decides which weights of a task are best."""

MAX_DETECTIONS = 1000
"""Objects of one chip that take part in AP; COCO's 100 is too few for parking lots."""

LEAST_OBJECTS = 20
"""Objects that choose a score threshold of their class's own; fewer choose by chance. Of drawn scores, thresholds from
20 objects cost 0.015 of F1 on new ground where classes are alike and gain 0.01 to 0.08 where they differ; from 5, 0.04
at worst."""


class SegmentationScore:
    """Accumulates a confusion matrix; pixels with `IGNORE_INDEX` count nowhere.

    Args:
        names: of the channels, in order.
    """

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self._matrix = MulticlassConfusionMatrix(len(names), ignore_index=IGNORE_INDEX, sync_on_compute=False)

    def update(self, logits: Tensor, mask: Tensor) -> None:
        """Add a batch: logits (B, K, H, W), mask (B, H, W)."""
        self._matrix.update(logits.argmax(1).cpu(), mask.cpu())

    def compute(self) -> dict[str, float]:
        """`segmentation/mean_iou` over classes that occur, and IoU and F1 of each class by name."""
        return segmentation_values(ranks.total(self._matrix.confmat).double(), self.names)


def segmentation_values(matrix: Tensor, names: list[str]) -> dict[str, float]:
    """Scores of a confusion matrix (K, K), rows are truth; a class without truth has none and is in no mean.

    Without any truth there is no score at all.
    """
    hits, truth, predicted = matrix.diagonal(), matrix.sum(1), matrix.sum(0)
    union = truth + predicted - hits
    occurs = truth > 0
    iou = hits / union.clamp(min=1)
    f1 = 2 * hits / (truth + predicted).clamp(min=1)
    values = {"segmentation/mean_iou": iou[occurs].mean().item()} if occurs.any() else {}
    for index, name in enumerate(names):
        if occurs[index]:
            values[f"segmentation/iou/{name}"] = iou[index].item()
            values[f"segmentation/f1/{name}"] = f1[index].item()
    return values


class DetectionScore:
    """Accumulates detections; detections and objects centred on pixels that do not count are left out.

    Args:
        names: of the classes, in order.
    """

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self._map = MeanAveragePrecision(
            class_metrics=len(names) > 1,
            extended_summary=True,
            max_detection_thresholds=[1, 100, MAX_DETECTIONS],
            backend="faster_coco_eval",
            sync_on_compute=False,  # it wants the same number of chips of all processes
        )
        self._map.warn_on_many_detections = False
        self._seen: list[tuple[dict[str, Tensor], dict[str, Tensor]]] = []

    def update(self, objects: list[Objects[Tensor]], boxes: list[Tensor], labels: list[Tensor], valid: Tensor) -> None:
        """Add a batch: predictions and truth per image, valid (B, H, W)."""
        for found, corners, classes, where in zip(objects, boxes, labels, valid, strict=True):
            keep, there = centred_on(found.boxes, where), centred_on(corners, where)
            seen = {"boxes": found.boxes, "labels": found.labels, "scores": found.scores}
            predicted = {name: value.cpu()[keep] for name, value in seen.items()}
            predicted["boxes"], predicted["scores"] = predicted["boxes"].float(), predicted["scores"].float()
            self._seen.append((predicted, {"boxes": corners.cpu().float()[there], "labels": classes.cpu()[there]}))

    def compute(self) -> dict[str, float]:
        """`detection/ap`, `detection/ap50`, AP50 of each class, and the score thresholds with the best F1 at IoU 0.5.

        `detection/f1` is the mean of the classes' best, `detection/threshold` the mean of the thresholds that reach it,
        and `detection/threshold/NAME` those of several classes that have `LEAST_OBJECTS`. Classes without an object
        have no score and are in no mean; without any object there is no score at all.
        """
        predictions, truth = zip(*everything, strict=True) if (everything := ranks.everyone(self._seen)) else ((), ())
        objects: Any = sum(torch.bincount(each["labels"], minlength=len(self.names)) for each in truth)
        self._map.reset()
        self._map.update(list(predictions), list(truth))
        result = self._map.compute()
        precision, scores = result["precision"][0, :, :, 0, -1], result["scores"][0, :, :, 0, -1]
        known = (precision > -1).any(dim=0)
        if not known.any():
            return {}
        values = {"detection/ap": result["map"].item(), "detection/ap50": result["map_50"].item()}
        labels = torch.atleast_1d(result["classes"])[known]
        precision, scores = precision[:, known], scores[:, known]
        for label, each in zip(labels.tolist(), precision.T, strict=True):
            values[f"detection/ap50/{self.names[label]}"] = each.mean().item()
        best, thresholds = best_f1(precision, scores)
        values["detection/f1"] = best.mean().item()
        found = best > 0
        if found.any():
            values["detection/threshold"] = thresholds[found].mean().item()
        own = found & (objects[labels] >= LEAST_OBJECTS) & (len(self.names) > 1)
        for label, threshold in zip(labels[own].tolist(), thresholds[own].tolist(), strict=True):
            values[f"detection/threshold/{self.names[label]}"] = threshold
        return values


def best_f1(precision: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
    """Best F1 (K,) over the score threshold, and that threshold (K,), which means nothing where F1 is 0.

    Args:
        precision: COCO's, (R, K) at R recalls from 0 to 1.
        scores: (R, K), the lowest of the detections that reach each recall.
    """
    recall = torch.linspace(0, 1, precision.shape[0], dtype=precision.dtype)[:, None]
    f1 = 2 * precision * recall / (precision + recall).clamp(min=1e-9)
    best, where = f1.clamp(min=0).max(0)
    return best, scores.gather(0, where[None])[0]


def main_score(values: dict[str, float]) -> float:
    """The mean of the tasks' main metrics: what "best" means."""
    mains = [values[key] for key in MAIN.values() if key in values]
    return sum(mains) / max(1, len(mains))


def centred_on(boxes: Tensor, valid: Tensor) -> Tensor:
    """Which boxes (n, 4) xyxy are centred on a pixel of `valid` (H, W); those outside the image count at its border."""
    centers = ((boxes[:, :2] + boxes[:, 2:]).float().cpu() / 2).floor().long()
    height, width = valid.shape
    return valid.cpu()[centers[:, 1].clamp(0, height - 1), centers[:, 0].clamp(0, width - 1)]


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

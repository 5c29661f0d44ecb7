"""What training leaves for report and package: `validation.json`, and pictures of chips with truth and prediction."""

from __future__ import annotations

import heapq
import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..config import Card, ClassDefinition, Run
from ..data import Prepared, validation_batches
from ..errors import cannot_write
from ..evaluation.validation_pass import (
    ScoredChip,
    ValidationPass,
    described_sources,
    first_chips,
    megapixels_per_second,
    validation_pass,
)
from ..events import EventLog, FigureEvent
from ..files import write_text
from ..models import TaskNetwork
from ..models.encoders import parameters
from ..recipes import Plan
from ..recipes.plan import PlannedRun, network_of
from ..report import VALIDATION_FILE, Labelling, figure_path, preview_png
from ..types import Batch, Objects, Outputs, Task, given

CHIPS_PER_TASK = 3


def preview(run: Run, prepared: Prepared, network: TaskNetwork, thresholds: list[float]) -> bytes | None:
    """A PNG of chips of each of the network's labelled tasks, those with most labels; none without labels.

    Args:
        run: names and colours the classes.
        prepared: the sources.
        network: on the CPU, in eval mode.
        thresholds: detections of each class below its own are not drawn.
    """
    images: list[np.ndarray] = []
    columns: dict[str, list[Labelling]] = {"truth": [], "prediction": []}
    for task in (each for each in network.tasks if prepared.of_role(each)):
        batches = first_chips(validation_batches(prepared, run, task), run.training.validation_chips)
        for batch, index in _richest(batches, task):
            with torch.inference_mode():
                outputs = network(batch.image[index : index + 1].float())
            images.append(shown(batch.image[index], prepared))
            columns["truth"].append(_truth(batch, index))
            columns["prediction"].append(_prediction(network, outputs, thresholds))
    if not images:
        return None
    return preview_png(images, columns, _colours(run.segmentation_channels()), _colours(run.detection_classes))


def shown(image: Tensor, prepared: Prepared) -> np.ndarray:
    """Raw values (C, H, W) as (H, W, 3) uint8 for people: two standard deviations around the mean fill the range.

    Bytes are colours already, and grey stays grey: their bands are stretched alike.
    """
    bands = [min(band, len(image) - 1) for band in range(3)] if len(image) > 1 else [0, 0, 0]
    center, spread = (torch.tensor(each)[bands, None, None] for each in (prepared.mean, prepared.std))
    if prepared.image_dtype() == torch.uint8:
        spread = ((spread**2).mean() + center.var(correction=0)).sqrt()
        center = center.mean()
    values = 0.5 + (image[bands].float() - center) / (4 * spread)
    return (255 * values.clamp(0, 1)).byte().permute(1, 2, 0).numpy()


def _richest(batches: Iterator[Batch], task: Task) -> list[tuple[Batch, int]]:
    """The chips with most boxes, or with most pixels that are not of the first class."""
    chips = ((batch, index) for batch in batches for index in range(len(batch.image)))
    return heapq.nlargest(CHIPS_PER_TASK, chips, key=lambda chip: _labelled(chip[0], chip[1], task))


def _labelled(batch: Batch, index: int, task: Task) -> int:
    return len(given(batch.boxes)[index]) if task == "detection" else _foreground(given(batch.mask)[index])


def _foreground(mask: Tensor) -> int:
    return int(((mask > 0) & (mask != 255)).sum())


def _truth(batch: Batch, index: int) -> Labelling:
    if batch.role == "detection":
        return Labelling(boxes=given(batch.boxes)[index].numpy(), labels=given(batch.labels)[index].numpy())
    return Labelling(mask=given(batch.mask)[index].numpy())


def _prediction(network: TaskNetwork, outputs: Outputs, thresholds: list[float]) -> Labelling:
    found = Labelling()
    if outputs.segmentation is not None:
        found.mask = outputs.segmentation[0].argmax(0).numpy()
    if outputs.detections is not None:
        objects: Objects[Tensor] = given(network.detection_head).decode(outputs.detections, thresholds, 0.5, 300)[0]
        found.boxes, found.labels = objects.boxes.numpy(), objects.labels.numpy()
    return found


def _colours(definitions: list[ClassDefinition]) -> list[tuple[str, str]]:
    return [(definition.name, definition.color) for definition in definitions]


_QUALITY = 88


def write_validation(planned: PlannedRun, card: Card, device: torch.device, events: EventLog) -> None:
    """Examine the network that ships on the validation blocks, and write what the report shows of it.

    Args:
        planned: the run, its networks with their best weights.
        card: of the shipped network, whose score thresholds count.
        device: for the networks; they end on the CPU.
        events: told of the pictures.

    Raises:
        OutputError: the folder cannot be written.
    """
    folder, run, prepared, plan = planned.folder, planned.run, planned.prepared, planned.plan
    network = network_of(plan.networks, plan.exported).to(device).eval()
    found = validation_pass(network, run, prepared, card.thresholds(), device)
    values: dict[str, Any] = {
        "score_thresholds": dict(zip((each.name for each in card.detection_classes), card.thresholds(), strict=True)),
        "sources": described_sources(prepared, run),
        "networks": _sizes(plan, len(prepared.bands), run.training.chip_size, device),
        **{task: scored.values for task, scored in found.items()},
    }
    try:
        write_text(folder / VALIDATION_FILE, json.dumps(values) + "\n")
        for task, scored in found.items():
            _write_figures(planned, task, scored, events)
    except OSError as error:
        raise cannot_write(f"The run folder {folder}", folder, error) from error


def _sizes(plan: Plan, bands: int, side: int, device: torch.device) -> dict[str, dict[str, Any]]:
    """Parameters and speed of every network that has a size; the shipped one first."""
    sizes = {}
    for name in sorted(plan.specs, key=lambda each: each != plan.exported):
        network = plan.networks[name].to(device).eval()
        speed = megapixels_per_second(network, bands, side)
        sizes[name] = {"parameters": parameters(network), "megapixels_per_second": round(speed, 3)}
        network.cpu()
    return sizes


def _write_figures(planned: PlannedRun, task: Task, scored: ValidationPass, events: EventLog) -> None:
    folder = planned.folder
    for kind, chips in (("worst", scored.worst), ("best", scored.best)):
        if chips:
            path = figure_path(folder, task, kind)
            path.parent.mkdir(exist_ok=True)
            _picture(planned.run, planned.prepared, task, chips).save(path, quality=_QUALITY)
            events.write(FigureEvent(str(path.relative_to(folder))))


def _picture(run: Run, prepared: Prepared, task: Task, chips: list[ScoredChip]) -> Image.Image:
    columns = {
        "truth": [Labelling(**chip.truth) for chip in chips],
        "prediction": [Labelling(**chip.prediction) for chip in chips],
    }
    classes = run.segmentation_channels() if task == "segmentation" else run.detection_classes
    palette = {f"{task}_classes": [(each.name, each.color) for each in classes]}
    images = [shown(chip.image, prepared) for chip in chips]
    return Image.open(io.BytesIO(preview_png(images, columns, **palette))).convert("RGB")

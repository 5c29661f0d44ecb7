"""What training leaves for the report: `validation.json` and pictures of the best and the worst chips."""

from __future__ import annotations

import io
import json
from typing import Any

import torch
from PIL import Image

from ..config import Card, Run
from ..data import Prepared
from ..errors import cannot_write
from ..evaluation.ground import described_sources
from ..evaluation.speed import megapixels_per_second
from ..evaluation.validation_pass import ScoredChip, ValidationPass, validation_pass
from ..events import EventLog, FigureEvent
from ..models.sizes import parameters
from ..recipes import Plan
from ..recipes.plan import PlannedRun, network_of
from ..report import VALIDATION_FILE, Labelling, figure_path, preview_png
from ..text_files import write_text
from ..types import Task
from .preview import shown

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

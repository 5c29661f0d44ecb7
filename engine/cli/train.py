"""`train`: a run folder in, a model package and a report out; goes on where it was interrupted."""

from __future__ import annotations

import argparse
import os
import platform
import socket
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lightning_fabric import Fabric
    from torch import nn

    from ..config import Card, Run
    from ..data import Prepared
    from ..events import EventLog
    from ..recipes import Plan
    from ..training import Trained
    from .job import Listener

HELP = "train a run folder into a model package"
DESCRIPTION = (
    "Trains RUN/run.json stage by stage and writes RUN/model and RUN/report.html. An interrupted training goes on from "
    "its last checkpoint. Ctrl-C, SIGTERM or a file RUN/stop end it in order, with a checkpoint."
)
MODEL_FOLDER = "model"
CONTEXT_RASTERS = 2
"""Rasters on which the network's context is measured; one or two seconds each."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    command.add_argument("folder", metavar="RUN", type=Path, help="a run folder")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Train and package, with progress on the error stream."""
    return train_run(options.folder)


def text(result: dict[str, Any]) -> str:
    """The result for people."""
    values = ", ".join(f"{name} {value:.3f}" for name, value in result["metrics"].items() if name.count("/") == 1)
    return f"model: {result['model']}\nreport: {result['report']}\nvalidation: {values or 'none'}"


def train_run(folder: Path, listener: Listener | None = None) -> dict[str, Any]:
    """Train a run folder and write its package and report; every step of it is an event.

    Raises:
        GeoDistilError: as the event `failed` (or `stopped`) says too.
    """
    from ..config import load_run
    from ..report import write_report
    from .job import carry_out

    settings = load_run(folder)
    result = carry_out(folder, lambda events: _train(folder, settings, events), listener)
    write_report(folder)  # once more, for now it has an end
    return result


def _train(folder: Path, settings: Run, events: EventLog) -> dict[str, Any]:
    from ..data import prepare
    from ..recipes import build_plan
    from ..training import Loop, enough_memory, make_fabric, offer, settle
    from .examining import examine_run

    fabric = make_fabric(settings.training)
    events.write("started", **_machine(fabric))
    prepared = prepare(settings)
    for warning in prepared.warnings:
        events.write("warning", message=warning)
    fabric.seed_everything(settings.training.seed, verbose=False)
    settled = settle(folder, settings, prepared, build_plan(settings, prepared))
    plan = settled.plan
    for warning in [*settled.warnings, *plan.warnings]:
        events.write("warning", message=warning)
    for note in [*plan.notes, *filter(None, [settled.note])]:
        events.write("note", message=note)
    trained = Loop(folder, settings, prepared, plan, fabric, events).train()
    offer(folder, settings, plan, settled.identity)
    card = _card(settings, prepared, trained, plan)
    with enough_memory(settings.training, fabric.device):
        examine_run(folder, settings, prepared, plan, card, fabric.device, events)
    return _package(folder, settings, prepared, trained, card)


def _machine(fabric: Fabric) -> dict[str, Any]:
    import torch

    from .. import __version__
    from ..training import device_name

    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "device": device_name(fabric),
        "precision": fabric._precision.precision,
        "versions": {"geodistil": __version__, "torch": torch.__version__, "python": platform.python_version()},
    }


def _package(folder: Path, settings: Run, prepared: Prepared, trained: Trained, card: Card) -> dict[str, Any]:
    from ..packages import write_package
    from ..report import write_report
    from .preview import preview

    model = folder / MODEL_FOLDER
    result = {"model": str(model), "report": str(folder / "report.html"), "metrics": trained.values}
    report = write_report(folder)
    picture = preview(settings, prepared, trained.network, card.thresholds())
    card = card.model_copy(update={"context": _context(prepared, trained.network, card)})
    write_package(model, trained.network, card, report=report, preview=picture)
    return result


def _context(prepared: Prepared, network: nn.Module, card: Card) -> int | None:
    """How near a window's edge its classes cannot be trusted, measured on the run's first rasters."""
    from ..inference import TorchBackend
    from ..inference.context import measured_context

    if "segmentation" not in card.tasks:
        return None
    sources = prepared.of_role("segmentation") or prepared.sources
    readers = [source.reader for source in sources[:CONTEXT_RASTERS]]
    return measured_context(TorchBackend(network, card, "cpu"), readers, card.tile_size)


def _card(settings: Run, prepared: Prepared, trained: Trained, plan: Plan) -> Card:
    from ..config import Card, CardClass
    from ..inference.window_size import window_size

    def shown(definitions: list[Any]) -> list[CardClass]:
        return [CardClass(name=d.name, color=d.color, values=d.label_values()) for d in definitions]

    tasks = trained.network.tasks
    return Card(
        name=settings.name,
        tasks=list(tasks),
        gsd=prepared.gsd,
        bands=prepared.bands,
        dtype=prepared.dtype,
        mean=trained.network.mean.tolist(),
        std=trained.network.std.tolist(),
        source_statistics=prepared.source_statistics,
        fill=prepared.mean,
        nodata=prepared.nodata,
        tile_size=window_size(trained.network, prepared, settings),
        object_size=_object_size(prepared, plan) if "detection" in tasks else None,
        segmentation_classes=shown(settings.segmentation_classes) if "segmentation" in tasks else [],
        background=settings.background,
        detection_classes=shown(settings.detection_classes) if "detection" in tasks else [],
        network=plan.specs[plan.ships],
        **_thresholds(trained.values, plan),
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        geometry=prepared.geometry,
        metrics=trained.values,
    )


def _object_size(prepared: Prepared, plan: Plan) -> float | None:
    """The larger objects' longer side in pixels, of the labels, else the plan's."""
    sides = prepared.object_sides
    return plan.object_size if sides is None else round(sides.longer[-1], 1)


def _thresholds(values: dict[str, float], plan: Plan) -> dict[str, Any]:
    """Of detections: what validation has chosen, else the plan's."""
    common, own = "detection/threshold", "detection/threshold/"
    if common not in values:
        return {"score_threshold": plan.score_threshold, "score_thresholds": plan.score_thresholds}
    by_class = {key.removeprefix(own): round(value, 3) for key, value in values.items() if key.startswith(own)}
    return {"score_threshold": round(values[common], 3), "score_thresholds": by_class}

"""`check`: everything that can be known about a run before it trains, with a few real steps of each stage timed."""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from ..config import Run
    from ..data import Prepared
    from ..recipes import Stage
    from ..recipes.plan import PlannedRun


def estimate(planned: PlannedRun) -> dict[str, Any]:
    """Train each stage for a few steps, and throw the result away.

    Returns:
        `device` (its name), `memory_bytes` (the largest use so far, of the graphics card or of this process) and
        `stages`: name, share of the budget, `share_of_minutes` (of a budget in minutes), `seconds_per_step` and
        `steps_per_epoch`. Reading is left out: it goes on beside the steps. So is validation.

    Raises:
        DeviceError: the device asked for is not there, or its memory is full.
    """
    from ..training import device_name, enough_memory, make_fabric
    from ..training.clock import seconds_per_step, shares_of_time

    run, prepared, plan = planned.run, planned.prepared, planned.plan
    fabric = make_fabric(run.training)
    with enough_memory(run.training, fabric.device):
        for network in plan.networks.values():
            network.to(fabric.device)
        seconds = [seconds_per_step(planned, stage, fabric) for stage in plan.stages]
    stages = [
        {
            "name": stage.name,
            "share": stage.share,
            "share_of_minutes": share,
            "seconds_per_step": round(each, 4),
            "steps_per_epoch": _steps_per_epoch(run, prepared, stage),
        }
        for stage, each, share in zip(plan.stages, seconds, shares_of_time(plan.stages, seconds), strict=True)
    ]
    return {"device": device_name(fabric), "memory_bytes": _peak_memory(fabric), "stages": stages}


def _steps_per_epoch(run: Run, prepared: Prepared, stage: Stage) -> int:
    from ..data import chips_per_epoch

    chips = max(chips_per_epoch(prepared, run, role) for role in stage.roles)
    return math.ceil(chips / run.training.batch_size)


def _peak_memory(fabric: Fabric) -> int:
    import psutil
    import torch

    if fabric.device.type == "cuda":
        return torch.cuda.max_memory_reserved(fabric.device)
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


HELP = "check a run folder: sources, labels, split, networks"
DESCRIPTION = (
    "Opens every raster and label layer of RUN, counts labels, divides the labelled area and builds the networks, "
    "so that mistakes show before the training does. Errors are one sentence; warnings explain."
)

MUCH_FINER = 10
"""How much finer than its pixels a raster may be seen without a word."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    command.add_argument("folder", metavar="RUN", type=Path, help="a run folder, or a run.json")
    command.add_argument("--probe", action="store_true", help="time a few steps: an estimate of duration and memory")
    command.add_argument("--output", metavar="FILE", type=Path, help="write the findings as JSON")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Prepare the run and describe it; written to `--output` too."""
    from ..errors import cannot_write

    findings = describe(options.folder, options.probe)
    if options.output:
        try:
            options.output.write_text(json.dumps(findings, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise cannot_write(f"The findings {options.output}", options.output, error) from error
    return findings


def describe(folder: Path, probe: bool = False) -> dict[str, Any]:
    """What can be known of a run folder without training it; with `probe`, also how long that would take."""
    from ..config import load_run
    from ..data import kept_in, prepare
    from ..data.label_statistics import scarce_classes, thin_classes
    from ..recipes import build_plan
    from ..recipes.plan import PlannedRun
    from ..training import check_patience, settle

    settings = load_run(folder)
    home = folder.parent if folder.is_file() else folder
    prepared = prepare(settings, kept_in(home))
    settled = settle(home, settings, prepared, build_plan(settings, prepared), keep=False)
    plan = settled.plan
    check_patience(settings, plan)
    return {
        "name": settings.name,
        "recipe": settings.recipe.kind,
        "gsd_m": prepared.gsd,
        "bands": prepared.bands,
        "dtype": prepared.dtype,
        "mean": prepared.mean,
        "std": prepared.std,
        "sources": [{"name": s.name, "role": s.role, "raster": s.raster} for s in settings.sources],
        "label_counts": prepared.label_counts,
        "train_area_m2": prepared.train_area_m2,
        "networks": plan.described,
        "stages": [
            {"name": s.name, "share": s.share, "of": "steps" if s.timed else "budget", "roles": list(s.roles)}
            for s in plan.stages
        ],
        "blocks": prepared.blocks(),
        "estimate": estimate(PlannedRun(home, settings, prepared, plan)) if probe else None,
        "notes": [*plan.notes, *filter(None, [settled.note])],
        "warnings": [
            *_device(settings.training.device),
            *_resolution(prepared),
            *prepared.warnings,
            *scarce_classes(settings, prepared),
            *thin_classes(settings, prepared),
            *settled.warnings,
            *plan.warnings,
        ],
    }


def _resolution(prepared: Prepared) -> list[str]:
    """What is to be said of imagery that the run sees far finer than it is: a slip of the unit, mostly."""
    return [
        f"The run works at {prepared.gsd:.3g} m per pixel, and {source.name} has {source.reader.native_gsd:.3g}: that "
        "is slow and shows nothing more. Look at gsd."
        for source in prepared.sources
        if source.reader.native_gsd > MUCH_FINER * prepared.gsd
    ]


def _device(name: str) -> list[str]:
    """What is to be said of a run's device, which may be one of another machine."""
    from ..errors import DeviceError
    from ..models import choose_device

    try:
        choose_device(name)
    except DeviceError as error:
        return [f"{error} On this machine the training would not begin."]
    return []


def text(result: dict[str, Any]) -> str:
    """The description for people."""
    lines = [
        f"{result['name']}: {result['recipe']}, {result['gsd_m']:.3f} m per pixel, bands {result['bands']} "
        f"({result['dtype']})"
    ]
    lines += [f"  source {source['name']}: {source['role']}" for source in result["sources"]]
    for role, counts in result["label_counts"].items():
        lines.append(f"  {role} labels: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
    lines += [f"  network {name}: {description}" for name, description in result["networks"].items()]
    lines += [
        f"  stage {stage['name']}: {100 * stage['share']:.0f} % of the {stage['of']}" for stage in result["stages"]
    ]
    lines += result["notes"]
    return "\n".join(lines + [f"warning: {warning}" for warning in result["warnings"]] + ["ready to train"])

"""How long a run would take and how much memory: a few real steps of each stage, timed on this machine."""

from __future__ import annotations

import math
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from ..config import Run
    from ..data import Prepared
    from ..recipes import Plan, Stage

STEPS = 3
"""Steps timed for each stage, after one that warms up."""

PATIENCE_SECONDS = 10.0
"""No further step of a stage begins after so long; a single slow step is an estimate too."""


def estimate(run: Run, prepared: Prepared, plan: Plan) -> dict[str, Any]:
    """Train each stage for a few steps, and throw the result away.

    Returns:
        `device` (its name), `memory_bytes` (the largest use so far, of the graphics card or of this process) and
        `stages`: name, share of the budget, `seconds_per_step` and `steps_per_epoch`. Reading is left out: it goes on
        beside the steps. So is validation.

    Raises:
        DeviceError: the device asked for is not there, or its memory is full.
    """
    from ..training import device_name, enough_memory, make_fabric

    fabric = make_fabric(run.training)
    with enough_memory(run.training, fabric.device):
        for network in plan.networks.values():
            network.to(fabric.device)
        stages = [
            {
                "name": stage.name,
                "share": stage.share,
                "seconds_per_step": round(_seconds_per_step(run, prepared, plan, stage, fabric), 4),
                "steps_per_epoch": _steps_per_epoch(run, prepared, stage),
            }
            for stage in plan.stages
        ]
    return {"device": device_name(fabric), "memory_bytes": _peak_memory(fabric), "stages": stages}


def _seconds_per_step(run: Run, prepared: Prepared, plan: Plan, stage: Stage, fabric: Fabric) -> float:
    import torch

    from ..data import training_loader

    for name, network in plan.networks.items():
        network.requires_grad_(name in stage.trains).train(name in stage.trains)
    parameters = [p for name in stage.trains for p in plan.networks[name].parameters()]
    optimizer = fabric.setup_optimizers(torch.optim.AdamW(parameters, lr=1e-6))
    alone = run.model_copy(update={"training": run.training.model_copy(update={"workers": 0})})
    batches = {
        role: next(iter(training_loader(prepared, alone, role, views=role in stage.views))).to(fabric.device)
        for role in stage.roles
    }
    begin, seconds = time.monotonic(), []
    while len(seconds) <= STEPS and time.monotonic() - begin < PATIENCE_SECONDS:
        start = time.monotonic()
        with fabric.autocast():
            losses = stage.losses(plan.networks, batches, 0.5)
        fabric.backward(sum(losses.values()))
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if fabric.device.type == "cuda":
            torch.cuda.synchronize(fabric.device)
        seconds.append(time.monotonic() - start)
    return min(seconds)


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

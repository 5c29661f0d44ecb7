"""How long a run would take and how much memory: a few real steps of each stage, timed on this machine."""

from __future__ import annotations

import math
import sys
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
    from ..training.time_budget import shares_of_time
    from ..training.timing import seconds_per_step

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

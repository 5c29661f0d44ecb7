"""What a step of each stage takes: a few real steps, after which everything is as it was."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import torch
from lightning_fabric import Fabric

from .. import ranks
from ..data import Draw, training_loader
from ..recipes import Plan, Stage
from ..recipes.plan import PlannedRun
from .together import passes_of

STEPS = 3
"""Steps timed for each stage, after one that warms up."""

PATIENCE_SECONDS = 10.0
"""No further step of a stage begins after so long; a single slow step is an estimate too."""


def seconds_per_step(planned: PlannedRun, stage: Stage, fabric: Fabric, patience: float = PATIENCE_SECONDS) -> float:
    """Train a stage for a few steps on a real batch; see `untouched`.

    Reading is left out: it goes on beside the steps. So is validation.

    Args:
        planned: the run, its networks on the device.
        stage: of the plan.
        fabric: device and precision.
        patience: seconds after which no further step begins.

    Returns:
        the quickest step's seconds.
    """
    run, plan = planned.run, planned.plan
    plan.enter(stage)
    parameters = [p for name in stage.trainable for p in plan.networks[name].parameters()]
    adam = torch.optim.AdamW(parameters, lr=1e-6)
    optimizer = cast("torch.optim.Optimizer", fabric.setup_optimizers(adam))
    alone = run.model_copy(update={"training": run.training.model_copy(update={"workers": 0})})
    batches = {
        role: next(iter(training_loader(planned.prepared, alone, role, Draw(views=role in stage.views)))).to(
            fabric.device
        )
        for role in stage.roles
    }
    passes = passes_of(fabric, stage, plan.networks, run.training.batch_size)
    begin = time.monotonic()
    seconds: list[float] = []
    while len(seconds) <= STEPS and (not seconds or ranks.from_first(time.monotonic() - begin < patience)):
        start = time.monotonic()
        passes.gradients(stage, plan.networks, batches, 0.5)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if fabric.device.type == "cuda":
            torch.cuda.synchronize(fabric.device)
        seconds.append(time.monotonic() - start)
    return min(seconds)


@contextmanager
def untouched(plan: Plan, fabric: Fabric) -> Iterator[None]:
    """Weights, statistics, random state and float16's scale are afterwards, bit by bit, as they were before."""
    precision = fabric.strategy.precision
    states = {
        name: {key: value.to("cpu", copy=True) for key, value in network.state_dict().items()}
        for name, network in plan.networks.items()
    }
    scale = precision.state_dict()
    with torch.random.fork_rng(devices=[fabric.device] if fabric.device.type == "cuda" else []):
        yield
    for name, state in states.items():
        plan.networks[name].load_state_dict(state)
    if scale:
        precision.load_state_dict(scale)

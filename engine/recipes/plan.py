"""A recipe is a list of stages over named networks; the loop knows nothing else of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from ..config import TEACHER_SHARE, WITH_TEACHERS, Network, Recipe, Run
from ..data import Prepared
from ..models import TaskNetwork, TrainableNetwork
from ..types import Batch, Outputs, Role, Task
from .build import describe, weights_warnings
from .disagreement import ChipChoice

Networks = Mapping[str, nn.Module]
Batches = Mapping[Role, Batch]
Losses = Callable[[Networks, Batches, float], dict[str, Tensor]]
"""(networks, batches, progress of the stage from 0 to 1) -> named scalars whose sum is minimised."""


def ema_of(name: str) -> str:
    """The name under which the loop shows losses the moving average of a validated network, frozen."""
    return f"{name} average"


def network_of(networks: Networks, name: str) -> TrainableNetwork:
    """A stage's network by its name; what else stages train, such as adaptors, has types of its own."""
    return cast("TrainableNetwork", networks[name])


def teaching_network(networks: Networks, name: str, averages: bool = True) -> TrainableNetwork:
    """The network whose answers teach: a moving average where it is wanted and the loop keeps one, else the network."""
    return network_of(networks, ema_of(name) if averages and ema_of(name) in networks else name)


def predict(network: TaskNetwork, image: Tensor, tasks: Collection[Task] | None = None) -> Outputs:
    """A network's outputs in eval mode and without gradients.

    Call it after the network's own forward pass with gradients: autocast keeps the weights that it has cast,
    and those cast without a graph would give no gradients.
    """
    was_training = network.training
    network.eval()
    with torch.no_grad():
        outputs = network(image, tasks=tasks)
    network.train(was_training)
    return outputs


@dataclass(frozen=True)
class Stage:
    """A stretch of training.

    Args:
        name: shown to people, for example `student`.
        trainable: networks whose weights change.
        frozen_teachers: networks in eval mode, never given gradients.
        roles: a step draws one batch of each.
        share: of the run's budget, the stages' shares sum to 1.
        losses: a pure function of networks, batches and progress.
        validated: trained networks that are scored on validation ground; each keeps its own best weights.
        views: roles whose batches carry strong photometric views.
        warm_started: trained networks that arrive trained; their moving averages forget slowly from the start.
        measures: frozen networks that are validated before the first step, where they were not in this run.
        begins: trained networks that go on from a finished model; what they know already is validated before the first
            step, and is a candidate for their best weights.
        saved: trained networks that are not validated, and whose last weights later stages begin with.
        fits: networks without weights that are fitted on validation ground before the first step, once: their
            `fit(networks, answers)` returns sentences for people.
        chooses: how it chooses its unlabelled chips, by a table that it trains; none: uniform.
        timed: whether `share` is one of steps, also of a budget in minutes, which is then divided by what steps take.
    """

    name: str
    trainable: tuple[str, ...]
    roles: tuple[Role, ...]
    share: float
    losses: Losses
    validated: tuple[str, ...]
    frozen_teachers: tuple[str, ...] = ()
    views: tuple[Role, ...] = ()
    warm_started: tuple[str, ...] = ()
    saved: tuple[str, ...] = ()
    begins: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    fits: tuple[str, ...] = ()
    chooses: ChipChoice | None = None
    timed: bool = False


Weigh = Callable[[Mapping[str, Mapping[str, float]]], list[str]]
"""(the metrics behind each network's best score) -> sentences for people."""


def nothing_to_say(values: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Nothing depends on validation."""
    return []


def teacher_share(recipe: Recipe) -> float:
    """The share of the steps (of the budget, where a run says it) that a stage of teachers gets."""
    share = recipe.teacher_share if isinstance(recipe, WITH_TEACHERS) else None
    return TEACHER_SHARE[recipe.kind] if share is None else share


def with_timing(plan: Plan, recipe: Recipe) -> Plan:
    """The plan with stages that share a budget in minutes by what their steps take, where the recipe leaves it open."""
    if len(plan.stages) < 2 or getattr(recipe, "teacher_share", 0.0) is not None:
        return plan
    return replace(plan, stages=[replace(stage, timed=True) for stage in plan.stages])


def unchanged(outputs: Outputs, batch: Batch) -> Outputs:
    """Labels judge all of a network's outputs."""
    return outputs


@dataclass(frozen=True)
class Plan:
    """Networks by name, stages in order, and the network that ships.

    Args:
        networks: every network any stage trains or asks, adaptors included.
        stages: in order.
        exported: name of the network that the package holds.
        specs: settings of each network that has a size, for cards and reports.
        score_threshold: of the shipped network's detections, where no validation block decides it.
        score_thresholds: of the detection classes that have one of their own, likewise.
        object_size: of the shipped network's card, where no labels decide it.
        heard: a network's outputs on a batch as the batch's labels can judge them, for validation.
        notes: what was decided about the training, as sentences for people.
        weigh: told the metrics behind each network's best score before a stage and after each validation; returns
            sentences for people.
    """

    networks: Mapping[str, nn.Module]
    stages: list[Stage]
    exported: str
    specs: dict[str, Network]
    score_threshold: float = 0.3
    score_thresholds: dict[str, float] = field(default_factory=dict)
    object_size: float | None = None
    heard: Callable[[Outputs, Batch], Outputs] = unchanged
    notes: tuple[str, ...] = ()
    weigh: Weigh = nothing_to_say

    def enter(self, stage: Stage) -> None:
        """Let the networks that a stage trains learn, and hold the others still: gradients and modes."""
        for name, network in self.networks.items():
            network.requires_grad_(name in stage.trainable).train(name in stage.trainable)

    @property
    def warnings(self) -> list[str]:
        """Sentences about the networks that are trained, and about one that teaches features, each once."""
        trained = {name for stage in self.stages for name in stage.trainable}
        found = (
            weights_warnings(spec, network_of(self.networks, name))
            for name, spec in self.specs.items()
            if name in trained
        )
        shown: list[list[str]] = [getattr(network, "warnings", []) for network in self.networks.values()]
        return list(dict.fromkeys(sentence for sentences in [*found, *shown] for sentence in sentences))

    @property
    def described(self) -> dict[str, str]:
        """What each network is, as short lines for people."""
        return {name: describe(spec, network_of(self.networks, name)) for name, spec in self.specs.items()}


@dataclass(frozen=True)
class PlannedRun:
    """A run folder, ready to be trained.

    Args:
        folder: of the run.
        run: its settings.
        prepared: its sources.
        plan: networks and stages.
    """

    folder: Path
    run: Run
    prepared: Prepared
    plan: Plan

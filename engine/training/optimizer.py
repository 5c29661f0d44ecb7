"""What changes the weights: gradients in as many passes as memory needs, learning rates, the moving average."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from ..config import Training
from ..distillation.arithmetic import total
from ..models.devices import out_of_memory
from ..recipes import Stage
from ..types import Batch, Role

Tensors = tuple[Tensor, ...] | list[Tensor]


def averaged(network: nn.Module, decay: float, warm_started: bool = False) -> AveragedModel:
    """An average that follows fast at first: its decay is min(decay, (1 + n) / (10 + n)) after n updates.

    That of a `warm_started` network, which arrives trained, has its full decay from the start: the learning rate begins
    anew, and what the network knew must not be lost with its first large steps.

    Batch-norm statistics are averaged with the weights; integer buffers are copied. It is in eval mode and frozen.
    """

    def average(means: Tensors, values: Tensors, updates: Tensor | int) -> None:
        weight = 1 - (decay if warm_started else min(decay, (1 + int(updates)) / (10 + int(updates))))
        if means[0].is_floating_point():
            torch._foreach_lerp_(means, values, weight)
        else:
            torch._foreach_copy_(means, values)

    model = AveragedModel(network, multi_avg_fn=average, use_buffers=True)
    return model.eval().requires_grad_(False)


class Passes:
    """Adds up gradients over parts of a batch; where memory is full, each part is half as large from then on.

    The global batch stays what it is: the parts' losses count by their chips. Batch norms, and whatever else compares
    the chips of a batch, see one part at a time.

    Args:
        fabric: device and precision.
        at_once: chips of each role in a pass.
        told: called with the chips in a pass from now on, where memory was full.
    """

    def __init__(self, fabric: Fabric, at_once: int, told: Callable[[int], None] = lambda at_once: None) -> None:
        self._fabric, self.at_once, self._told = fabric, at_once, told

    def gradients(
        self, stage: Stage, networks: Mapping[str, nn.Module], batches: Mapping[Role, Batch], progress: float
    ) -> dict[str, Tensor]:
        """Add the gradients of a step's losses to the parameters'; none are added for losses that are not numbers.

        Returns:
            the losses, means over the chips.

        Raises:
            RuntimeError: memory is full with a single chip too.
        """
        while True:
            before = torch.get_rng_state()
            try:
                return self._gradients(stage, networks, batches, progress)
            except (RuntimeError, MemoryError) as error:
                if self.at_once == 1 or not out_of_memory(error):
                    raise
            # here, for what the error's frames held is free only now
            self._make_room(stage, networks)
            torch.set_rng_state(before)

    def _gradients(
        self, stage: Stage, networks: Mapping[str, nn.Module], batches: Mapping[Role, Batch], progress: float
    ) -> dict[str, Tensor]:
        chips = max(len(batch.image) for batch in batches.values())
        found: dict[str, Tensor] = {}
        for start in range(0, chips, self.at_once):
            which = slice(start, start + self.at_once)
            share = (min(chips, which.stop) - start) / chips
            some = batches if share == 1 else {role: batch.part(which) for role, batch in batches.items()}
            with self._fabric.autocast():
                losses = stage.losses(networks, some, progress)
            for name, value in losses.items():
                found[name] = found.get(name, 0.0) + share * value.detach()
            whole = total(losses.values())
            if not torch.isfinite(whole):
                break
            self._fabric.backward(share * whole)
        return found

    def _make_room(self, stage: Stage, networks: Mapping[str, nn.Module]) -> None:
        self.at_once = -(-self.at_once // 2)
        for name in stage.trainable:
            networks[name].zero_grad(set_to_none=True)
        if self._fabric.device.type == "cuda":
            torch.cuda.empty_cache()
        self._told(self.at_once)


PRETRAINED_LR_FACTOR = 0.3
"""Share of the learning rate that a pretrained encoder gets, unless a run says otherwise (docs/methods.md)."""


def make_optimizer(trained: nn.ModuleDict, settings: Training, fabric: Fabric) -> torch.optim.Optimizer:
    """AdamW or SGD, as the settings say; weight decay on matrices and kernels only, biases and norms are left alone.

    Args:
        trained: networks by name; pretrained encoders get a share of the learning rate, each group's `factor`.
        settings: of the loop.
        fabric: device and precision.
    """
    factors = _factors(trained, settings.encoder_lr_factor)
    groups = []
    for factor in dict.fromkeys([1.0, *factors.values()]):
        parameters = [p for p in trained.parameters() if p.requires_grad and factors.get(p, 1.0) == factor]
        groups += [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": settings.weight_decay, "factor": factor},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0, "factor": factor},
        ]
    optimizer: torch.optim.Optimizer
    if settings.optimizer == "sgd":
        optimizer = torch.optim.SGD(groups, lr=settings.learning_rate, momentum=0.9)
    else:
        optimizer = torch.optim.AdamW(groups, lr=settings.learning_rate)
    return cast("torch.optim.Optimizer", fabric.setup_optimizers(optimizer))


def load_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Have an optimizer go on with what it was.

    Raises:
        ValueError: the state is of other parameters, as PyTorch itself says or only finds at the next step.
    """
    usual = [{**group, "params": ()} for group in optimizer.param_groups]
    optimizer.load_state_dict(state)
    inner = getattr(optimizer, "optimizer", optimizer)  # Fabric wraps it
    for group, before in zip(inner.param_groups, usual, strict=True):
        if any(type(group.get(key)) is not type(value) for key, value in before.items() if key != "params"):
            raise ValueError("settings of another optimizer")
    for parameter, values in inner.state.items():
        if any(_is_foreign(value, parameter) for value in values.values()):
            raise ValueError("moments of other parameters")


def _is_foreign(value: Any, parameter: torch.Tensor) -> bool:
    return value is not None and not (isinstance(value, torch.Tensor) and value.shape in (parameter.shape, ()))


def _factors(trained: nn.ModuleDict, factor: float | None) -> dict[nn.Parameter, float]:
    """The share of the learning rate that encoders' parameters get."""
    shares: dict[nn.Parameter, float] = {}
    for network in trained.values():
        pretrained = getattr(network, "loaded", None) is not None
        share = factor or (PRETRAINED_LR_FACTOR if pretrained else 1.0)
        encoder: nn.Module | None = getattr(network, "encoder", None)
        shares |= dict.fromkeys(encoder.parameters() if encoder is not None else (), share)
    return shares

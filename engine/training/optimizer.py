"""What changes the weights, and how fast each part of a network learns."""

from __future__ import annotations

from typing import Any, cast

import torch
from lightning_fabric import Fabric
from torch import nn

from ..config import Training

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

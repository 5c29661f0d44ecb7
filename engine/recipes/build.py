"""From a run's settings to networks that fit its data."""

from __future__ import annotations

from torch import nn

from ..config import Network, Run
from ..data import Prepared
from ..models import build, parameters, resolve
from ..types import Task


def build_network(spec: Network, tasks: tuple[Task, ...], run: Run, prepared: Prepared, seed: int) -> nn.Module:
    """A network for the run's bands and classes, normalising by the training area's statistics.

    Raises:
        WeightsError: its encoder weights cannot be had.
        ConfigError: the encoder or architecture is unknown.
    """
    return build(
        spec,
        tasks=tasks,
        bands=len(prepared.bands),
        mean=prepared.mean,
        std=prepared.std,
        detection_classes=len(run.detection_classes),
        segmentation_channels=len(run.segmentation_channels()),
        seed=seed,
    )


def describe(spec: Network, network: nn.Module) -> str:
    """A short line for people: architecture, encoder, size, and the levels that detect."""
    parts = [spec.architecture, resolve(spec).encoder, f"{parameters(network) / 1e6:.1f} M parameters"]
    head = getattr(network, "detection_head", None)
    if head is not None:
        parts.append("detects at strides " + ", ".join(map(str, head.strides)))
    return ", ".join(parts)

"""Encoders that learn from all imagery before any label is shown: masked reconstruction.

For sensors that no published weights know, and where none can be had. Squares of the image are hidden, and what they
hold is reconstructed from the encoder's maps (SimMIM, Xie et al., arXiv 2111.09886, with a decoder that reads all
strides, since the neck will). The decoder is thrown away.
"""

from __future__ import annotations

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .. import ranks
from ..config import Run
from ..distillation.arithmetic import mean_over
from ..types import Role
from .plan import Batches, Networks, Plan, Stage, network_of

LEVELS = 4
FINEST = 4
"""Stride of the finest map that the decoder reads."""
CELL = 32
"""Side of a hidden square in pixels."""
HIDDEN = 0.5
"""Share of the squares that are hidden."""
WIDTH = 64


class Reconstruction(nn.Module):
    """From the encoder's last four maps to standardised pixels.

    Args:
        channels: of the maps, finest first.
        bands: C.
    """

    def __init__(self, channels: list[int], bands: int) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(nn.Conv2d(count, WIDTH, 1) for count in channels)
        self.last = nn.Sequential(
            nn.GroupNorm(WIDTH // 8, WIDTH), nn.ReLU(), nn.Conv2d(WIDTH, bands * FINEST**2, 3, padding=1)
        )

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Standardised pixels (B, C, H, W) of maps (B, D_l, H_l, W_l)."""
        size = maps[0].shape[-2:]
        levels = [
            F.interpolate(lateral(level), size=size, mode="bilinear", align_corners=False)
            for lateral, level in zip(self.lateral, maps, strict=True)
        ]
        return F.pixel_shuffle(self.last(sum(levels)), FINEST)


def with_pretraining(plan: Plan, run: Run, bands: int) -> Plan:
    """The plan after a stage in which all that it trains learns to see; the plan itself where none is asked for."""
    share = run.training.pretraining
    if not share:
        return plan
    trained = dict.fromkeys(name for stage in plan.stages for name in stage.trainable if name in plan.specs)
    decoders = {
        _decoder(name): Reconstruction(list(network_of(plan.networks, name).encoder.out_channels[-LEVELS:]), bands)
        for name in trained
    }
    roles: tuple[Role, ...] = tuple(dict.fromkeys(source.role for source in run.sources))
    first = Stage(
        "pretraining", (*trained, *decoders), roles, share, reconstruction_losses, validated=(), saved=tuple(trained)
    )
    stages = [first, *(replace(stage, share=stage.share * (1 - share)) for stage in plan.stages)]
    return replace(plan, networks={**plan.networks, **decoders}, stages=stages)


def reconstruction_losses(networks: Networks, batches: Batches, progress: float) -> dict[str, Tensor]:
    """L1 between standardised pixels and their reconstruction, where they were hidden and count, of every network."""
    image = torch.cat([batch.image for batch in batches.values()])
    valid = torch.cat([batch.valid for batch in batches.values()])
    hidden = hidden_squares(image)
    counted = (hidden & valid)[:, None]
    named = {}
    for name in [name for name in networks if _decoder(name) in networks]:
        network = network_of(networks, name)
        shown = torch.where(hidden[:, None], network.mean[:, None, None], image)
        found = networks[_decoder(name)](network.encode(shown)[-LEVELS:]).float()
        differences = torch.where(counted, (found - network.normalise(image)).abs(), 0.0)
        named[f"{name} reconstruction"] = mean_over(differences.sum(), counted.sum() * image.shape[1])
    return named


def hidden_squares(image: Tensor) -> Tensor:
    """(B, H, W) bool by torch's random state: the pixels of the squares that are hidden."""
    rows, columns = (-(-side // CELL) for side in image.shape[-2:])
    cells = ranks.mine(torch.rand(ranks.whole(len(image)), rows, columns)) < HIDDEN
    pixels = cells.repeat_interleave(CELL, dim=1).repeat_interleave(CELL, dim=2)
    return pixels[:, : image.shape[-2], : image.shape[-1]].to(image.device)


def _decoder(name: str) -> str:
    return f"{name} decoder"

"""Several frozen networks that teach as one: their answers' mean (docs/methods.md, section 1)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import cast

from torch import Tensor, nn

from ..models import TaskNetwork, parameters
from ..models.heads import DetectionHead
from ..types import Outputs, Task, given
from .averaging import MIRRORED, mean_answer

BYTES = 4
"""Of a weight."""


class Ensemble(TaskNetwork):
    """A deep ensemble (Lakshminarayanan et al., arXiv 1612.01474) behind the interface of one network.

    Members may have other architectures, but the same classes, and for detection the same head and strides, so that
    their answers are of the same places. What has no mean between architectures, features and the heads that judge
    them, is the first member's.

    Args:
        members: at least one.
        tasks: those of it that are asked; members may have more.
        described: what it consists of, for people.
    """

    loaded = None

    def __init__(self, members: Sequence[TaskNetwork], tasks: tuple[Task, ...], described: str) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.tasks, self.described = tasks, described
        first = members[0]
        self.strides: list[int] = first.strides
        self.feature_channels: list[int] = first.feature_channels
        self.backbone_channels: int = first.backbone_channels

    @property
    def _first(self) -> TaskNetwork:
        return cast("TaskNetwork", self.members[0])

    @property
    def detection_head(self) -> DetectionHead:
        """The first member's, which decodes the mean answer."""
        return given(self._first.detection_head)

    def forward(self, image: Tensor, tasks: Collection[Task] | None = None) -> Outputs:
        """The mean answer (`averaging.mean_answer`) for (B, C, H, W) raw values."""
        wanted = self.tasks if tasks is None else tasks
        return mean_answer([member(image, tasks=wanted) for member in self.members])

    def forward_heads(self, features: list[Tensor], tasks: Collection[Task] | None = None) -> Outputs:
        """The first member's heads on any pyramid."""
        return self._first.forward_heads(features, tasks)


def cost(name: str, ensemble: Ensemble, mirrored: bool = False) -> str:
    """What an ensemble takes at each step, as a sentence."""
    count, weights = len(ensemble.members), parameters(ensemble)
    passes = count * (len(MIRRORED) if mirrored else 1)
    return (
        f"The {name.replace('_', ' ')} is an ensemble of {count} frozen networks that answer one after the other: "
        f"{passes} passes a batch, {weights / 1e6:.1f} M parameters ({BYTES * weights / 2**20:.0f} MB)."
    )

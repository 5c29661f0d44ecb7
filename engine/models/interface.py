"""What every network for tasks has, whichever architecture is behind it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor, nn

from ..types import Outputs, Task
from .blocks import Normalised

if TYPE_CHECKING:
    from .encoders import Encoder
    from .heads import DetectionHead
    from .weights import Loaded


@dataclass(frozen=True)
class Purpose:
    """What a network is made for.

    Args:
        tasks: the heads it gets.
        mean: of each band, raw units.
        std: of each band, raw units.
        detection_classes: C, without background.
        segmentation_channels: K, background included where it is a class.
    """

    tasks: Collection[Task]
    mean: Sequence[float]
    std: Sequence[float]
    detection_classes: int
    segmentation_channels: int


class TaskNetwork(nn.Module):
    """A network, or several that answer as one, with heads for tasks.

    Attributes:
        tasks: what it has heads for, detection first.
        strides: of the pyramid's levels (`Outputs.features`), finest first; empty where it has none.
        feature_channels: of those levels.
        backbone_channels: of `Outputs.backbone`.
        loaded: how many encoder tensors came from a file or the hub, or none.
        detection_head: of networks of the architecture fpn; none where it does not detect.
    """

    __call__: Callable[..., Outputs]
    tasks: tuple[Task, ...]
    strides: list[int]
    feature_channels: list[int]
    backbone_channels: int
    loaded: Loaded | None
    if TYPE_CHECKING:

        @property
        def detection_head(self) -> DetectionHead | None:
            """An attribute of some, computed by others."""

        def forward_heads(self, features: list[Tensor], tasks: Collection[Task] | None = None) -> Outputs:
            """The heads on a pyramid, of networks of the architecture fpn."""


class TrainableNetwork(Normalised, TaskNetwork):
    """One network in its two parts: the encoder, and what decodes its maps."""

    if TYPE_CHECKING:

        @property
        def encoder(self) -> Encoder:
            """An attribute of some, computed by others."""

        @property
        def classifiers(self) -> dict[Task, nn.Conv2d]:
            """The layers whose output channels are classes, by task."""

        def encode(self, image: Tensor) -> list[Tensor]:
            """The encoder's maps for (B, C, H, W) raw values."""

        def decode(self, encoded: list[Tensor], tasks: Collection[Task] | None = None) -> Outputs:
            """The outputs for what `encode` returned."""

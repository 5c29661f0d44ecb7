"""The multi-task network: one class for teachers (one head) and students (both)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ..config import Card, Network
from ..types import Outputs, Task, given
from .encoders import STRIDES, build_encoder
from .heads import DETECTION_HEADS, GROUP_NORM, DetectionHead, LightHead, PanopticHead
from .interface import TrainableNetwork
from .neck import build_neck
from .sizes import resolve
from .smp_network import SmpNetwork
from .weights import Loaded, load_encoder_weights

if TYPE_CHECKING:
    from .encoders import Encoder


class MultiTaskNetwork(TrainableNetwork):
    """A shared encoder and feature pyramid under a detection head, a segmentation head, or both.

    Attributes:
        tasks: what it has heads for, detection first.
        strides: of the pyramid's levels (`Outputs.features`), finest first.
        feature_channels: of those levels.
        backbone_channels: of `Outputs.backbone`.
        whole_batches: whether a head has batch norms, which must see a step's whole batch at once.
        loaded: how many encoder tensors came from a file or the hub, or none.

    Args:
        encoder: of `encoders.build_encoder`.
        neck: of `neck.build_neck`, over the encoder's maps of strides 4 to 32.
        width: channels of the pyramid.
        mean: of each band, raw units.
        std: of each band, raw units.
        detection_head: reads the levels of its own strides, or none.
        segmentation_head: reads the levels of strides 4 to 32, or none.
    """

    encoder: Encoder
    detection_head: DetectionHead | None

    def __init__(
        self,
        encoder: Encoder,
        neck: nn.Module,
        width: int,
        mean: Sequence[float],
        std: Sequence[float],
        detection_head: DetectionHead | None = None,
        segmentation_head: PanopticHead | LightHead | None = None,
    ) -> None:
        super().__init__(mean, std)
        self.encoder = encoder
        self.neck = neck
        self.detection_head = detection_head
        self.segmentation_head = segmentation_head
        named: dict[Task, nn.Module | None] = {"detection": detection_head, "segmentation": segmentation_head}
        heads = {task: head for task, head in named.items() if head is not None}
        self.tasks: tuple[Task, ...] = tuple(heads)
        self.strides = [*STRIDES, 2 * STRIDES[-1]] if _extra(detection_head) else [*STRIDES]
        self.feature_channels = [width] * len(self.strides)
        self.backbone_channels: int = encoder.out_channels[-1]
        self.whole_batches = any(isinstance(m, nn.BatchNorm2d) for head in heads.values() for m in head.modules())
        self.loaded: Loaded | None = None

    @property
    def classifiers(self) -> dict[Task, nn.Conv2d]:
        """The layers whose output channels are classes (for detection anchors x classes), by task."""
        layers: dict[Task, nn.Conv2d] = {}
        if self.detection_head is not None:
            layers["detection"] = self.detection_head.classifier
        if self.segmentation_head is not None:
            layers["segmentation"] = self.segmentation_head.classify
        return layers

    def forward(self, image: Tensor, tasks: Collection[Task] | None = None) -> Outputs:
        """Run the heads of the tasks asked for.

        Args:
            image: (B, C, H, W) raw values, H and W divisible by 32.
            tasks: none means all that the network has.

        Returns:
            outputs; logits are float32 also under autocast.
        """
        return self.decode(self.encode(image), tasks)

    def encode(self, image: Tensor) -> list[Tensor]:
        """The encoder's maps of strides 4 to 32 for (B, C, H, W) raw values."""
        return self.encoder(self.normalise(image))[-len(STRIDES) :]

    def decode(self, encoded: list[Tensor], tasks: Collection[Task] | None = None) -> Outputs:
        """Neck and heads on what `encode` returned, or on some of its images."""
        levels = OrderedDict((str(stride), level) for stride, level in zip(STRIDES, encoded, strict=True))
        return replace(self.forward_heads(list(self.neck(levels).values()), tasks), backbone=encoded[-1])

    def forward_heads(self, features: list[Tensor], tasks: Collection[Task] | None = None) -> Outputs:
        """The heads on a pyramid, levels (B, D, H_l, W_l); it may be another network's (CrossKD)."""
        wanted = self.tasks if tasks is None else tasks
        outputs = Outputs(features=features)
        if "segmentation" in wanted and self.segmentation_head is not None:
            height, width = (STRIDES[0] * side for side in features[0].shape[-2:])
            outputs.segmentation = self.segmentation_head(features[: len(STRIDES)], (height, width))
        if "detection" in wanted and self.detection_head is not None:
            outputs.detections = self.detection_head(self.detection_features(outputs))
        return outputs

    def detection_features(self, outputs: Outputs) -> list[Tensor]:
        """The pyramid levels that the detection head reads."""
        return [outputs.features[self.strides.index(stride)] for stride in given(self.detection_head).strides]


def build(
    spec: Network,
    tasks: Collection[Task],
    bands: int,
    mean: Sequence[float],
    std: Sequence[float],
    detection_classes: int,
    segmentation_channels: int,
    seed: int,
) -> MultiTaskNetwork | SmpNetwork:
    """A network from its settings; the same seed gives the same weights and leaves the caller's random state.

    Args:
        spec: the network's settings.
        tasks: the heads it gets.
        bands: input channels.
        mean: of each band, raw units.
        std: of each band, raw units.
        detection_classes: C, without background.
        segmentation_channels: K, background included where it is a class.
        seed: of the random weights.

    Raises:
        ConfigError: no such encoder or architecture, or an architecture that cannot do a task.
        WeightsError: the encoder's weights cannot be had.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        network: MultiTaskNetwork | SmpNetwork
        if spec.architecture != "fpn":
            network = SmpNetwork(spec, tasks, bands, mean, std, segmentation_channels)
        else:
            network = _multi_task(spec, tasks, bands, mean, std, detection_classes, segmentation_channels)
    network.loaded = load_encoder_weights(network.encoder, resolve(spec).encoder, spec.weights)
    return network


def build_from_card(card: Card) -> MultiTaskNetwork | SmpNetwork:
    """The network that a card describes, with weights still to be loaded; nothing is fetched.

    Raises:
        ConfigError: this engine has no such encoder or architecture.
    """
    return build(
        given(card.network).model_copy(update={"weights": "none"}),
        tasks=card.trainable_tasks(),
        bands=len(card.bands),
        mean=card.mean,
        std=card.std,
        detection_classes=len(card.detection_classes),
        segmentation_channels=len(card.segmentation_channels()),
        seed=0,
    )


def _multi_task(
    spec: Network,
    tasks: Collection[Task],
    bands: int,
    mean: Sequence[float],
    std: Sequence[float],
    detection_classes: int,
    segmentation_channels: int,
) -> MultiTaskNetwork:
    size = resolve(spec)
    first = spec.design == 1
    encoder = build_encoder(size.encoder, bands)
    detection: DetectionHead | None = None
    segmentation: PanopticHead | LightHead | None = None
    if "detection" in tasks:
        head = DETECTION_HEADS[spec.detection_head]
        strides = sorted(set(spec.detection_strides or STRIDES))
        detection = head(size.width, detection_classes, strides, size.head_convs, size.light, spec.design)
    if "segmentation" in tasks and size.light:
        segmentation = LightHead(size.width, segmentation_channels)
    elif "segmentation" in tasks:
        segmentation = PanopticHead(size.width, segmentation_channels, norm=GROUP_NORM if first else None)
    channels = encoder.out_channels[-len(STRIDES) :]
    neck = build_neck(spec.neck, channels, size.width, _extra(detection), size.light)
    return MultiTaskNetwork(encoder, neck, size.width, mean, std, detection, segmentation)


def _extra(head: DetectionHead | None) -> bool:
    """Whether a head reads a level coarser than the encoder's."""
    return head is not None and 2 * STRIDES[-1] in head.strides

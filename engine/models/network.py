"""The multi-task network with its neck: one class for teachers (one head) and students (both), any encoder in it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import segmentation_models_pytorch as smp
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import FeaturePyramidNetwork
from torchvision.ops.feature_pyramid_network import ExtraFPNBlock, LastLevelMaxPool

from ..config import Card, Network
from ..errors import ConfigError
from ..types import Outputs, Task, given
from .blocks import separable
from .encoders import STRIDES, build_encoder, resolve
from .heads import DETECTION_HEADS, GROUP_NORM, DetectionHead, HeadShape, LightHead, PanopticHead
from .interface import Purpose, TrainableNetwork
from .weights import Loaded, load_encoder_weights

if TYPE_CHECKING:
    from .encoders import Encoder


def build_neck(
    kind: Literal["fpn", "pafpn"],
    channels: Sequence[int],
    width: int,
    extra: bool,
    light: bool = False,
) -> nn.Module:
    """A neck from an ordered dictionary of maps to one of pyramid levels, finest first.

    Args:
        kind: `fpn` (Lin et al., arXiv 1612.03144), or `pafpn` with a bottom-up path on top of it.
        channels: of the encoder's maps, finest first.
        width: of every level.
        extra: whether a level of twice the last stride follows, subsampled from it.
        light: of separable blocks; `fpn` only.
    """
    last = LastLevelMaxPool() if extra else None
    if light:
        return LightFeaturePyramid(channels, width, last)
    if kind == "pafpn":
        return PathAggregationNeck(channels, width, last)
    pyramid: nn.Module = FeaturePyramidNetwork(list(channels), width, extra_blocks=last)
    return pyramid


class LightFeaturePyramid(nn.Module):
    """A feature pyramid with one depthwise-separable block a level in the place of a 3x3 convolution.

    The coarsest map stands alone. Added to the finer ones, as in FPN, it has classes depend on what lies hundreds of
    pixels away, beyond a window's edge (docs/methods.md); and where no task reads its level, its stage need not be run.

    Args:
        channels: of the encoder's maps, finest first.
        width: of every level.
        extra: makes more levels of the last one, or none.
    """

    def __init__(self, channels: Sequence[int], width: int, extra: ExtraFPNBlock | None = None) -> None:
        super().__init__()
        self.laterals = nn.ModuleList(nn.Conv2d(count, width, 1) for count in channels)
        self.blocks = nn.ModuleList(separable(width) for _ in channels)
        self.extra = extra

    def forward(self, maps: OrderedDict[str, Tensor]) -> OrderedDict[str, Tensor]:
        """Levels (B, width, H_l, W_l) under the maps' names, and `pool` for the extra one."""
        *finer, coarsest = (lateral(each) for lateral, each in zip(self.laterals, maps.values(), strict=True))
        for index in range(len(finer) - 2, -1, -1):
            finer[index] = finer[index] + F.interpolate(finer[index + 1], size=finer[index].shape[-2:])
        levels = [F.relu(block(level)) for block, level in zip(self.blocks, [*finer, coarsest], strict=True)]
        names = list(maps)
        if self.extra is not None:
            levels, names = self.extra(levels, list(maps.values()), names)  # nosec B610 # torchvision's, not Django's
        return OrderedDict(zip(names, levels, strict=True))


class PathAggregationNeck(nn.Module):
    """PANet's neck (Liu et al., arXiv 1803.01534): N_1 = P_1, N_l+1 = conv3(conv3 of stride 2(N_l) + P_l+1).

    Args:
        channels: of the encoder's maps, finest first.
        width: of every level.
        extra: makes more levels of the last one, or none.
    """

    def __init__(
        self,
        channels: Sequence[int],
        width: int,
        extra: ExtraFPNBlock | None = None,
    ) -> None:
        super().__init__()
        self.top_down = FeaturePyramidNetwork(list(channels), width)
        steps = range(len(channels) - 1)
        self.down = nn.ModuleList(nn.Conv2d(width, width, 3, stride=2, padding=1) for _ in steps)
        self.fuse = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in steps)
        self.extra = extra
        for each in (*self.down, *self.fuse):  # as torchvision's own
            nn.init.kaiming_uniform_(each.weight, a=1)
            nn.init.zeros_(each.bias)

    def forward(self, maps: OrderedDict[str, Tensor]) -> OrderedDict[str, Tensor]:
        """Levels (B, width, H_l, W_l) under the maps' names, and `pool` for the extra one."""
        pyramid = self.top_down(maps)
        first, *others = pyramid.values()
        levels = [first]
        for level, down, fuse in zip(others, self.down, self.fuse, strict=True):
            levels.append(fuse(down(levels[-1]) + level))
        names = list(pyramid)
        if self.extra is not None:
            levels, names = self.extra(levels, list(maps.values()), names)  # nosec B610 # torchvision's, not Django's
        return OrderedDict(zip(names, levels, strict=True))


class SmpNetwork(TrainableNetwork):
    """A segmentation network by name: unet, segformer, deeplabv3plus, ...; the setting `width` does not apply.

    Attributes:
        tasks: segmentation.
        strides: empty, as `Outputs.features` is.
        feature_channels: empty.
        backbone_channels: of `Outputs.backbone`, the encoder's last features.
        loaded: how many encoder tensors came from a file or the hub, or none.

    Args:
        spec: the network's settings.
        purpose: of which the tasks must be segmentation alone.

    Raises:
        ConfigError: another task, or smp has no such architecture with this encoder.
    """

    def __init__(self, spec: Network, purpose: Purpose) -> None:
        super().__init__(purpose.mean, purpose.std)
        if set(purpose.tasks) != {"segmentation"}:
            raise ConfigError(
                f"The architecture {spec.architecture} segments only; for detection choose the architecture fpn."
            )
        channels = purpose.segmentation_channels
        self.network = _create(spec.architecture, resolve(spec).encoder, len(purpose.mean), channels)
        self.tasks: tuple[Task, ...] = ("segmentation",)
        self.strides: list[int] = []
        self.feature_channels: list[int] = []
        self.backbone_channels: int = self.encoder.out_channels[-1]
        self.loaded: Loaded | None = None

    @property
    def encoder(self) -> Encoder:
        """The encoder, for its weights."""
        encoder: Encoder = self.network.encoder
        return encoder

    @property
    def classifiers(self) -> dict[Task, nn.Conv2d]:
        """The layer whose output channels are classes."""
        return {"segmentation": self.network.segmentation_head[0]}

    def forward(self, image: Tensor, tasks: Collection[Task] | None = None) -> Outputs:
        """Float32 logits (B, K, H, W) and the encoder's last features for (B, C, H, W) raw values."""
        return self.decode(self.encode(image), tasks)

    def encode(self, image: Tensor) -> list[Tensor]:
        """The encoder's maps, the image itself first, for (B, C, H, W) raw values."""
        return list(self.encoder(self.normalise(image)))

    def decode(self, encoded: list[Tensor], tasks: Collection[Task] | None = None) -> Outputs:
        """Decoder and head on what `encode` returned, or on some of its images."""
        if tasks is not None and "segmentation" not in tasks:
            return Outputs(backbone=encoded[-1])
        logits: Tensor = self.network.segmentation_head(self.network.decoder(encoded))
        return Outputs(segmentation=logits.float(), backbone=encoded[-1])


def _create(architecture: str, encoder: str, bands: int, classes: int) -> Any:  # smp has no types
    try:
        if architecture.lower() == "dpt":  # its decoder wants a plain transformer's prefix tokens as well
            raise KeyError(architecture)
        return smp.create_model(architecture, encoder, encoder_weights=None, in_channels=bands, classes=classes)
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise ConfigError(
            f"There is no architecture '{architecture}' with the encoder '{encoder}'.",
            "Take both names from segmentation-models-pytorch, for example unet with resnet34.",
        ) from error


class Heads(NamedTuple):
    """Of a multi-task network.

    Attributes:
        detection: reads the levels of its own strides, or none.
        segmentation: reads the levels of strides 4 to 32, or none.
    """

    detection: DetectionHead | None
    segmentation: PanopticHead | LightHead | None


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
        neck: of `build_neck`, over the encoder's maps of strides 4 to 32.
        width: channels of the pyramid.
        purpose: whose bands it standardises.
        heads: of its tasks.
    """

    encoder: Encoder
    detection_head: DetectionHead | None

    def __init__(self, encoder: Encoder, neck: nn.Module, width: int, purpose: Purpose, heads: Heads) -> None:
        super().__init__(purpose.mean, purpose.std)
        self.encoder = encoder
        self.neck = neck
        self.detection_head, self.segmentation_head = heads
        named: dict[Task, nn.Module | None] = {"detection": heads.detection, "segmentation": heads.segmentation}
        present = {task: head for task, head in named.items() if head is not None}
        self.tasks: tuple[Task, ...] = tuple(present)
        self.strides = [*STRIDES, 2 * STRIDES[-1]] if _extra(heads.detection) else [*STRIDES]
        self.feature_channels = [width] * len(self.strides)
        self.backbone_channels: int = encoder.out_channels[-1]
        self.whole_batches = any(isinstance(m, nn.BatchNorm2d) for head in present.values() for m in head.modules())
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


def build(spec: Network, purpose: Purpose, seed: int) -> MultiTaskNetwork | SmpNetwork:
    """A network from its settings; the same seed gives the same weights and leaves the caller's random state.

    Args:
        spec: the network's settings.
        purpose: tasks, bands and classes.
        seed: of the random weights.

    Raises:
        ConfigError: no such encoder or architecture, or an architecture that cannot do a task.
        WeightsError: the encoder's weights cannot be had.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        network = SmpNetwork(spec, purpose) if spec.architecture != "fpn" else _multi_task(spec, purpose)
    network.loaded = load_encoder_weights(network.encoder, resolve(spec).encoder, spec.weights)
    return network


def build_from_card(card: Card) -> MultiTaskNetwork | SmpNetwork:
    """The network that a card describes, with weights still to be loaded; nothing is fetched.

    Raises:
        ConfigError: this engine has no such encoder or architecture.
    """
    return build(given(card.network).model_copy(update={"weights": "none"}), purpose_of_card(card), seed=0)


def purpose_of_card(card: Card) -> Purpose:
    """What a package's network was made for."""
    channels = len(card.segmentation_channels())
    return Purpose(card.trainable_tasks(), card.mean, card.std, len(card.detection_classes), channels)


def _multi_task(spec: Network, purpose: Purpose) -> MultiTaskNetwork:
    size = resolve(spec)
    first = spec.design == 1
    encoder = build_encoder(size.encoder, len(purpose.mean))
    detection: DetectionHead | None = None
    segmentation: PanopticHead | LightHead | None = None
    classes, channels = purpose.detection_classes, purpose.segmentation_channels
    if "detection" in purpose.tasks:
        strides = sorted(set(spec.detection_strides or STRIDES))
        shape = HeadShape(size.width, classes, strides, size.head_convs, size.light, spec.design)
        detection = DETECTION_HEADS[spec.detection_head](shape)
    if "segmentation" in purpose.tasks and size.light:
        segmentation = LightHead(size.width, channels)
    elif "segmentation" in purpose.tasks:
        segmentation = PanopticHead(size.width, channels, norm=GROUP_NORM if first else None)
    maps = encoder.out_channels[-len(STRIDES) :]
    neck = build_neck(spec.neck, maps, size.width, _extra(detection), size.light)
    return MultiTaskNetwork(encoder, neck, size.width, purpose, Heads(detection, segmentation))


def _extra(head: DetectionHead | None) -> bool:
    """Whether a head reads a level coarser than the encoder's."""
    return head is not None and 2 * STRIDES[-1] in head.strides

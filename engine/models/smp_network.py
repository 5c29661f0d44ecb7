"""Any segmentation architecture of segmentation-models-pytorch behind the multi-task network's interface."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import segmentation_models_pytorch as smp
from torch import Tensor, nn

from ..config import Network
from ..errors import ConfigError
from ..types import Outputs, Task
from .interface import Purpose, TrainableNetwork
from .sizes import resolve
from .weights import Loaded

if TYPE_CHECKING:
    from .encoders import Encoder


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

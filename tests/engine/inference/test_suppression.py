"""Suppression in numpy decides as torchvision's does."""

import numpy as np
import pytest
import torch
from torchvision.ops import batched_nms

from engine.inference.suppression import ROUND, suppress


@pytest.mark.parametrize("side", [4, 40])
@pytest.mark.parametrize("count", [0, 1, ROUND, ROUND + 1, 10 * ROUND])
@pytest.mark.parametrize("limit", [1, ROUND, 1000])
def test_suppression_is_that_of_torchvision(count, side, limit):
    rng = np.random.default_rng(count)
    corners = rng.random((count, 2)) * 200
    boxes = np.concatenate([corners, corners + rng.random((count, 2)) * side], axis=1).astype(np.float32)
    labels = rng.integers(0, 3, count)
    scores = torch.linspace(1, 0, count)
    expected = batched_nms(torch.from_numpy(boxes), scores, torch.from_numpy(labels), 0.5)[:limit]
    kept = suppress(boxes, labels, 0.5, limit)
    assert kept.tolist() == expected.tolist()
    if count > 2 * ROUND and side == 40 and limit == 1000:
        assert len(kept) < count, "nothing was suppressed"

"""Random teachers and students, small enough to loop over."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

SHAPES = [(4, 6), (2, 3)]
PER_LOCATION = 3


@pytest.fixture
def case():
    """Two images, float64; the second one's right half and the first one's corner do not count."""
    generator = torch.Generator().manual_seed(7)

    def random(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    anchors = sum(height * width for height, width in SHAPES) * PER_LOCATION
    valid = torch.ones(2, 16, 24, dtype=torch.bool)
    valid[1, :, 12:] = False
    valid[0, :3, :5] = False
    return SimpleNamespace(
        segmentation=random(2, 4, 16, 24).requires_grad_(),
        teacher_segmentation=(3 * random(2, 4, 16, 24)).requires_grad_(),
        logits=random(2, anchors, 3).requires_grad_(),
        teacher_logits=(2 * random(2, anchors, 3)).requires_grad_(),
        regression=random(2, anchors, 4).requires_grad_(),
        teacher_regression=random(2, anchors, 4).requires_grad_(),
        features=[random(2, 5, *shape).requires_grad_() for shape in SHAPES],
        teacher_features=[random(2, 5, *shape).requires_grad_() for shape in SHAPES],
        valid=valid,
        anchors_valid=torch.rand(2, anchors, generator=generator) > 0.3,
        mask=torch.randint(0, 4, (2, 16, 24), generator=generator).masked_fill(~valid, 255),
        shapes=SHAPES,
        per_location=PER_LOCATION,
    )


@pytest.fixture
def students(case):
    """What a loss may change."""
    return [case.segmentation, case.logits, case.regression, *case.features]


@pytest.fixture
def teachers(case):
    """What no loss may change."""
    return [case.teacher_segmentation, case.teacher_logits, case.teacher_regression, *case.teacher_features]

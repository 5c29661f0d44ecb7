"""What holds for every distillation loss: frozen teachers, ignored pixels, empty batches, half precision."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from engine import distillation as D


def corners(values):
    """Boxes from four numbers around zero."""
    values = values if values.dtype == torch.float64 else values.float()  # sums of halves would be rounded themselves
    return torch.cat([values[..., :2], values[..., :2] + values[..., 2:] + 6], dim=-1)


LOSSES = {
    "soft_segmentation": lambda c: D.soft_segmentation(c.segmentation, c.teacher_segmentation, c.valid, 2.0),
    "soft_classification": lambda c: D.soft_detection_classification(c.logits, c.teacher_logits, c.anchors_valid),
    "soft_regression": lambda c: D.soft_detection_regression(
        c.regression, D.Targets(c.teacher_regression, c.teacher_logits), c.anchors_valid
    ),
    "dense_classification": lambda c: D.dense_classification(c.logits, c.teacher_logits, c.anchors_valid, found=0.0),
    "dense_boxes": lambda c: D.dense_boxes(
        corners(c.regression), D.Targets(corners(c.teacher_regression), c.teacher_logits), c.anchors_valid
    ),
    "feature_mse": lambda c: D.feature_mse(c.features, c.teacher_features, c.valid),
    "pdf_detection": lambda c: D.pdf_detection(
        D.Pyramid(c.features, c.logits), D.Pyramid(c.teacher_features, c.teacher_logits), c.shapes, c.anchors_valid
    ),
    "pdf_plus": lambda c: D.pdf_plus(c.logits, c.teacher_logits, c.regression, c.teacher_regression, c.anchors_valid),
    "pdf_segmentation": lambda c: D.pdf_segmentation(
        D.Pyramid(c.features, c.segmentation), D.Pyramid(c.teacher_features, c.teacher_segmentation), c.valid
    ),
    "dist": lambda c: D.dist_segmentation(c.segmentation, c.teacher_segmentation, c.valid, 2.0),
    "channel_wise": lambda c: D.channel_wise(c.segmentation, c.teacher_segmentation, c.valid),
    "pkd": lambda c: D.pkd(c.features, c.teacher_features, c.valid),
    "spatial_cosine": lambda c: D.spatial_cosine(c.features[0], c.teacher_features[0], c.valid),
    "consistency": lambda c: D.consistency(c.segmentation, c.teacher_segmentation, c.valid),
    "soft_term": lambda c: D.soft_term(c.segmentation, [c.teacher_segmentation] * 2, c.valid),
    "feature_term": lambda c: D.feature_term(list(zip(c.features, c.teacher_features, strict=True)), c.valid),
}
every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())


def gradients(value, tensors):
    return torch.autograd.grad(value, tensors, allow_unused=True, retain_graph=True)


@every_loss
def test_gradients_reach_the_student_and_never_the_teacher(case, students, teachers, loss):
    value = loss(case)
    assert all(gradient is None for gradient in gradients(value, teachers))
    assert any(gradient is not None and gradient.abs().sum() > 0 for gradient in gradients(value, students))


@every_loss
def test_a_student_that_equals_its_teacher_has_nothing_to_learn(case, loss):
    same = SimpleNamespace(**vars(case))
    same.segmentation, same.regression = case.teacher_segmentation, case.teacher_regression
    same.logits, same.features = case.teacher_logits, case.teacher_features
    least = 1e-6 if loss is LOSSES["dense_boxes"] else 1e-12  # torchvision adds 1e-7 to areas that it divides by
    assert loss(same).item() == pytest.approx(0.0, abs=least)


@every_loss
def test_garbage_where_nothing_counts_changes_neither_value_nor_gradient(case, students, loss):
    def spoiled(tensor, counted):
        garbage = torch.full_like(tensor, float("nan"))
        return torch.where(counted, tensor.detach(), garbage).requires_grad_()

    pixels, anchors = case.valid[:, None], case.anchors_valid[..., None]
    other = SimpleNamespace(**vars(case))
    for name in ("segmentation", "teacher_segmentation"):
        setattr(other, name, spoiled(getattr(case, name), pixels))
    for name in ("logits", "teacher_logits", "regression", "teacher_regression"):
        setattr(other, name, spoiled(getattr(case, name), anchors))
    spoiled_students = [other.segmentation, other.logits, other.regression, *other.features]

    assert torch.equal(loss(case), loss(other))
    pairs = zip(gradients(loss(case), students), gradients(loss(other), spoiled_students), strict=True)
    assert all((mine is None and theirs is None) or torch.equal(mine, theirs) for mine, theirs in pairs)


@pytest.mark.parametrize("name", ["feature_mse", "pdf_segmentation", "feature_term", "pkd", "spatial_cosine"])
def test_features_of_cells_without_a_valid_pixel_may_hold_anything(case, name):
    clean = LOSSES[name](case)
    cells = torch.nn.functional.adaptive_max_pool2d(case.valid[:, None].double(), (4, 6)) > 0
    case.features[0] = torch.where(cells, case.features[0], float("nan"))
    case.teacher_features[0] = torch.where(cells, case.teacher_features[0], float("inf"))
    assert torch.equal(clean, LOSSES[name](case))


@every_loss
def test_a_batch_in_which_nothing_counts_gives_zero_with_its_graph(case, students, loss):
    case.valid = torch.zeros_like(case.valid)
    case.anchors_valid = torch.zeros_like(case.anchors_valid)
    value = loss(case)
    assert value.item() == 0.0
    found = [gradient for gradient in gradients(value, students) if gradient is not None]
    assert found and all((gradient == 0).all() for gradient in found)


@every_loss
def test_half_precision_inputs_are_summed_in_float32(case, loss):
    half, wide = SimpleNamespace(**vars(case)), SimpleNamespace(**vars(case))
    for name, values in vars(case).items():
        tensors = values if isinstance(values, list) else [values]
        if all(isinstance(each, torch.Tensor) and each.is_floating_point() for each in tensors):
            rounded = [each.detach().bfloat16() for each in tensors]
            setattr(half, name, rounded if isinstance(values, list) else rounded[0])
            widened = [each.float() for each in rounded]
            setattr(wide, name, widened if isinstance(values, list) else widened[0])
    assert loss(half).dtype == torch.float32
    assert torch.equal(loss(half), loss(wide))


def test_supervised_losses_of_a_mask_without_labels_are_zero_with_their_graph(case):
    nothing = torch.full_like(case.mask, 255)
    for loss in (
        D.segmentation_cross_entropy,
        D.segmentation_focal,
        lambda logits, mask: D.weighted_cross_entropy(logits, mask, (1.0, 2.0, 3.0, 4.0)),
        D.dice_loss,
        lambda logits, mask: D.cldice_loss(logits, mask, [1, 2]),
    ):
        value = loss(case.segmentation, nothing)
        assert value.item() == 0.0
        assert (gradients(value, [case.segmentation])[0] == 0).all()


def test_cross_supervision_does_not_pull_a_network_towards_its_own_opinion(case):
    """The gradient of each equals that of a cross-entropy against constant labels."""
    first, second = case.segmentation, case.teacher_segmentation
    labels = second.detach().argmax(dim=1).masked_fill(~case.valid, 255)
    expected = gradients(D.segmentation_cross_entropy(first, labels), [first])[0]
    assert torch.equal(gradients(D.cross_supervision(first, second, case.valid), [first])[0], expected)


def test_garbage_on_ignored_pixels_changes_no_loss_of_labels(case):
    forbidden = torch.zeros_like(case.segmentation, dtype=torch.bool)
    forbidden[:, 1:3] = True
    losses = {
        "cldice": lambda logits: D.cldice_loss(logits, case.mask, [1, 2]),
        "bounded areas": lambda logits: D.bounded_areas(logits, forbidden, case.valid),
    }
    spoiled = torch.where(case.valid[:, None], case.segmentation.detach(), float("nan")).requires_grad_()
    for name, loss in losses.items():
        assert torch.equal(loss(case.segmentation), loss(spoiled)), name
        mine, theirs = gradients(loss(case.segmentation), [case.segmentation]), gradients(loss(spoiled), [spoiled])
        assert torch.equal(mine[0], theirs[0]), name

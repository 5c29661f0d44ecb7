"""What processes that share a batch make of it, and what one makes of the whole: a program for each of several ranks.

Prints one line of JSON: name to the largest relative difference from one process, of value and of gradient.
"""

import json
import sys
from functools import partial

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import nn

from engine import ranks
from engine.distillation import (
    Pyramid,
    Targets,
    channel_wise,
    cldice_loss,
    consistency,
    dense_classification,
    dice_loss,
    dist_segmentation,
    feature_mse,
    pdf_detection,
    pdf_plus,
    pdf_segmentation,
    pkd,
    segmentation_cross_entropy,
    segmentation_focal,
    soft_centerness,
    soft_detection_classification,
    soft_segmentation,
    spatial_cosine,
    weighted_cross_entropy,
)
from engine.models.blocks import SynchronisedBatchNorm
from engine.models.uncertainty import perturb_statistics
from engine.recipes.views import CutMix, complementary, dropped
from engine.types import IGNORE_INDEX, Batch

CHIPS, SIDE, CLASSES, ANCHORS = 5, 16, 3, 40
"""An odd number of chips, so that processes have different numbers of them."""


def normalised(values, dtype=torch.float32):
    norm = nn.BatchNorm2d(values.shape[1])
    with torch.no_grad():
        norm.weight.copy_(torch.linspace(0.5, 2, len(norm.weight)))
    with SynchronisedBatchNorm():
        found = norm(5 + 3 * values.to(dtype)).float()
    with torch.no_grad():
        statistics = norm.running_mean.square().sum() + norm.running_var.square().sum()
    shape = found.shape
    weights = ranks.mine(torch.linspace(-1, 1, ranks.whole(len(found)) * found[0].numel()).view(-1, *shape[1:]))
    return ranks.scaled((weights * found.square()).sum()) + statistics


def perturbed(values):
    torch.manual_seed(1)
    return ranks.scaled(perturb_statistics(values, 1.0).square().sum())


def with_dropout(values, views):
    torch.manual_seed(1)
    maps = [values] * 5
    found = complementary(maps, slice(0, len(values))) if views else dropped(maps)
    return ranks.scaled(sum(each.pow(3).sum() for each in found))


def mixed(values, mask):
    torch.manual_seed(1)
    valid = torch.ones(mask.shape, dtype=torch.bool)
    batch = Batch("segmentation", values.detach().repeat_interleave(2, 2), valid, mask)
    image = F.interpolate(values, scale_factor=4)
    big = Batch("segmentation", image.detach(), valid.repeat_interleave(4, 1).repeat_interleave(4, 2), None)
    del batch
    mix = CutMix.draw(big, 0.8)
    return ranks.scaled((mix.batch(big).image * image).sum())


def cases():
    """Name to (function of some of the rows, rows of all that need gradients, other rows)."""
    draw = torch.Generator().manual_seed(0)
    maps, theirs = (torch.randn(CHIPS, CLASSES, SIDE, SIDE, generator=draw) for _ in range(2))
    mask = torch.randint(0, CLASSES, (CHIPS, SIDE, SIDE), generator=draw)
    mask[0, :8] = IGNORE_INDEX
    mask[-1] = 0
    valid = mask != IGNORE_INDEX
    logits, scores = (torch.randn(CHIPS, ANCHORS, CLASSES, generator=draw) for _ in range(2))
    boxes, targets = (torch.randn(CHIPS, ANCHORS, 4, generator=draw) for _ in range(2))
    centers, middles = (torch.randn(CHIPS, ANCHORS, generator=draw) for _ in range(2))
    counted = torch.rand(CHIPS, ANCHORS, generator=draw) < 0.7
    twice = torch.cat([maps, theirs])
    return {
        "cross-entropy": (segmentation_cross_entropy, maps, [mask]),
        "weighted": (partial(weighted_cross_entropy, weights=(1.0, 2.0, 3.0)), maps, [mask]),
        "focal": (segmentation_focal, maps, [mask]),
        "dice": (dice_loss, maps, [mask]),
        "cldice": (partial(cldice_loss, classes=[1, 2]), maps, [mask]),
        "consistency": (consistency, maps, [theirs, valid]),
        "soft": (soft_segmentation, maps, [theirs, valid]),
        "dist": (dist_segmentation, maps, [theirs, valid]),
        "cwd": (channel_wise, maps, [theirs, valid]),
        "features": (lambda a, b, v: feature_mse([a], [b], v), maps, [theirs, valid]),
        "pkd": (lambda a, b, v: pkd([a], [b], v), maps, [theirs, valid]),
        "cosine": (spatial_cosine, maps, [theirs, valid]),
        "pdf, areas": (lambda a, b, v: pdf_segmentation(Pyramid([a], a), Pyramid([b], b), v), maps, [theirs, valid]),
        "pdf, boxes": (
            lambda a, b, s, t, v: pdf_detection(
                Pyramid([a[:, :, :5, :8]], s), Pyramid([b[:, :, :5, :8]], t), [(5, 8)], v
            ),
            maps,
            [theirs, logits, scores, counted],
        ),
        "pdf plus": (lambda s, t, r, q, v: pdf_plus(s, t, r, q, v), logits, [scores, boxes, targets, counted]),
        "soft boxes": (soft_detection_classification, logits, [scores, counted]),
        "dense boxes": (dense_classification, logits, [scores, counted]),
        "centerness": (lambda c, m, s, v: soft_centerness(c, Targets(m, s), v), centers, [middles, scores, counted]),
        "batch norm": (normalised, twice, []),
        "batch norm, bfloat16": (partial(normalised, dtype=torch.bfloat16), twice, []),
        "uncertain statistics": (perturbed, twice, []),
        "dropout": (partial(with_dropout, views=False), twice, []),
        "complementary dropout": (partial(with_dropout, views=True), twice, []),
        "CutMix": (mixed, maps, [mask]),
    }


def difference(found, expected):
    return ((found - expected).abs().max() / expected.abs().max().clamp(min=1e-6)).item()


def compare(function, values, others):
    whole = values.clone().requires_grad_()
    expected = function(whole, *others)
    expected.backward()
    with ranks.dealt(CHIPS):
        some = ranks.mine(values).clone().requires_grad_()
        found = function(some, *(ranks.mine(each) for each in others))
        found.backward()
        value = ranks.total(found) / ranks.size()
        gradient = difference(some.grad / ranks.size(), ranks.mine(whole.grad))
    return difference(value, expected.detach()), gradient


def main():
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    found = {name: compare(*case) for name, case in cases().items()}
    if dist.get_rank() == 0:
        print(json.dumps(found))
    dist.barrier()
    dist.destroy_process_group()  # else its threads may still run when the program ends, which aborts it


if __name__ == "__main__":
    sys.exit(main())

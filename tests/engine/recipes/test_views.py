"""What is made of batches before networks see them."""

import torch

from engine.recipes.supervised import boxes_of_areas
from engine.recipes.views import CutMix
from engine.types import Batch, Outputs


def test_boxes_of_areas_are_whole_objects_of_known_extent():
    mask = torch.zeros(1, 64, 64, dtype=torch.long)
    mask[0, 10:20, 10:30] = 1  # a roof
    mask[0, 40:43, 40:43] = 1  # a crumb, as another of its class is large enough
    mask[0, 50:64, 0:12], mask[0, 50:64, 12:] = 1, 255  # a roof whose end nobody knows
    boxes, labels, valid = boxes_of_areas(mask, {1: 1})
    assert boxes[0].tolist() == [[10, 10, 30, 20]] and labels[0].tolist() == [1]
    assert valid[0, 15, 20] and valid[0, 0, 0]
    assert not valid[0, 41, 41] and not valid[0, 55, 5] and not valid[0, 60, 60]
    boxes, labels, valid = boxes_of_areas(torch.zeros(2, 32, 32, dtype=torch.long), {0: 1})
    assert [len(each) for each in boxes] == [0, 0] and valid.all()


def test_cutmix_moves_labels_and_answers_with_their_pixels():
    torch.manual_seed(0)
    chips = torch.arange(8.0)[:, None, None].expand(8, 64, 64)
    batch = Batch("segmentation", chips[:, None].clone(), torch.ones(8, 64, 64, dtype=torch.bool), chips.long())
    mix = CutMix.draw(batch, 1.0)
    mixed = mix.batch(batch)
    assert torch.equal(mixed.image[:, 0].long(), mixed.mask)
    assert ((mixed.mask == chips) | (mixed.mask == (chips - 1) % 8)).all()
    assert 0.2 < (mixed.mask != chips).float().mean() <= 0.5
    coarse = chips[:, None, ::32, ::32]
    assert torch.equal(mix.answers(Outputs(backbone=coarse)).backbone, mixed.image[:, :, ::32, ::32])
    assert CutMix.draw(batch, 0.0).batch(batch).image is batch.image

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely
import torch
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional

from engine.config import Augmentation
from engine.data import Draw, prepare
from engine.data.augmentation import Augmenter, blurred, dihedral, recoloured, resized
from engine.data.chips import cut
from engine.data.grid import Window
from engine.data.loading import TrainingChips
from engine.types import Chip

ROOT = Path(__file__).parents[3]


def labelled_chip(boxes, side=64):
    """A chip whose image and mask hold its boxes, each with its own value."""
    mask = torch.zeros(side, side, dtype=torch.uint8)
    for index, (left, top, right, bottom) in enumerate(boxes, 1):
        mask[top:bottom, left:right] = index
    image = torch.stack([mask * 40, 255 - mask * 40])
    labels = torch.arange(1, len(boxes) + 1)
    return Chip(image, mask < 3, mask, torch.tensor(boxes, dtype=torch.float32), labels, strong=image.clone())


def extents(mask, value):
    rows, columns = np.nonzero(mask.numpy() == value)
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


BOXES = [[3, 5, 20, 9], [36, 30, 52, 60], [50, 2, 63, 15]]


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("flip", [False, True])
def test_boxes_masks_and_images_turn_together_exactly(turns, flip):
    chip = dihedral(labelled_chip(BOXES), turns, flip)
    for box, label in zip(chip.boxes.tolist(), chip.labels.tolist(), strict=True):
        assert box == extents(chip.mask, label)
    assert torch.equal(chip.image[0], chip.mask * 40) and torch.equal(chip.strong, chip.image)
    assert torch.equal(chip.valid, chip.mask < 3)


def test_the_eight_views_are_all_different():
    views = {tuple(map(tuple, dihedral(labelled_chip(BOXES), t, f).boxes.tolist())) for t in range(4) for f in (0, 1)}
    assert len(views) == 8


@pytest.mark.parametrize("side", [48, 64, 80, 97])
def test_boxes_and_masks_change_scale_together(side):
    chip = resized(labelled_chip(BOXES), side)
    assert chip.image.shape == (2, side, side) and chip.image.dtype == torch.uint8
    for box, label in zip(chip.boxes.tolist(), chip.labels.tolist(), strict=True):
        assert np.abs(np.array(box) - extents(chip.mask, label)).max() <= 0.51
    inside = chip.mask == 2
    assert (chip.image[0].float()[inside] - 80).abs().median() <= 1


@pytest.mark.parametrize("kind", [torch.uint8, torch.float32])
@pytest.mark.parametrize("side", [31, 64, 97])
def test_images_are_resized_and_blurred_as_torchvision_does(kind, side):
    image = (torch.rand(3, 50, 50, generator=torch.Generator().manual_seed(side)) * 255).to(kind)
    chip = Chip(image, torch.ones(50, 50, dtype=torch.bool))
    expected = functional.resize_image(image, [side, side], InterpolationMode.BILINEAR, antialias=True)
    assert torch.equal(resized(chip, side).image, expected)
    smooth = functional.gaussian_blur_image(image.float(), [5, 5], [0.7, 0.7])
    torch.testing.assert_close(torch.from_numpy(blurred(image.numpy(), 0.7)), smooth)


def test_a_process_that_loads_chips_does_without_torchvision_and_the_compiler():
    code = "import sys, engine.data.loading; print({'torchvision', 'torch._dynamo', 'sympy'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert told.stdout.strip() == "set()", "each takes a second, whenever a training starts"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
def test_colours_change_each_band_linearly_within_the_types_range(dtype):
    top = 250 if dtype == np.uint8 else 30_000
    image = np.random.default_rng(0).integers(0, top, (3, 16, 16)).astype(dtype)
    gain, offset = np.array([1.5, 0.5, 1.0], np.float32), np.array([10, -20, 0.4], np.float32)
    changed = recoloured(image, gain, offset)
    expected = image.astype(np.float64) * gain[:, None, None].astype(np.float64) + offset[:, None, None]
    if dtype != np.float32:
        expected = np.clip(np.rint(expected), np.iinfo(dtype).min, np.iinfo(dtype).max)
    assert changed.dtype == dtype
    np.testing.assert_allclose(changed, expected, atol=1 if dtype != np.float32 else 0.1)


@pytest.fixture
def prepared_run(raster, layer, tools):
    """A run of one source, with everything augmented."""

    def prepare_run(role="detection", dtype=np.uint8, **augmentation):
        values = np.random.default_rng(0).integers(50, 200, (4, 160, 160)).astype(dtype)
        path = raster("a.tif", values, photometric="minisblack")
        run = tools.run(tools.source(path, role, layer("a.gpkg", tools.scattered(160))), augmentation=augmentation)
        return prepare(run), run

    return prepare_run


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_strong_view_has_the_geometry_of_the_weak_one_and_other_colours(prepared_run, dtype):
    prepared, run = prepared_run("segmentation", dtype)
    chips, plain = (
        TrainingChips(prepared, run, "segmentation", Draw(views=True)),
        TrainingChips(prepared, run, "segmentation"),
    )
    differences = []
    for index in range(12):
        chip, without = chips.chip(index), plain.chip(index)
        assert torch.equal(chip.image, without.image) and torch.equal(chip.mask, without.mask)
        assert chip.strong.shape == chip.image.shape and chip.strong.dtype == chip.image.dtype
        assert without.strong is None
        differences.append((chip.strong.float() - chip.image.float()).abs().mean().item())
    assert min(differences) > 0 and np.mean(differences) > 5


def test_a_strong_view_still_shows_the_scene(prepared_run):
    prepared, run = prepared_run("segmentation", np.uint8, strong_color=0.2, color=0)
    augmenter = Augmenter(run.training.augmentation, prepared, 64)
    piece = cut(prepared.sources[0], Window(20, 20, 64, 64), training=True)
    ramp = np.linspace(60, 190, 64)[None, :, None] * np.ones((4, 1, 64))
    piece.image, piece.seen = ramp.astype(np.uint8), np.ones((64, 64), bool)
    for seed in range(10):
        chip = augmenter.augment(piece, np.random.default_rng(seed), views=True)
        flat, strong = chip.image.float().flatten(), chip.strong.float().flatten()
        assert torch.corrcoef(torch.stack([flat, strong]))[0, 1] > 0.9


def test_without_augmentation_chips_are_the_raster_itself(prepared_run):
    prepared, run = prepared_run(dihedral=False, scale=0, color=0)
    for index in range(6):
        chip = TrainingChips(prepared, run, "detection").chip(index)
        image, _ = prepared.sources[0].reader.read(*chip.origin, 64, 64)
        assert torch.equal(chip.image[:, chip.valid], torch.from_numpy(image)[:, chip.valid])


def test_scale_stays_within_its_limit_and_is_used(prepared_run):
    prepared, _ = prepared_run()
    augmenter, rng = Augmenter(Augmentation(scale=0.25), prepared, 64), np.random.default_rng(0)
    sides = [augmenter.window_side(rng) for _ in range(300)]
    assert min(sides) >= 51 and max(sides) <= 80 and 100 < sides.count(64) < 200
    assert min(sides) < 54 and max(sides) > 77


def naive_share(box, valid):
    """The share of a box's area on valid pixels, pixel by pixel."""
    share = 0.0
    for row in range(valid.shape[0]):
        for column in range(valid.shape[1]):
            across = max(0, min(box[2], column + 1) - max(box[0], column))
            down = max(0, min(box[3], row + 1) - max(box[1], row))
            share += across * down * valid[row, column]
    return share / ((box[2] - box[0]) * (box[3] - box[1]))


def test_boxes_hardly_visible_are_ignored_ground_instead(prepared_run):
    prepared, _ = prepared_run()
    source, kept, dropped = prepared.sources[0], 0, 0
    for column, row in ((0, 0), (9, 7), (33, 50), (90, 66), (120, 110), (-20, -20)):
        window = Window(column, row, 40, 40)
        piece = cut(source, window, training=True)
        _, seen = source.reader.read(*window)
        columns, rows = np.meshgrid(np.arange(40) + column + 0.5, np.arange(40) + row + 0.5)
        ground = shapely.contains_xy(source.training, columns, rows) & seen
        for box in source.labels.objects(window)[0]:
            share = naive_share(box, ground)
            clipped = np.clip(box, 0, 40)
            is_kept = any(np.allclose(clipped, found) for found in piece.boxes)
            if abs(share - 0.3) > 0.05:
                assert is_kept == (share > 0.3)
            if not is_kept and (clipped[2:] - clipped[:2]).min() > 0:
                left, top = np.floor(clipped[:2]).astype(int)
                right, bottom = np.ceil(clipped[2:]).astype(int)
                assert not piece.valid[top:bottom, left:right].any()
            kept, dropped = kept + is_kept, dropped + (not is_kept)
    assert kept > 5 and dropped > 5

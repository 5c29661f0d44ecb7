"""Boxes from masks against a naive flood fill."""

import numpy as np
import pytest

from engine.datasets.rasters import boxes_from_mask, components, opened


def flood_fill(mask):
    """(x0, y0, x1, y1, pixels) of each 8-connected component, one pixel at a time."""
    left = {(int(row), int(column)) for row, column in np.argwhere(mask)}
    found = []
    while left:
        todo, pixels = [left.pop()], []
        while todo:
            row, column = todo.pop()
            pixels.append((row, column))
            around = {(row + down, column + right) for down in (-1, 0, 1) for right in (-1, 0, 1)} & left
            left -= around
            todo += around
        rows, columns = zip(*pixels, strict=True)
        found.append((min(columns), min(rows), max(columns) + 1, max(rows) + 1, len(pixels)))
    return sorted(found)


def opened_naively(mask, half):
    """Union of the squares that fit, the world beyond the border being full."""
    height, width = mask.shape
    result = np.zeros_like(mask)
    for row in range(-half, height + half):
        for column in range(-half, width + half):
            rows = slice(max(row - half, 0), max(row + half + 1, 0))
            columns = slice(max(column - half, 0), max(column + half + 1, 0))
            if mask[rows, columns].all():
                result[rows, columns] = True
    return result


@pytest.mark.parametrize("density", [0.1, 0.35, 0.6])
@pytest.mark.parametrize("seed", range(8))
def test_components_are_those_of_a_flood_fill(seed, density):
    mask = np.random.default_rng(seed).random((23, 31)) < density
    extents, pixels = components(mask)
    found = sorted((*map(int, extent), int(count)) for extent, count in zip(extents, pixels, strict=True))
    assert found == flood_fill(mask)


def test_an_empty_mask_has_no_components():
    extents, pixels = components(np.zeros((5, 7), bool))
    assert extents.shape == (0, 4)
    assert pixels.shape == (0,)


def test_objects_that_touch_at_a_corner_are_one():
    boxes, _ = boxes_from_mask(np.eye(6, dtype=np.uint8), [1], minimum=1)
    assert boxes.tolist() == [[0, 0, 6, 6]]


def test_small_objects_go_where_the_class_has_larger_ones_and_stay_where_it_has_none():
    mask = np.zeros((40, 40), np.uint8)
    mask[0:8, 0:10] = 1  # 80 pixels, just large enough
    mask[20:29, 0:8] = 1  # 72 pixels
    mask[20:22, 20:30] = 2  # all of class 2 is small
    mask[30:31, 30:39] = 2
    boxes, classes = boxes_from_mask(mask, [1, 2])
    assert sorted(boxes.tolist()) == [[0, 0, 10, 8], [20, 20, 30, 22], [30, 30, 39, 31]]
    assert classes.tolist() == [1, 2, 2]


def test_classes_that_are_not_asked_for_get_no_boxes():
    boxes, classes = boxes_from_mask(np.full((10, 10), 3, np.uint8), [1, 2])
    assert boxes.shape == (0, 4)
    assert classes.shape == (0,)


@pytest.mark.parametrize("half", [1, 2])
@pytest.mark.parametrize("seed", range(4))
def test_opening_keeps_what_the_square_fits_into(seed, half):
    mask = np.random.default_rng(seed).random((17, 19)) < 0.9
    assert np.array_equal(opened(mask, half), opened_naively(mask, half))


def test_opening_parts_two_buildings_that_a_thin_bridge_joins():
    mask = np.zeros((30, 50), np.uint8)
    mask[5:25, 5:20] = mask[5:25, 30:45] = 1
    mask[14:16, 20:30] = 1
    joined, _ = boxes_from_mask(mask, [1])
    parted, _ = boxes_from_mask(mask, [1], opening=1)
    assert joined.tolist() == [[5, 5, 45, 25]]
    assert sorted(parted.tolist()) == [[5, 5, 20, 25], [30, 5, 45, 25]]

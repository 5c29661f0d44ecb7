"""Components and the sieve, against floods and hand-made maps."""

import numpy as np
import pytest

from engine.inference.vectors.components import components, connected
from engine.inference.vectors.polygons import absorb


def flooded(values):
    """Labels by flood fill in reading order, pixel by pixel."""
    labels = np.full(values.shape, -1)
    count = 0
    for start in np.ndindex(values.shape):
        if labels[start] >= 0:
            continue
        stack = [start]
        while stack:
            row, column = stack.pop()
            inside = 0 <= row < values.shape[0] and 0 <= column < values.shape[1]
            if inside and labels[row, column] < 0 and values[row, column] == values[start]:
                labels[row, column] = count
                stack += [(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)]
        count += 1
    return labels, count


@pytest.mark.parametrize("levels", [1, 2, 5])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (23, 31)])
def test_components_are_those_of_a_flood_fill(levels, shape):
    values = np.random.default_rng(levels).integers(0, levels, shape).astype(np.uint8)
    labels, count = components(values)
    expected, expected_count = flooded(values)
    assert count == expected_count
    np.testing.assert_array_equal(labels, expected)


def test_a_spiral_is_one_component():
    spiral = np.zeros((21, 21), np.uint8)
    row, column, step = 0, 0, (0, 1)
    spiral[0, 0] = 1
    for length in (20, 20, 20, 18, 18, 16, 16, 14, 14, 12, 12):
        for _ in range(length):
            row, column = row + step[0], column + step[1]
            spiral[row, column] = 1
        step = (step[1], -step[0])
    labels, _ = components(spiral)
    assert len(np.unique(labels[spiral == 1])) == 1


def test_a_long_chain_of_links_in_any_order_is_one_component():
    order = np.random.default_rng(0).permutation(500)
    labels, count = connected(order[:-1], order[1:], 500)
    assert count == 1
    assert (labels == 0).all()


def test_a_small_area_goes_to_the_class_with_the_longest_border():
    values = np.full((9, 9), 1, np.uint8)
    values[:, 5:] = 3
    values[4, 4] = 2
    expected = values.copy()
    expected[4, 4] = 1
    np.testing.assert_array_equal(absorb(values, 2, 0), expected)


def test_neighbours_of_one_class_count_together():
    values = np.full((11, 9), 255, np.uint8)
    values[4:7, :4] = 1
    values[4:7, 4] = 2
    values[:4, 4] = values[7:, 4] = values[4:6, 5:] = 3
    assert (absorb(values, 4, 0)[4:7, 4] == 3).all()


def test_no_data_neither_gives_nor_takes():
    values = np.full((6, 6), 255, np.uint8)
    values[2, 2] = 1
    values[4:, 4:] = 2
    values[0, 0] = 2
    values[:, 5] = 255
    np.testing.assert_array_equal(absorb(values, 100, 100), values)


def test_holes_of_background_have_their_own_limit():
    values = np.ones((12, 12), np.uint8)
    values[2, 2] = 0
    values[6:9, 6:9] = 0
    values[10, 10] = 2
    filled = absorb(values, 0, 5)
    assert filled[2, 2] == 1
    assert (filled[6:9, 6:9] == 0).all()
    assert filled[10, 10] == 2


def test_small_areas_inside_small_areas_are_given_away_in_turn():
    values = np.ones((11, 11), np.uint8)
    values[3:8, 3:8] = 2
    values[5, 5] = 3
    assert (absorb(values, 50, 0) == 1).all()


def test_a_long_chain_of_small_areas_is_given_away_to_its_end():
    values = np.array([[1, 1, 1, 1, *(2, 3) * 15]], np.uint8)
    assert (absorb(values, 4, 0) == 1).all()
    assert (absorb(values[:, 4:], 4, 0) == values[:, 4:]).all()


def test_an_area_that_may_go_on_outside_is_not_small():
    values = np.zeros((6, 6), np.uint8)
    values[0, 1] = values[5, 4] = 1
    assert (absorb(values, 3, 0) == 0).all()
    np.testing.assert_array_equal(absorb(values, 3, 0, goes_on=(True, True)), values)

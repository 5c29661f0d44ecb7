import numpy as np
import pytest

from engine.inference.merging import Found, Merger
from engine.inference.windows import window_grid
from engine.types import Objects

GRID = window_grid(300, 200, 64, 0.25)  # stride 48, windows at 0, 48, 96, ...


def objects(boxes, labels=None, scores=None):
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    labels = np.zeros(len(boxes), np.int64) if labels is None else np.array(labels)
    return Objects(boxes, labels, np.full(len(boxes), 0.5, np.float32) if scores is None else np.array(scores))


def seen(truth, window, tile, least=2):
    """What a perfect detector reports in a window: every object that reaches in, cut at the window's edges."""
    boxes, labels = truth
    shifted = boxes - np.array([window.column, window.row] * 2)
    inside = shifted.clip(0, tile)
    visible = (inside[:, 2:] - inside[:, :2]).min(axis=1) >= least
    return objects(inside[visible].tolist(), labels[visible].tolist())


def final_by_row(merger, per_window, valid=None):
    """What becomes final with each row of windows."""
    grid = merger.grid
    valid = np.ones((grid.tile, grid.tile), bool) if valid is None else valid
    for i in range(grid.rows):
        windows = grid.in_rows([(i, True)])
        yield merger.end_row(i, Found.join([merger.placed(window, per_window(window), valid) for window in windows]))


def merged(grid, per_window, valid=None):
    return Found.join(list(final_by_row(Merger(grid, 0.5), per_window, valid)))


def in_order(found_boxes):
    boxes = np.asarray(found_boxes)
    return boxes[np.lexsort(boxes.T)]


@pytest.mark.parametrize(
    "box",
    [
        [10, 10, 20, 20],  # in one window only
        [50, 10, 60, 20],  # whole in two
        [40, 10, 55, 20],  # whole in the first, cut in the second
        [58, 10, 75, 20],  # cut in the first, whole in the second
        [50, 50, 60, 60],  # whole in four
        [58, 58, 75, 75],  # whole in one, cut in three
        [30, 10, 90, 30],  # larger than the overlap: cut in both
        [10, 10, 290, 30],  # across all windows of a row
        [10, 10, 30, 190],  # across all rows
        [20, 20, 280, 180],  # across everything
        [40, 40, 110, 70],  # cut in all four
    ],
)
def test_an_object_comes_out_once_and_whole_wherever_it_lies(box):
    truth = np.array([box], float), np.zeros(1, int)
    found = merged(GRID, lambda window: seen(truth, window, 64))
    assert found.boxes.tolist() == [box]


@pytest.mark.parametrize("seed", range(8))
def test_a_scene_of_objects_of_all_sizes_is_recovered(seed):
    generator = np.random.default_rng(seed)
    cells = [(x, y) for x in range(0, 300, 100) for y in range(0, 200, 100)]
    corners = np.array([[x + generator.integers(2, 30), y + generator.integers(2, 30)] for x, y in cells], float)
    boxes = np.concatenate([corners, corners + generator.integers(4, 60, corners.shape)], axis=1)
    truth = boxes, generator.integers(0, 2, len(boxes))
    found = merged(GRID, lambda window: seen(truth, window, 64))
    assert in_order(found.boxes).tolist() == in_order(boxes).tolist()


def test_objects_of_different_classes_do_not_suppress_each_other():
    found = merged(GRID, lambda w: objects([[10, 10, 30, 30]] * 2, [0, 1]) if (w.i, w.j) == (0, 0) else objects([]))
    assert sorted(found.labels.tolist()) == [0, 1]


def test_of_two_overlapping_objects_of_a_class_the_better_one_stays():
    pair = objects([[10, 10, 30, 30], [11, 10, 31, 30]], scores=[0.4, 0.8])
    found = merged(GRID, lambda w: pair if (w.i, w.j) == (0, 0) else objects([]))
    assert found.scores.tolist() == pytest.approx([0.8])


def test_a_cut_piece_yields_to_the_whole_object_even_with_a_better_score():
    def per_window(window):
        if (window.i, window.j) == (0, 0):
            return objects([[54, 10, 64, 20]], scores=[0.9])
        if (window.i, window.j) == (0, 1):
            return objects([[6, 10, 27, 20]], scores=[0.4])
        return objects([])

    found = merged(GRID, per_window)
    assert found.boxes.tolist() == [[54, 10, 75, 20]]


def test_neighbours_that_share_no_edge_stay_apart():
    truth = np.array([[20, 5, 90, 15], [20, 20, 90, 30], [20, 35, 90, 45]], float), np.zeros(3, int)
    found = merged(GRID, lambda window: seen(truth, window, 64))
    assert in_order(found.boxes).tolist() == in_order(truth[0]).tolist()


def test_objects_centred_on_no_data_are_dropped():
    valid = np.ones((64, 64), bool)
    valid[:, 40:] = False
    pair = objects([[36, 10, 46, 20], [30, 10, 36, 20]])
    found = merged(GRID, lambda w: pair if (w.i, w.j) == (0, 0) else objects([]), valid)
    assert found.boxes.tolist() == [[30, 10, 36, 20]]


def test_objects_are_handed_out_as_soon_as_no_window_can_touch_them():
    grid = window_grid(300, 5000, 64, 0.25)
    truth = np.array([[10 + 60 * c, 20 + 50 * r, 30 + 60 * c, 40 + 50 * r] for r in range(99) for c in range(4)], float)
    labels = np.zeros(len(truth), int)
    merger, waiting, handed = Merger(grid, 0.5), [], 0
    for final in final_by_row(merger, lambda window: seen((truth, labels), window, 64)):
        handed += len(final)
        waiting.append(len(merger.open))
    assert handed == len(truth)
    assert max(waiting) <= 8

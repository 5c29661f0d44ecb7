import numpy as np
import pytest

from engine.inference.windows import in_phase, window_grid

SHAPES = [(200, 150, 64, 0.125), (64, 64, 64, 0.125), (30, 20, 64, 0.25), (129, 65, 64, 0.0), (121, 120, 64, 0.5)]


@pytest.mark.parametrize(("width", "height", "tile", "overlap"), SHAPES)
def test_every_pixel_is_in_one_window_or_in_two_of_an_axis(width, height, tile, overlap):
    grid = window_grid(width, height, tile, overlap)
    seen = np.zeros((grid.rows * tile, grid.columns * tile), int)
    for window in grid:
        seen[window.row : window.row + tile, window.column : window.column + tile] += 1
    assert seen[:height, :width].min() == 1
    assert seen.max() <= 4


@pytest.mark.parametrize(("width", "height", "tile", "overlap"), SHAPES)
def test_no_window_could_be_left_out(width, height, tile, overlap):
    grid = window_grid(width, height, tile, overlap)
    last = list(grid)[-1]
    assert last.column == 0 or last.column + grid.overlap < width
    assert last.row == 0 or last.row + grid.overlap < height


def test_neighbours_share_the_overlap_and_only_inner_edges_have_neighbours():
    grid = window_grid(200, 100, 64, 0.125)
    first, second = list(grid)[:2]
    assert first.column + 64 - second.column == grid.overlap == 8
    assert grid.inner_edges(first) == (False, False, True, True)
    assert grid.inner_edges(list(grid)[-1]) == (True, True, False, False)


def test_more_than_half_a_window_of_overlap_is_refused():
    with pytest.raises(ValueError, match=r"0\.6"):
        window_grid(100, 100, 64, 0.6)


def test_large_windows_lie_whole_strides_of_the_network_apart():
    for share in (0.0, 0.1, 0.12, 0.125, 0.21, 0.5):
        grid = window_grid(4096, 4096, 512, in_phase(512, share))
        assert grid.stride % 32 == 0 and grid.overlap >= int(512 * share)
    assert in_phase(64, 0.125) == 0.125

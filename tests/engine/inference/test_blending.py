import numpy as np
import pytest

from engine.inference.windows import NODATA, Blender, axis_weights, window_grid


def random_windows(grid, channels, seed=0):
    """A network that says something else in every window: (window, probabilities)."""
    generator = np.random.default_rng(seed)
    for window in grid:
        logits = generator.standard_normal((channels, grid.tile, grid.tile)).astype(np.float32)
        yield window, np.exp(logits) / np.exp(logits).sum(axis=0)


def naive(grid, channels, skipped=()):
    """The whole raster in memory: weighted sum over all windows, divided by the sum of the weights."""
    total = np.zeros((channels, grid.rows * grid.tile, grid.columns * grid.tile))
    weight = np.zeros(total.shape[1:])
    t = (np.arange(grid.overlap) + 0.5) / max(grid.overlap, 1)
    ramp = np.cos(np.pi / 2 * (1 - np.clip(4 * (t - 3 / 8), 0, 1))) ** 2  # in the middle quarter of the overlap
    for number, (window, probabilities) in enumerate(random_windows(grid, channels)):
        across, down = np.ones(grid.tile), np.ones(grid.tile)
        if grid.overlap:
            if window.column > 0:
                across[: grid.overlap] = ramp
            if window.column + grid.tile < grid.width:
                across[-grid.overlap :] = across[-grid.overlap :] * ramp[::-1]
            if window.row > 0:
                down[: grid.overlap] = ramp
            if window.row + grid.tile < grid.height:
                down[-grid.overlap :] = down[-grid.overlap :] * ramp[::-1]
        place = np.s_[window.row : window.row + grid.tile, window.column : window.column + grid.tile]
        weight[place] += np.outer(down, across)
        if number not in skipped:
            total[(slice(None), *place)] += probabilities * np.outer(down, across)
    shares = (total / np.maximum(weight, 1e-9))[:, : grid.height, : grid.width]
    return shares.argmax(axis=0), np.rint(100 * shares.max(axis=0)), weight[: grid.height, : grid.width]


def blended(grid, channels, valid=None, skipped=()):
    classes = np.full((grid.height, grid.width), 77, np.uint8)
    confidence, times = classes.copy(), np.zeros(classes.shape, int)
    blender = Blender(grid, channels, confidence=True)
    for number, (window, probabilities) in enumerate(random_windows(grid, channels)):
        inside = np.zeros((grid.tile, grid.tile), bool)
        here = (np.ones(classes.shape, bool) if valid is None else valid)[
            window.row : window.row + grid.tile, window.column : window.column + grid.tile
        ]
        inside[: here.shape[0], : here.shape[1]] = here
        given = (None, None) if number in skipped else (probabilities, inside)
        block = blender.add(window, *given)
        place = np.s_[
            block.row : block.row + len(block.channels), block.column : block.column + block.channels.shape[1]
        ]
        classes[place], confidence[place] = block.channels, block.confidence
        times[place] += 1
    assert (times == 1).all(), "every pixel is finished exactly once"
    return classes, confidence


@pytest.mark.parametrize(
    ("width", "height", "tile", "overlap"),
    [(200, 150, 64, 0.125), (64, 64, 64, 0.25), (30, 20, 32, 0.25), (129, 65, 64, 0.0), (121, 122, 32, 0.5)],
)
def test_blending_equals_the_weighted_mean_over_the_whole_raster(width, height, tile, overlap):
    grid = window_grid(width, height, tile, overlap)
    classes, confidence = blended(grid, 3)
    expected, percent, weight = naive(grid, 3)
    assert np.allclose(weight, 1), "the weights are a partition of unity"
    assert (classes == expected).mean() > 0.9999  # float32 against float64 in ties
    assert np.abs(confidence - percent).max() <= 1


def test_pixels_without_data_are_nodata_and_the_others_do_not_change():
    grid = window_grid(150, 100, 32, 0.25)
    valid = np.random.default_rng(1).random((100, 150)) > 0.3
    classes, confidence = blended(grid, 3, valid)
    everywhere, _ = blended(grid, 3)
    assert (classes[~valid] == NODATA).all() and (confidence[~valid] == NODATA).all()
    assert (classes[valid] == everywhere[valid]).all()


def test_a_window_without_data_leaves_its_own_pixels_nodata_and_its_neighbours_whole():
    grid = window_grid(150, 100, 32, 0.25)
    middle = next(n for n, window in enumerate(grid) if (window.i, window.j) == (1, 2))
    window = list(grid)[middle]
    valid = np.ones((100, 150), bool)
    valid[window.row : window.row + 32, window.column : window.column + 32] = False
    classes, _ = blended(grid, 3, valid, skipped=(middle,))
    expected, _, _ = naive(grid, 3)
    assert (classes[~valid] == NODATA).all()
    assert (classes[valid] == expected[valid]).mean() > 0.9999


def test_what_is_carried_does_not_grow_with_the_height():
    def carried(height):
        blender = Blender(window_grid(300, height, 32, 0.25), 4)
        return sum(value.nbytes for value in vars(blender).values() if isinstance(value, np.ndarray))

    assert carried(100) == carried(100_000)


def test_ramps_of_neighbours_sum_to_one_and_a_window_has_no_say_near_its_rim():
    falling, rising = axis_weights(64, 32, False, True)[-32:], axis_weights(64, 32, True, False)[:32]
    assert np.allclose(falling + rising, 1)
    assert (rising[:12] == 0).all() and (falling[-12:] == 0).all() and 0 < rising[12] < rising[19] < 1

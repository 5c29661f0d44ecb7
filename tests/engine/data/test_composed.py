"""Chips put together of several places: mosaics, and objects pasted. Pixels of these rasters say where they are."""

import pickle

import numpy as np
import pytest
import shapely
import torch

from engine.config import Augmentation, Labels
from engine.data import Draw, prepare
from engine.data.augmentation import Augmenter, mosaic, seam
from engine.data.chips import cut
from engine.data.loading import TrainingChips
from engine.data.sampling import ChipSampler, window_around

SIDE = 320
PLAIN = {"dihedral": False, "scale": 0, "color": 0}


def places_raster(number=0):
    """Bands: column, row, and the raster's number; 0.25 more, which no band mean is."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return np.stack([columns, rows, np.full((SIDE, SIDE), number)]).astype(np.float32) + 0.25


def rectangles():
    """(column, row, width, height) of objects of all sizes, one pixel included, apart from each other; two touch."""
    rng, found = np.random.default_rng(3), []
    for column in range(3, SIDE - 24, 24):
        for row in range(3, SIDE - 24, 24):
            width, height = (int(side) for side in rng.choice([1, 2, 4, 7, 12, 15], 2))
            found.append((column + int(rng.integers(4)), row + int(rng.integers(4)), width, height))
    return found


TOUCHING = [(SIDE - 20, SIDE - 20, 6, 6), (SIDE - 14, SIDE - 20, 6, 6)]


@pytest.fixture
def world(raster, layer, tools):
    """A function: `world(**augmentation)` -> the data of two rasters, and the run; squares are of 3 sizes."""

    def make(sources=2, objects=None, **augmentation):
        objects = objects or [*rectangles(), *TOUCHING]
        shapes = [tools.square(c, r, w, h) for c, r, w, h in objects]
        labels = layer("a.gpkg", shapes, kind=["small" if w * h < 16 else "large" for _, _, w, h in objects])
        run = tools.run(
            *(
                tools.source(
                    raster(f"{k}.tif", places_raster(k), photometric="minisblack"),
                    "detection",
                    Labels(path=labels, field="kind"),
                )
                for k in range(sources)
            ),
            names=("small", "large"),
            augmentation={**PLAIN, **augmentation},
        )
        return prepare(run), run

    return make


def origins(chip):
    """Column and row in the raster of each pixel (2, H, W), and which pixels show the raster."""
    values = chip.image.numpy() - 0.25
    return values[:2].round().astype(int), (np.abs(values - values.round()) < 1e-3).all(axis=0)


def object_of(objects, columns, rows):
    """Index of the object that covers each place, or -1: by looking at each object in turn."""
    found = np.full(columns.shape, -1)
    for index, (column, row, width, height) in enumerate(objects):
        inside = (columns >= column) & (columns < column + width) & (rows >= row) & (rows < row + height)
        found[inside] = index
    return found


def in_boxes(chip):
    """The pixels that boxes cover, and how many boxes each."""
    covered = np.zeros(tuple(chip.valid.shape), int)
    for left, top, right, bottom in chip.boxes.round().int().tolist():
        covered[top:bottom, left:right] += 1
    return covered


COMPOSED = [{"mosaic": 1.0}, {"copy_paste": 1.0}, {"mosaic": 1.0, "copy_paste": 1.0}]


@pytest.mark.parametrize("augmentation", COMPOSED)
def test_boxes_are_just_where_the_pixels_of_objects_are(world, augmentation):
    """Every counted pixel is looked up in the labels of the place that it shows."""
    (prepared, run), objects = world(**augmentation), [*rectangles(), *TOUCHING]
    chips, boxes = TrainingChips(prepared, run, "detection"), 0
    for index in range(40):
        chip = chips.chip(index)
        (columns, rows), shown = origins(chip)
        labelled = object_of(objects, columns, rows)
        valid = chip.valid.numpy()
        assert shown[valid].all()
        assert ((labelled >= 0)[valid] == (in_boxes(chip) == 1)[valid]).all() and in_boxes(chip).max() <= 1
        for (left, top, right, bottom), label in zip(chip.boxes.int().tolist(), chip.labels.tolist(), strict=True):
            inside = np.unique(labelled[top:bottom, left:right][valid[top:bottom, left:right]])
            assert len(inside) == 1 and label == int(np.prod(objects[inside[0]][2:]) >= 16)
            boxes += 1
    assert boxes > 100


@pytest.mark.parametrize("augmentation", COMPOSED)
def test_chips_show_neither_validation_ground_nor_other_sources(world, augmentation):
    prepared, run = world(**augmentation)
    chips, fill, seen = TrainingChips(prepared, run, "detection"), prepared.fill()[:, None, None], set()
    for index in range(30):
        chip = chips.chip(index)
        (columns, rows), shown = origins(chip)
        number = int(chip.source)
        seen.add(number)
        assert np.allclose(np.where(shown, fill, chip.image.numpy()), fill, atol=1e-3)
        assert (chip.image[2].numpy()[shown] == number + 0.25).all()
        assert not shapely.contains_xy(prepared.sources[number].hidden, columns[shown] + 0.5, rows[shown] + 0.5).any()
        counted = shapely.contains_xy(prepared.sources[number].training, columns + 0.5, rows + 0.5)
        assert counted[chip.valid.numpy()].all()
    assert seen == {0, 1}


def test_a_mosaic_is_four_windows_pixel_by_pixel(world):
    prepared, _ = world()
    source, objects = prepared.sources[0], [*rectangles(), *TOUCHING]
    places, side, middle = [(40, 50), (200.6, 90.2), (2, 310), (160, 170)], 120, (50, 76)
    piece = mosaic(source, places, side, middle)
    grid = source.reader.grid
    expected, wanted, valid = np.zeros((3, side, side)), [], np.zeros((side, side), bool)
    corners = [(0, 0, 50, 76), (50, 0, 70, 76), (0, 76, 50, 44), (50, 76, 70, 44)]
    for (left, top, width, height), place in zip(corners, places, strict=True):
        window = window_around(grid, *place, width, height)
        for row in range(height):
            for column in range(width):
                x, y = window.column + column, window.row + row
                expected[:, top + row, left + column] = x + 0.25, y + 0.25, 0.25
                valid[top + row, left + column] = shapely.contains_xy(source.training, x + 0.5, y + 0.5)
        for column, row, w, h in objects:
            inside = [
                (x - window.column + left, y - window.row + top)
                for x in range(column, column + w)
                for y in range(row, row + h)
                if window.column <= x < window.column + width and window.row <= y < window.row + height
            ]
            counted = [(x, y) for x, y in inside if shapely.contains_xy(
                source.training, x - left + window.column + 0.5, y - top + window.row + 0.5
            )]  # fmt: skip
            if inside and len(counted) >= 0.3 * w * h:
                wanted.append((*np.min(inside, axis=0), *(np.max(inside, axis=0) + 1), int(w * h >= 16)))
            else:
                for x, y in inside:
                    valid[y, x] = False
    np.testing.assert_array_equal(piece.image[:, piece.seen], expected[:, piece.seen])
    np.testing.assert_array_equal(piece.valid, valid)
    found = [(*box, label) for box, label in zip(piece.boxes.tolist(), piece.labels.tolist(), strict=True)]
    assert sorted(found) == sorted(tuple(map(float, each)) for each in wanted) and len(found) >= 4
    assert piece.seen.shape == (side, side) and piece.valid.any()


def test_the_parts_of_a_mosaic_are_no_slivers():
    rng = np.random.default_rng(0)
    seams = np.array([seam(64, rng) for _ in range(500)])
    assert seams.min() == 16 and seams.max() == 48


def pasted(chip):
    """Boxes whose pixels are not where the chip is, and their labels: without mosaics these have been pasted."""
    (columns, rows), _ = origins(chip)
    found = []
    for (left, top, right, bottom), label in zip(chip.boxes.int().tolist(), chip.labels.tolist(), strict=True):
        if (columns[top, left], rows[top, left]) != (chip.origin[0] + left, chip.origin[1] + top):
            found.append(((left, top, right, bottom), label))
    return found


def test_objects_of_all_sizes_are_pasted_whole_and_with_their_rims(world):
    prepared, run = world(copy_paste=1.0)
    chips = TrainingChips(prepared, run, "detection")
    sizes = {(w, h) for _, _, w, h in rectangles()}
    found = []
    for index in range(60):
        chip = chips.chip(index)
        (columns, rows), _ = origins(chip)
        each = pasted(chip)
        assert len(each) <= 5
        for (left, top, right, bottom), _ in each:
            assert (right - left, bottom - top) in sizes
            around = slice(top - 1, bottom + 1), slice(left - 1, right + 1)
            width, height = right - left + 2, bottom - top + 2
            assert (np.diff(columns[around], axis=1) == 1).all() and (np.diff(rows[around], axis=0) == 1).all()
            assert columns[around].shape == (height, width)
            found.append((right - left) * (bottom - top))
    assert len(found) > 60 and min(found) == 1 and max(found) >= 100


def test_objects_that_touch_others_stay_where_they_are(world):
    pair = [(40 + 24 * k, 40, 6, 6) for k in range(2)] + [(46, 40, 6, 6)]
    more = [(20 + 24 * k, 200, 6, 6) for k in range(10)] + [(26 + 24 * k, 200, 6, 6) for k in range(10)]
    prepared, run = world(1, [*pair, *more, (200, 40, 6, 6)], copy_paste=1.0)
    chips, found = TrainingChips(prepared, run, "detection"), set()
    for index in range(30):
        chip = chips.chip(index)
        (columns, rows), _ = origins(chip)
        found |= {(int(columns[top, left]), int(rows[top, left])) for (left, top, _, _), _ in pasted(chip)}
    assert found and found <= {(64, 40), (200, 40)}


def test_an_object_is_pasted_as_its_label_outlines_it(raster, layer, tools):
    """Of a triangle no pixel of the other half of its box comes along, but for the rim."""
    path = raster("0.tif", places_raster(), photometric="minisblack")
    corner = tools.square(40, 40, 20)
    left, bottom, right, top = corner.bounds
    shapes = [shapely.Polygon([(left, top), (right, top), (left, bottom)])]
    shapes += [shapely.affinity.translate(shapes[0], 60 * k, -60 * k) for k in range(1, 5)]
    run = tools.run(tools.source(path, "detection", layer("a.gpkg", shapes)), augmentation={**PLAIN, "copy_paste": 1.0})
    prepared, found = prepare(run), 0
    chips = TrainingChips(prepared, run, "detection")
    for index in range(30):
        chip = chips.chip(index)
        (columns, rows), _ = origins(chip)
        for (left, top, right, bottom), _ in pasted(chip):
            y, x = np.mgrid[top:bottom, left:right]
            here = (columns[y, x] == chip.origin[0] + x) & (rows[y, x] == chip.origin[1] + y)
            across, down = x - left + 0.5, y - top + 0.5
            assert not here[across + down < 20].any() and here[across + down > 20 + 1.5].all()
            found += 1
    assert found > 10


@pytest.mark.parametrize("name", ["mosaic", "copy_paste"])
def test_a_share_of_the_chips_is_changed_and_always_alike(world, name):
    def fresh(share):
        prepared, run = world(**{name: share})
        return TrainingChips(prepared, run, "detection")

    whole, some = fresh(1.0), fresh(0.4)
    moved = [changed(some.chip(index)) for index in range(100)]
    assert 25 <= sum(moved) <= 55 and sum(changed(whole.chip(index)) for index in range(20)) >= 17
    again = pickle.loads(pickle.dumps(some))
    for index in (7, 3):
        one, other = some.chip(index), again.chip(index)
        assert torch.equal(one.image, other.image) and torch.equal(one.boxes, other.boxes)


def changed(chip):
    """Whether any pixel of a chip shows another place than the chip's."""
    (columns, rows), shown = origins(chip)
    y, x = np.mgrid[: columns.shape[0], : columns.shape[1]]
    return bool(((columns != chip.origin[0] + x) | (rows != chip.origin[1] + y))[shown].any())


def test_segmentation_is_left_alone(raster, layer, tools):
    run = tools.run(
        tools.source(raster("a.tif", (3, 160, 160)), "segmentation", layer("a.gpkg", tools.scattered(160))),
    )
    prepared = prepare(run)
    plain = TrainingChips(prepared, run, "segmentation")
    run.training.augmentation = Augmentation(mosaic=1.0, copy_paste=1.0)
    both = TrainingChips(prepared, run, "segmentation")
    for index in range(8):
        one, other = plain.chip(index), both.chip(index)
        assert torch.equal(one.image, other.image) and torch.equal(one.mask, other.mask)


@pytest.mark.parametrize("views", [False, True])
def test_switched_off_chips_are_what_they_were(world, views):
    """The chips of before mosaics, drawn anew here."""
    prepared, run = world(dihedral=True, scale=0.25, color=0.2)
    training = run.training
    chips = TrainingChips(prepared, run, "detection", Draw(views=views))
    sampler = ChipSampler(prepared.sources, training.chip_size, training.rare_class_share)
    augmenter = Augmenter(training.augmentation, prepared, training.chip_size)
    for index in range(25):
        rng, best = np.random.default_rng([*chips._key, index]), None
        for _ in range(8):
            source, column, row = sampler.draw(rng)
            window = window_around(prepared.sources[source].reader.grid, column, row, augmenter.window_side(rng))
            piece = cut(prepared.sources[source], window, training=True)
            best = piece if best is None or piece.share() > best.share() else best
            if best.share() >= 0.1:
                break
        expected, found = augmenter.augment(best, rng, views), chips.chip(index)
        assert torch.equal(found.image, expected.image) and torch.equal(found.valid, expected.valid)
        assert torch.equal(found.boxes, expected.boxes) and torch.equal(found.labels, expected.labels)
        assert found.origin == expected.origin and found.source == expected.source
        assert not views or torch.equal(found.strong, expected.strong)


def test_the_parts_of_a_mosaic_are_drawn_on_their_own_source_s_ground(raster, layer, tools):
    """A large raster gets most draws, and none of its places stands for one of the small raster."""
    sources = [
        tools.source(raster(f"{side}.tif", (3, side, side), seed=side), "detection", layer(f"{side}.gpkg", squares))
        for side, squares in ((128, tools.scattered(128)), (640, tools.scattered(640)[600:]))
    ]
    sampler, rng = ChipSampler(prepare(tools.run(*sources)).sources, 64, 0.5), np.random.default_rng(0)
    places = np.array([sampler.draw_in(0, rng) for _ in range(200)])
    assert places.max() < 128 + 0.4 * 64 and len(np.unique(places, axis=0)) == 200

"""Chips drawn where much was measured: cells of ground, and how often draws fall into each."""

import itertools

import numpy as np
import pytest
import shapely

from engine.config import Area, SemiSupervised
from engine.data import Draw, prepare, training_loader
from engine.data.loading import TrainingChips
from engine.data.sampling import MOST_CELLS, Cells, ChipSampler, PreferredPlaces

DRAWS = 4000


@pytest.fixture
def ground(raster, layer, tools):
    """A run with unlabelled ground of two rasters: 256 x 192 px, and of another's 128 x 128 px a triangle."""
    image = raster("labelled.tif", (3, 128, 128))
    labels = layer("labels.gpkg", tools.scattered(128), kind=["house"] * 64)
    corner = shapely.Polygon([(tools.LEFT, tools.TOP), (tools.LEFT + 128, tools.TOP), (tools.LEFT, tools.TOP - 128)])
    area = Area(kind="layer", path=layer("area.gpkg", [corner]))
    sources = [
        tools.source(image, labels=labels),
        tools.source(raster("wide.tif", (3, 192, 256)), "unlabelled"),
        tools.source(raster("corner.tif", (3, 128, 128)), "unlabelled", area=area),
    ]
    run = tools.run(*sources, recipe=SemiSupervised())
    return prepare(run), run


def cells_of(prepared, chip=64):
    return Cells(prepared.of_role("unlabelled"), chip)


def test_cells_divide_the_ground_by_how_often_uniform_draws_lie_in_each(ground):
    prepared, _ = ground
    sources = prepared.of_role("unlabelled")
    cells, sampler, rng = cells_of(prepared), ChipSampler(sources, 64, 0.5), np.random.default_rng(0)
    assert cells.shares.sum() == pytest.approx(1)
    shapes = [cells._cells[cell] for cell in range(len(cells))]
    for index, source in enumerate(sources):
        mine = [shape for owner, shape in shapes if owner == index]
        assert (
            sum(shape.area for shape in mine)
            == pytest.approx(source.training.area)
            == pytest.approx(shapely.union_all(mine).area)
        )
    drawn = [sampler.draw(rng) for _ in range(DRAWS)]
    for (owner, shape), share in zip(shapes, cells.shares, strict=True):
        hits = sum(source == owner and shape.contains(shapely.Point(x, y)) for source, x, y in drawn)
        assert hits / DRAWS == pytest.approx(share, abs=4 * np.sqrt(share / DRAWS))
    for cell, (owner, shape) in enumerate(shapes):
        source, column, row = cells.place(cell, rng)
        assert source == owner and shape.buffer(1e-6).contains(shapely.Point(column, row))


def test_much_ground_has_larger_cells_and_not_more_of_them(ground):
    prepared, _ = ground
    assert MOST_CELLS / 4 < len(cells_of(prepared, 16)) <= MOST_CELLS
    assert len(cells_of(prepared, 1)) <= MOST_CELLS


def test_half_the_draws_follow_what_was_measured_and_half_nothing(ground):
    prepared, _ = ground
    cells, rng = cells_of(prepared), np.random.default_rng(1)
    measured = np.zeros(len(cells))
    measured[[1, 3]] = 1.0, 3.0
    places = PreferredPlaces(ChipSampler(prepared.of_role("unlabelled"), 64, 0.5), cells, measured)
    drawn = [places.draw(rng) for _ in range(DRAWS)]
    weights = cells.shares * measured
    for cell, share in enumerate(0.5 * cells.shares + 0.5 * weights / weights.sum()):
        owner, shape = cells._cells[cell]
        hits = sum(source == owner and shape.contains(shapely.Point(x, y)) for source, x, y in drawn)
        assert hits / DRAWS == pytest.approx(share, abs=4 * np.sqrt(share / DRAWS)), cell


def test_without_a_measurement_and_where_all_is_zero_chips_are_those_of_ever(ground):
    prepared, run = ground
    usual = TrainingChips(prepared, run, "unlabelled", Draw(stage="student"))
    nothing = np.zeros(len(cells_of(prepared)))
    for other in (None, nothing):
        same = TrainingChips(prepared, run, "unlabelled", Draw(stage="student", measured=other))
        assert all((usual[i].image == same[i].image).all() and usual[i].origin == same[i].origin for i in range(8))


def test_chips_with_a_measurement_depend_on_their_number_alone_whoever_reads_them(ground):
    prepared, run = ground
    measured = np.arange(len(cells_of(prepared)), dtype=float)

    def origins(run, start=0):
        stream = training_loader(prepared, run, "unlabelled", Draw(start=start, measured=measured))
        return [batch.chips for batch in itertools.islice(stream, 3)]

    whole = origins(run)
    assert origins(run, 4)[:2] == whole[1:]
    parallel = run.model_copy(update={"training": run.training.model_copy(update={"workers": 1})})
    assert origins(parallel) == whole
    assert whole != [batch.chips for batch in itertools.islice(training_loader(prepared, run, "unlabelled"), 3)]

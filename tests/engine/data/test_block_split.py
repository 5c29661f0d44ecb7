"""Rounds of learning: what a model has trained on never judges those that go on from it."""

import numpy as np
import pytest

from engine.config import Area, Split, Supervised
from engine.data import prepare
from engine.data.blocks import SPLIT_FILE, Shares, selections, write_split

SMALL, LARGE = 160, 240
"""Pixels of the side of what is labelled."""


@pytest.fixture
def rounds(raster, layer, tools, tmp_path):
    """A function that prepares a round: how much is labelled, and the folder of the round before."""
    image, labels = raster("town.tif", (3, 256, 256)), layer("houses.gpkg", tools.scattered(256))

    def prepared(labelled, before=None, **split):
        area = layer(f"area{labelled}.gpkg", [tools.square(0, 0, labelled)])
        source = tools.source(image, labels=labels, area=Area(path=str(area)))
        recipe = Supervised(start_from=str(before / "model")) if before else None
        return prepare(tools.run(source, recipe=recipe, split=Split(**split)))

    return prepared


def ground(prepared):
    source = prepared.sources[0]
    return source.training, source.validation


def kept(prepared, folder):
    folder.mkdir(exist_ok=True)
    write_split(folder, prepared.split)
    return folder


def test_new_ground_is_divided_and_old_ground_stays_on_its_side(rounds, tmp_path):
    first = rounds(SMALL)
    second = rounds(LARGE, kept(first, tmp_path / "first"))
    trained, judged = ground(first)
    trains, judges = ground(second)
    assert judges.intersection(trained).area < 1e-6 and trains.intersection(judged).area < 1e-6
    assert judges.intersection(judged).area == pytest.approx(judged.area)
    assert judges.area > 1.3 * judged.area and trains.area > 1.3 * trained.area  # what is new is on both sides
    assert not second.warnings or all("start_from" not in each for each in second.warnings)
    third = rounds(LARGE, kept(second, tmp_path / "second"))
    assert third.split == second.split and ground(third)[1].equals(judges)


def test_without_it_the_rounds_leak(rounds):
    """Else the test above would say nothing."""
    trained = ground(rounds(SMALL))[0]
    assert any(ground(rounds(LARGE, seed=seed))[1].intersection(trained).area for seed in range(6))


@pytest.mark.parametrize("text", [None, "{", '{"block_size": NaN, "training": [], "validation": []}', "[1]"])
def test_where_it_is_not_known_the_run_says_so(rounds, tmp_path, text):
    folder = tmp_path / "first"
    folder.mkdir()
    if text is not None:
        (folder / SPLIT_FILE).write_text(text)
    found = rounds(LARGE, folder)
    assert any("is not known here" in each for each in found.warnings)
    assert found.split.validation == rounds(LARGE).split.validation


def test_blocks_of_another_size_are_not_compared(rounds, tmp_path):
    found = rounds(LARGE, kept(rounds(SMALL), tmp_path / "first"), block_size=41)
    assert found.split.block_size == 41 and any("is not known here" in each for each in found.warnings)


def test_where_all_old_ground_has_trained_and_nothing_is_new_it_is_divided_anew(rounds, tmp_path):
    first = rounds(SMALL)
    everything = first.split.model_copy(
        update={"training": first.split.training | first.split.validation, "validation": frozenset()}
    )
    folder = tmp_path / "first"
    folder.mkdir()
    write_split(folder, everything)
    found = rounds(SMALL, folder)
    assert ground(found)[1].area and any("cannot be divided, so" in each for each in found.warnings)


def test_fixed_blocks_are_in_every_choice():
    rng = np.random.default_rng(0)
    shares = Shares(rng.random((30, 2)) / 15, np.ones(2))
    groups, fixed = np.arange(30) // 4, np.zeros((2, 30), bool)
    fixed[0, :3], fixed[1, 3:20] = True, True
    found = selections(shares, groups, 0.2, 1, fixed)
    assert found[:, :3].all() and not found[:, 3:20].any() and found[:, 20:].any()
    assert np.array_equal(selections(shares, groups, 0.2, 1), selections(shares, groups, 0.2, 1, 0 * fixed))

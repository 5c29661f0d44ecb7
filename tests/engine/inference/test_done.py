"""A job of many rasters that is given again does what is missing."""

import pytest

from engine.errors import OutputError
from engine.inference.layers import Results
from engine.inference.many import DONE_FILE, Done, items


@pytest.fixture
def things(tmp_path):
    for name in ("a.tif", "b.tif"):
        (tmp_path / name).write_text(name)
    return items([str(tmp_path / "a.tif"), str(tmp_path / "b.tif")], tmp_path / "out")


def results(item):
    item.folder.mkdir(parents=True, exist_ok=True)
    (item.folder / "classes.tif").touch()
    return Results(item.name, classes=item.folder / "classes.tif")


def test_what_is_done_is_remembered_until_all_is(things, tmp_path):
    first, second = things
    Done(tmp_path / "out", {"model": "m"}, 2).add(first, results(first))
    with (tmp_path / "out" / DONE_FILE).open("a") as file:
        file.write('{"key": "half a li')
    again = Done(tmp_path / "out", {"model": "m"}, 2)
    assert again.results(first).classes.name == "classes.tif" and again.results(second) is None
    again.add(second, results(second))
    assert Done(tmp_path / "out", {"model": "m"}, 2).results(second), "the half line does not swallow the next"
    again.remove()
    assert not (tmp_path / "out" / DONE_FILE).exists()


def test_what_has_changed_since_is_not_done(things, tmp_path):
    first, second = things
    done = Done(tmp_path / "out", {"model": "m"}, 2)
    for item in things:
        done.add(item, results(item))
    (first.folder / "classes.tif").unlink()
    (tmp_path / "b.tif").write_text("another b")
    again = Done(tmp_path / "out", {"model": "m"}, 2)
    assert again.results(first) is None and again.results(second) is None
    results(first)
    assert again.results(first) and Done(tmp_path / "out", {"model": "n"}, 2).results(first) is None


def test_one_raster_leaves_no_list_and_a_folder_that_is_none_is_named(things, tmp_path):
    Done(tmp_path / "one", {}, 1).add(things[0], results(things[0]))
    assert not (tmp_path / "one").exists()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"prediction\.done"):
        Done(tmp_path / "file" / "out", {}, 2)

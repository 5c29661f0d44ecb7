"""Folders of the cache: complete or absent, whoever makes them."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from engine.processes import made_once


def test_those_who_fill_it_at_the_same_moment_all_get_it_and_nothing_is_left_beside_it(tmp_path):
    everybody = Barrier(4)
    folder = tmp_path / "cache" / "name"

    def fill(complete):
        (complete / "file").write_text("content")
        everybody.wait(10)  # nobody finished before all had begun

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: made_once(folder, fill), range(4)))
    assert made == [folder] * 4
    assert (folder / "file").read_text() == "content"
    assert list(folder.parent.iterdir()) == [folder]


def test_one_that_is_there_is_not_filled_again(tmp_path):
    made_once(tmp_path / "name", lambda complete: (complete / "file").write_text("first"))
    made_once(tmp_path / "name", lambda complete: pytest.fail("filled again"))
    assert (tmp_path / "name" / "file").read_text() == "first"


def test_one_that_could_not_be_filled_is_absent(tmp_path):
    def fill(complete):
        (complete / "half").write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        made_once(tmp_path / "cache" / "name", fill)
    assert list((tmp_path / "cache").iterdir()) == []


def test_one_that_cannot_be_put_into_place_is_an_error(tmp_path):
    (tmp_path / "name").write_text("a file in its way")
    with pytest.raises(OSError, match="name"):
        made_once(tmp_path / "name", lambda complete: None)

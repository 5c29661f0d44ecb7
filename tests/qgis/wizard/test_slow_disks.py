"""The wizard on disks that are far away: its pages wait for them, QGIS does not."""

import time

from ..cards import write_card
from ..slow_disks import main_thread_s_touches, not_answering
from .test_teaching import CARD

SOON = 0.5
"""Seconds in which a page must have answered."""


def test_a_name_is_typed_without_a_look_at_the_disk(filled, engine, pages, tmp_path, wait):
    runs = tmp_path / "runs"
    (runs / "town").mkdir(parents=True)
    pages.go_to_check(filled)
    prepared = filled.session.prepared
    with main_thread_s_touches(runs) as touched:
        filled.next()
        pages.look(filled)
        for text in ("t", "to", "tow", "town"):
            filled.run.name.setText(text)
        assert "There is town in this folder already" in filled.run.problems["name"].text()
    assert touched == []
    with main_thread_s_touches(prepared) as touched:
        filled.run.name.setText("village")
        filled.run.folder.setFilePath(str(tmp_path / "others"))
        pages.look(filled)
    assert touched == []


def test_a_model_on_a_dead_drive_keeps_only_its_page_waiting(filled, pages, tmp_path, wait):
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"weights")
    item = write_card(folder, CARD)
    filled.next()
    filled.next()
    with not_answering(item):
        before = time.monotonic()
        filled.recipe.recipes["distil"].click()
        filled.recipe.package.setFilePath(str(item))
        assert filled.recipe.problem.text() == "Reading the model's card…" and not pages.can_go_on(filled)
        assert time.monotonic() - before < SOON
    wait(lambda: filled.recipe.problem.text() != "Reading the model's card…")

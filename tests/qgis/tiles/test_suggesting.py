"""Suggestions on a web service's layer: the view is fetched for them; the whole of it has no end."""

import re

import pytest
from geodistil.jobs.labelling.layers import make_labels
from geodistil.jobs.labelling.link import LabelClass

from .test_fetching import part
from .test_predicting import MODEL, engine  # noqa: F401


@pytest.fixture
def dock(map_window, project, tiles, engine, tmp_path):  # noqa: F811
    """The dock over a label layer of the service."""
    from geodistil.ui.labelling.dock import LabelDock

    made = LabelDock(map_window, project)
    made.canvas = map_window.canvas
    labels = make_labels(tiles, tmp_path / "cars.gpkg", "detection", [LabelClass("vehicle", "#e6194b")], project)
    made.take(labels)
    made.suggest.model.set_path(str(MODEL))
    made.suggest.score.setValue(5)
    yield made
    made.stop()


def test_the_view_of_a_service_is_fetched_and_suggested(dock, wait, server, kept):
    texts, server.delay = [], 0.1
    dock.suggest.asked.emit("view")
    wait(lambda: texts.append(dock.suggest.progress.text.text()) or "suggestions" in dock.suggest.words.text(), 180)
    assert any(re.search(r"\d of \d+ tiles", text) for text in texts), set(texts)
    assert list(kept.glob("*.tif"))
    found = dock.reviewer.suggestions.layer
    assert found.featureCount() and dock.canvas.extent().buffered(60).contains(found.extent())
    count = len(server.tiles())
    dock.suggest.asked.emit("view")
    wait(lambda: "suggestions" in dock.suggest.words.text() and not dock.suggest.progress.isVisible(), 180)
    assert len(server.tiles()) == count


def test_the_whole_of_a_service_and_too_large_a_view_are_refused(dock, wait):
    dock.suggest.asked.emit("raster")
    assert "tiles is a web service, which has no end. Take suggestions in this view." in sentences(dock)
    dock.canvas.setExtent(part(60, 60))
    dock.suggest.asked.emit("view")
    wait(lambda: "That is much imagery" in sentences(dock), 60)
    assert "Zoom in" in sentences(dock)


def sentences(dock):
    return f"{dock.problem.text()} {dock.suggest.problem.text()}"

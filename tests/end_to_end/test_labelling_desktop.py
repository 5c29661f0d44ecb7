"""Suggestions in a real QGIS window: walked, corrected with QGIS's own vertex tool, judged by key and click, saved."""

from pathlib import Path

from ..desktop.profile import Desktop


def test_suggestions_are_reviewed_in_a_window(town, tmp_path):
    desktop = Desktop(tmp_path / "desktop").link()
    script = Path(__file__).with_name("labelling_session.py")
    found = desktop.run(script, "review", limit=400, town=str(town), folder=str(tmp_path))
    print(found)
    assert found["moved"] and found["accepted"] == ["red"]
    assert found["width"] > 9  # metres; the suggestion had eight
    assert found["left"] == 1 and found["back"] == 2
    assert found["complete"] > 8 * 6

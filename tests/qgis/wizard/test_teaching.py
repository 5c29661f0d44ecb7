"""A finished model that teaches a smaller one, chosen on the wizard's recipe page."""

import json

import pytest
from geodistil.jobs.sources.template import draft_from_run

from ..cards import write_card

CARD = {
    "name": "town",
    "tasks": ["detection", "segmentation"],
    "gsd": 0.4,
    "bands": [3, 2, 1],
    "background": True,
    "detection_classes": [
        {"name": "bus", "color": "#00ff00", "values": ["BUS"]},
        {"name": "car", "color": "#0000ff", "values": ["CAR"]},
    ],
    "segmentation_classes": [{"name": "roof", "color": "#ff0000"}, {"name": "road", "color": "#ff00ff"}],
    "network": {"size": "large", "detection_head": "retinanet", "detection_strides": [8, 16]},
}


@pytest.fixture
def package(tmp_path):
    """Writes a model package; returns its item.json."""

    def write(**changes):
        folder = tmp_path / "package"
        folder.mkdir(exist_ok=True)
        (folder / "model.safetensors").write_bytes(b"weights")
        return str(write_card(folder, {**CARD, **changes}))

    return write


@pytest.fixture
def recipe(filled):
    """The recipe page, with the recipe chosen."""
    filled.next()
    filled.next()
    filled.recipe.recipes["distil"].click()
    return filled.recipe


@pytest.fixture
def read(wait):
    """Chooses a package and waits until its card is read, on another thread."""

    def choose(page, path):
        page.package.setFilePath("")
        page.package.setFilePath(path)
        assert page.problem.text() == "Reading the model's card…"
        wait(lambda: page.problem.text() != "Reading the model's card…")

    return choose


def test_a_model_is_asked_for_and_must_fit_the_labels(filled, recipe, pages, package, tmp_path, read):
    assert recipe.problem.text() == "Choose the model that teaches." and not pages.can_go_on(filled)
    assert not recipe.package.isHidden() and recipe.teacher.isHidden()
    read(recipe, str(tmp_path))
    assert "is not a GeoDistil model package" in recipe.problem.text()
    read(recipe, package(tasks=["detection"]))
    assert recipe.problem.text() == "The model town has no segmentation, so labels for it cannot be used."
    read(recipe, package(segmentation_classes=CARD["segmentation_classes"][:1]))
    assert "The model town has no class road: go back, and rename it (roof)" in recipe.problem.text()
    read(recipe, package())
    assert recipe.problem.text() == "" and pages.can_go_on(filled)
    recipe.advanced.fields["DISTILLATION"].terms["soft"].setChecked(False)
    assert "nothing that the student learns from the model" in recipe.problem.text() and not pages.can_go_on(filled)
    recipe.recipes["supervised"].click()
    assert recipe.problem.text() == "" and recipe.package.isHidden()


def test_classes_bands_and_resolution_are_the_model_s_and_it_goes_into_the_run(
    filled, recipe, engine, wait, package, project, read
):
    read(recipe, package())
    recipe.advanced.fields["DISTILLATION"].terms["feature"].setChecked(True)
    filled.next()
    wait(lambda: filled.check.isComplete())
    folder = filled.session.prepared
    run = json.loads((folder / "run.json").read_text())
    assert run["recipe"]["student"] == {"size": "small", "detection_head": "retinanet", "detection_strides": [8, 16]}
    assert (run["recipe"]["package"], run["recipe"]["distillation"]) == ("teacher", ["soft", "feature"])
    assert (run["gsd"], run["bands"], run["background"]) == (0.4, [3, 2, 1], True)
    assert [(each["name"], each["values"]) for each in run["detection_classes"]] == [("bus", ["bus"]), ("car", ["car"])]
    assert [each["name"] for each in run["segmentation_classes"]] == ["roof", "road"]
    assert (folder / "teacher" / "model.safetensors").read_bytes() == b"weights"
    again = draft_from_run(folder, project)
    assert (again.recipe.kind, again.recipe.package) == ("distil", str(folder / "teacher"))

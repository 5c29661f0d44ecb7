"""A finished model that teaches a smaller one, or that a run starts from, chosen on the wizard's recipe page."""

import json
from pathlib import Path

import pytest
from geodistil.jobs.packages import copy_teacher
from geodistil.jobs.runs.files import START, TEACHER
from geodistil.jobs.sources.run_file import draft_from_run

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


@pytest.fixture
def begin(wait):
    """Chooses a package to start from and waits until its card is read."""

    def choose(page, path):
        page.start.setFilePath("")
        page.start.setFilePath(path)
        wait(lambda: page.problem.text() != "Reading the model's card…")

    return choose


def test_a_model_to_start_from_must_do_what_the_labels_are_for(filled, pages, package, tmp_path, begin):
    filled.next()
    filled.next()
    page = filled.recipe
    assert not page.start.isHidden() and pages.can_go_on(filled) and page.student.isEnabled()
    begin(page, str(tmp_path))
    assert "is not a GeoDistil model package" in page.problem.text() and not pages.can_go_on(filled)
    begin(page, package(tasks=["detection"]))
    assert page.problem.text() == (
        "The model town does detection, and the labels are for detection and segmentation: both must be the same."
    )
    begin(page, package())
    assert page.problem.text() == "" and pages.can_go_on(filled) and not page.student.isEnabled()
    page.recipes["distil"].click()
    assert page.start.isHidden() and page.problem.text() == "Choose the model that teaches."
    page.recipes["supervised"].click()
    assert page.start.filePath() and page.problem.text() == ""


def test_a_run_starts_from_the_model_with_its_network_bands_and_resolution(
    filled, engine, wait, package, project, begin
):
    filled.next()
    filled.next()
    begin(filled.recipe, package())
    filled.recipe.advanced.fields["LEARNING_WITHOUT_FORGETTING"].number.setValue(1.0)
    filled.next()
    wait(lambda: filled.check.isComplete())
    folder = filled.session.prepared
    run = json.loads((folder / "run.json").read_text())
    assert (run["recipe"]["start_from"], run["recipe"]["learning_without_forgetting"]) == ("start", 1.0)
    assert run["recipe"]["student"] == {} and run["recipe"]["detection_teacher"] == {"size": "medium"}
    assert (run["gsd"], run["bands"]) == (0.4, [3, 2, 1])
    assert [each["name"] for each in run["segmentation_classes"]] == ["road", "roof"]  # the labels'
    assert (folder / "start" / "model.safetensors").read_bytes() == b"weights"
    again = draft_from_run(folder, project)
    assert again.recipe.start_from == str(folder / "start")


@pytest.mark.parametrize("place", ["run", "run/model"])
def test_what_ground_a_model_has_trained_on_goes_with_it(package, tmp_path, place):
    """Else it would judge the next model on the same ground."""
    model = tmp_path / "run" / "model"
    model.parent.mkdir()
    Path(package()).parent.rename(model)
    (tmp_path / place / "split.json").write_text("the split")
    for run in ("first", "again"):
        (tmp_path / run).mkdir()
    copy_teacher(model, tmp_path / "first", START)
    copy_teacher(tmp_path / "first" / START, tmp_path / "again", START)  # as a run is edited anew
    assert (tmp_path / "again" / START / "split.json").read_text() == "the split"
    copy_teacher(model, tmp_path / "again", TEACHER)
    assert not (tmp_path / "again" / TEACHER / "split.json").exists()


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

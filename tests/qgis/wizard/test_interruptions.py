"""What a person does at the wrong moment: cancelling while a run is written, removing layers that are needed."""

import os
from pathlib import Path

import pytest
from geodistil.jobs.runs.files import find_runs
from geodistil.jobs.sources.problems import GONE
from qgis.PyQt.QtWidgets import QWizard

MEGABYTES = 300
SHARED_MEMORY = Path("/dev/shm")


@pytest.fixture
def other_disk(tmp_path):
    """A folder on another disk than QGIS's temporary files."""
    if not SHARED_MEMORY.is_dir() or SHARED_MEMORY.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is one disk only")
    folder = SHARED_MEMORY / f"geodistil-{os.getpid()}"
    folder.mkdir()
    yield folder
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()


def finish(wizard):
    return wizard.button(QWizard.WizardButton.FinishButton)


def with_a_large_export(wizard):
    """As if a large raster had been exported: as large a file in the prepared folder."""
    exported = wizard.session.prepared / "rasters" / "large.tif"
    exported.parent.mkdir(exist_ok=True)
    with exported.open("wb") as file:
        file.truncate(MEGABYTES << 20)


def test_cancelling_while_the_run_goes_to_another_disk_leaves_nothing_of_it(filled, engine, wait, pages, other_disk):
    started = []
    filled.started.connect(started.append)
    filled.session.draft.parent = str(other_disk)
    pages.go_to_run(filled)
    prepared = filled.session.prepared
    with_a_large_export(filled)
    finish(filled).click()
    wait(lambda: any(other_disk.iterdir()))  # it is on its way
    filled.reject()
    assert find_runs(other_disk) == []
    wait(lambda: not filled.isVisible())
    assert list(other_disk.iterdir()) == [] and started == []
    wait(lambda: not prepared.exists())


def test_a_run_on_another_disk_appears_whole(filled, engine, wait, pages, other_disk):
    started, seen = [], []
    filled.started.connect(started.append)
    filled.session.draft.parent = str(other_disk)
    pages.go_to_run(filled)
    prepared = filled.session.prepared
    with_a_large_export(filled)
    whole = {path.relative_to(prepared).as_posix() for path in prepared.rglob("*")}
    finish(filled).click()

    def arrived():
        seen.extend({path.relative_to(run).as_posix() for path in run.rglob("*")} for run in find_runs(other_disk))
        return started

    wait(arrived)
    assert whole <= seen[0] and (other_disk / "model" / "rasters" / "large.tif").stat().st_size == MEGABYTES << 20
    assert [path.name for path in other_disk.iterdir()] == ["model"] and not prepared.exists()
    assert (other_disk / "model").stat().st_mode & 0o777 == 0o777 & ~umask()


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_run_that_cannot_be_written_is_told_and_can_be_started_elsewhere(filled, engine, wait, pages, tmp_path):
    started = []
    filled.started.connect(started.append)
    pages.go_to_run(filled)
    (tmp_path / "runs").write_text("a file, since the folder was looked at")
    finish(filled).click()
    wait(lambda: filled.run.problems["start"].text())
    assert "cannot be written" in filled.run.problems["start"].text() and filled.run.isEnabled()
    filled.run.folder.setFilePath(str(tmp_path / "others"))
    pages.look(filled)
    finish(filled).click()
    wait(lambda: started)
    assert started == [tmp_path / "others" / "model"]


def remove(project, layer):
    project.removeMapLayer(layer.id())


@pytest.mark.parametrize(("layer", "field"), [("north", "raster"), ("roofs", "labels")])
def test_a_layer_that_is_gone_is_a_sentence_wherever_something_is_pressed(
    filled, engine, wait, pages, project, town, layer, field
):
    pages.go_to_run(filled)
    wait(lambda: not filled.measurement.running)
    assert finish(filled).isEnabled()
    remove(project, town[layer])
    number = {"north": 1, "roofs": 2}[layer]
    sentence = f"Source {number}: {GONE[field]}"
    assert filled.run.problems["start"].text() == sentence and not finish(filled).isEnabled()
    filled.accept()  # as the Enter key might
    assert filled.run.isEnabled() and filled.session.prepared.exists()
    filled.run.estimate_button.click()
    assert sentence in filled.run.estimate.text() and filled.run.estimate_button.isEnabled()
    filled.back()
    filled.check.split_button.click()
    assert project.mapLayersByName("Split into blocks")
    filled.check.again_button.click()
    [(kind, told)] = filled.check.notices.shown
    assert kind == "error" and sentence in told and filled.check.again_button.isEnabled()
    for _ in range(3):
        filled.back()
    filled.sources.table.selectRow(number - 1)
    assert pages.problem(filled, field) == GONE[field] and not pages.can_go_on(filled)


def test_a_layer_that_goes_while_rasters_are_exported_is_a_sentence(filled, engine, wait, pages, project, town):
    pages.go_to_check(filled)
    filled.check.check()
    remove(project, town["north"])
    wait(lambda: filled.check._work is None)
    assert filled.check.again_button.isEnabled()


@pytest.fixture
def cancelled_count(wizard, town, project, make_boxes, wait, pages):
    """The wizard with a source whose labels someone did not let be counted."""
    many = make_boxes([(8, 8, 20, 20, "car")] * 30_000, "many")
    project.addMapLayer(many)
    wizard.sources.add_rasters([town["north"]])
    pages.choose(wizard, 0, "detection", many)
    for task in list(wizard.session.inspector._tasks.values()):
        task.cancel()
    wait(lambda: wizard.sources.again_button.isVisible() and not wizard.session.inspector._tasks)
    return wizard


def test_a_count_that_someone_cancels_can_be_done_again(cancelled_count, wait, pages):
    sources = cancelled_count.sources
    assert "cancelled" in pages.problem(cancelled_count, "labels") and not pages.can_go_on(cancelled_count)
    sources.again_button.click()
    wait(sources.isComplete)
    assert not sources.again_button.isVisible()


def test_a_count_that_failed_for_labels_of_before_is_not_offered_again(cancelled_count, town, wait, pages):
    pages.choose(cancelled_count, 0, "detection", town["cars"])
    wait(cancelled_count.sources.isComplete)
    assert not cancelled_count.sources.again_button.isVisible()

"""The page as a person uses it: one button, cancel, options, an own Python, removal, diagnostics."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from geodistil.jobs import environment
from geodistil.jobs.environment import place
from geodistil.jobs.environment.place import Choices
from geodistil.jobs.environment.status import State, status
from geodistil.jobs.errors import GeoDistilError
from geodistil.jobs.installer.download import digest
from geodistil.jobs.installer.job import LOCK_FILE, only_one
from geodistil.ui.environment.page import EnvironmentPage
from geodistil.ui.environment.wiring import EnvironmentDialog, EnvironmentOptions, invite, show_environment
from qgis.core import QgsApplication
from qgis.gui import QgsMessageBar
from qgis.PyQt.QtWidgets import QMainWindow, QMessageBox, QPushButton

from ..waiting import let_qgis_work_until as wait


@pytest.fixture
def folder(settings):
    folder = place.home()
    folder.mkdir()
    return folder


@pytest.fixture
def make_page(folder, lock, known, uv_tools):
    """A page whose button installs a small set for real."""
    pages = []
    (folder / "tools").symlink_to(uv_tools)

    def make(*packages, imports=("six",)):
        requirements = lock(*packages)

        def request(choices, own):
            return {
                **choices.for_request(),
                "requirements": str(requirements),
                "imports": list(imports),
                "build": "default",
                "own": own,
            }

        page = EnvironmentPage(make_request=request, requirements=requirements)
        page.show()
        pages.append(page)
        return page

    yield make
    for page in pages:
        page.close()


def test_one_button_sets_up_and_the_page_tells_how_it_goes(make_page, known, folder):
    page = make_page(known.six, known.iniconfig)
    assert page.headline.text() == "GeoDistil needs its engine" and page.main_button.text() == "Set up"
    texts, ready = set(), []
    page.ready.connect(lambda: ready.append(True))
    page.main_button.click()
    assert page.bar.isVisible() and page.cancel_button.isVisible() and not page.main_button.isVisible()
    assert not page.options.isEnabled()
    wait(lambda: texts.add(page.step.text()) or ready)
    assert page.headline.text() == "The engine is ready" and page.main_button.text() == "Check again"
    assert page.remove_button.isVisible() and not page.bar.isVisible() and page.options.isEnabled()
    assert page.notice.text() == "Everything was tried and works."
    assert environment.engine_python() == folder / "venv" / "bin" / "python"


def test_the_page_names_encoders_whose_weights_the_doctor_found(folder, lock, known):
    requirements = lock(known.six)
    lite = {"name": "tu-lite", "parameters": 2_960_000, "licence": "Apache-2.0", "source": "PyPI, lite-model"}
    found = {"cuda": [], "encoders": [{**lite, "at_hand": True}, {**lite, "name": "tu-far", "at_hand": False}]}
    note = {"python": sys.executable, "version": "3.11", "build": "cpu", "found": found}
    (folder / "installed.json").write_text(json.dumps(note))
    text = EnvironmentPage(requirements=requirements).explanation.text()
    assert "Encoders with weights at hand: lite (3.0 M parameters, Apache-2.0; PyPI, lite-model)." in text
    assert "far" not in text


def test_a_failure_is_one_sentence_and_the_button_goes_on(make_page, known):
    page = make_page(known.six, imports=["no_such_module"])
    page.main_button.click()
    wait(lambda: not page.bar.isVisible())
    assert "no_such_module does not load" in page.notice.text()
    assert page.main_button.text() == "Go on" and page.headline.text() == "The engine is not complete"


def test_an_update_is_offered_and_made(make_page, known):
    page = make_page(known.six_old)
    page.main_button.click()
    wait(lambda: not page.bar.isVisible())
    page = make_page(known.six)
    assert page.main_button.text() == "Update" and "update" in page.headline.text()
    page.main_button.click()
    wait(lambda: not page.bar.isVisible())
    assert page.headline.text() == "The engine is ready"


def test_cancelling_keeps_what_is_there(make_page, known):
    page = make_page(*known.everything)
    page.main_button.click()
    wait(lambda: page.installation.progress)
    page.cancel_button.click()
    assert not page.cancel_button.isEnabled()
    wait(lambda: not page.bar.isVisible())
    assert page.notice.text() == "Cancelled. What was downloaded is kept." and page.main_button.text() == "Go on"


def test_a_page_that_opens_later_follows_what_goes_on(folder, lock, known):
    requirements = lock(known.six)
    event = '{"kind": "progress", "stage": "packages", "package": "six 1.17.0", "step": 1, "of": 9, "fraction": 0.4, '
    (folder / "events.jsonl").write_text(
        '{"kind": "started"}\n{"kind": "stage", "name": "packages"}\n' + event + '"eta_seconds": 300}\n'
    )
    with only_one(folder):
        page = EnvironmentPage(requirements=requirements)
        page.show()
        wait(lambda: page.bar.value())
        assert page.bar.value() == 400
        assert page.step.text() == "six 1.17.0, package 1 of 9, about 5 min left"
    wait(lambda: not page.bar.isVisible())
    page.close()


def test_a_python_of_one_s_own_is_tried_before_it_is_used(make_page, known, settings):
    page = make_page(known.six, imports=["no_such_module"])
    page.own.python.setFilePath(sys.executable)
    page.own.use.click()
    wait(lambda: not page.bar.isVisible())
    assert "no_such_module" in page.notice.text() and not settings.contains(environment.SETTING)
    page = make_page(known.six, imports=["json"])
    page.own.python.setFilePath(sys.executable)
    page.own.use.click()
    wait(lambda: not page.bar.isVisible())
    assert str(environment.engine_python()) == sys.executable
    assert page.headline.text() == "GeoDistil uses an environment of your own"
    assert not page.remove_button.isVisible()


def test_options_are_kept_and_an_other_folder_has_its_own_state(make_page, known, folder, tmp_path):
    page = make_page(known.six)
    (folder / "venv").mkdir()
    page.refresh()
    assert page.main_button.text() == "Go on"
    page.options.tool.setCurrentIndex(page.options.tool.findData("pip"))
    page.options.build.setCurrentIndex(page.options.build.findData("cu126"))
    page.options.folder.setFilePath(str(tmp_path / "elsewhere"))
    assert page.main_button.text() == "Set up"
    assert Choices.load() == Choices(tool="pip", build="cu126", folder=str(tmp_path / "elsewhere"))
    again = EnvironmentPage()
    assert again.options.choices() == Choices.load() and again.options.build.currentText() == "CUDA 12.6"


def test_removing_asks_first(make_page, known, folder, monkeypatch):
    page = make_page(known.six)
    page.main_button.click()
    wait(lambda: not page.bar.isVisible())
    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
    monkeypatch.setattr(QMessageBox, "question", lambda *arguments: answers.pop(0))
    (folder / "tools").unlink()  # the tests' own
    page.remove_button.click()
    assert (folder / "venv").exists()
    page.remove_button.click()
    wait(lambda: page.isEnabled())
    assert list(folder.iterdir()) == [] and page.main_button.text() == "Set up"


def test_diagnostics_go_to_the_clipboard(make_page, known):
    page = make_page(known.six)
    page.copy_button.click()
    assert page.copy_button.text() == "Copied"
    assert "State: missing" in QgsApplication.clipboard().text()


def test_every_field_has_a_name_for_screen_readers(folder):
    page = EnvironmentPage()
    options = page.options
    for field in (options.tool, options.python, options.build, options.wheels, options.index, options.folder, page.bar):
        assert field.accessibleName()


class Interface(QMainWindow):
    """What the invitation uses of QGIS's interface, with a real message bar."""

    def __init__(self):
        super().__init__()
        self.bar = QgsMessageBar(self)

    def mainWindow(self):
        return self

    def messageBar(self):
        return self.bar


@pytest.fixture
def window(qgis_app):
    window = Interface()
    window.show()
    yield window
    for dialog in window.findChildren(EnvironmentDialog):
        dialog.close()
    window.close()


def test_the_first_start_invites_once_and_the_button_opens_the_page(window, folder):
    invite(window)
    item = window.bar.currentItem()
    assert "not set up yet" in item.text()
    item.findChild(QPushButton).click()
    assert window.findChild(EnvironmentDialog).isVisible() and not window.findChild(EnvironmentDialog).isModal()
    window.bar.clearWidgets()
    invite(window)
    assert window.bar.currentItem() is None


def installed(folder, lock, known):
    """An environment that somebody has set up."""
    requirements = lock(known.six, version="3.11")
    python = folder / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    values = {"python": str(python), "requirements": "linux/3.11.txt", "build": "cpu", "version": "3.11"}
    values["digest"] = digest(requirements / "linux" / "3.11.txt", "cpu")
    (folder / "installed.json").write_text(json.dumps(values))
    (folder / LOCK_FILE).touch()  # of the one who has set it up
    return requirements, python


def test_an_environment_that_may_only_be_read_is_used_and_not_changed(window, folder, lock, known, only_read):
    requirements, python = installed(folder, lock, known)
    page = EnvironmentPage(requirements=requirements)
    assert page.main_button.isVisibleTo(page) and "may only be read" not in page.explanation.text()
    only_read(folder)
    page.refresh()
    assert environment.engine_python() == python
    assert page.headline.text() == "The engine is ready" and "may only be read" in page.explanation.text()
    assert not page.main_button.isVisibleTo(page) and not page.remove_button.isVisibleTo(page)
    lock(known.six, known.zipp, version="3.11")
    page.refresh()
    assert "there is an update" in page.headline.text() and not page.main_button.isVisibleTo(page)
    invite(window)  # as at every start of QGIS
    assert window.bar.currentItem() is None


def test_somebody_else_s_set_up_is_followed_and_not_stopped(folder, lock, known, only_read, tmp_path):
    requirements, _ = installed(folder, lock, known)
    only_read(folder)
    holder = "import fcntl, sys, time; file = open(sys.argv[1]); fcntl.flock(file, 2); print(flush=True); time.sleep(9)"
    with subprocess.Popen([sys.executable, "-c", holder, str(folder / LOCK_FILE)], stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        page = EnvironmentPage(requirements=requirements)
        assert page.headline.text() == "The engine is being set up" and "may only be read" in page.explanation.text()
        assert page.bar.isVisibleTo(page) and not page.cancel_button.isVisibleTo(page)
        other.kill()
    page.refresh()
    assert page.headline.text() == "The engine is ready"


def test_a_folder_that_may_not_even_be_looked_into_is_as_if_there_were_none(
    folder, lock, known, settings, as_another_user, tmp_path
):
    requirements, python = installed(folder, lock, known)
    tmp_path.chmod(0o700)
    settings.setValue(environment.SETTING, str(python))
    with as_another_user():
        assert status(folder, requirements).state is State.OWN_MISSING
        with pytest.raises(GeoDistilError, match="does not exist"):
            environment.engine_python()
        settings.remove(environment.SETTING)
        assert status(folder, requirements).state is State.MISSING


def test_nobody_is_invited_to_what_is_ready(window, folder, settings):
    settings.setValue(environment.SETTING, sys.executable)
    assert status().state is State.OWN
    invite(window)
    assert window.bar.currentItem() is None


def test_the_page_opens_once_and_comes_to_the_front(window, folder):
    assert show_environment(window) is show_environment(window)


def test_the_window_is_as_high_as_what_it_says(window, folder):
    dialog = show_environment(window)
    wait(lambda: dialog.height() == dialog.layout().totalHeightForWidth(dialog.width()))
    folded = dialog.height()
    dialog.page.options.setCollapsed(False)
    wait(lambda: dialog.height() > folded + 100)
    dialog.page.options.setCollapsed(True)
    wait(lambda: dialog.height() == folded)


def test_qgis_s_options_have_the_page_too(folder):
    widget = EnvironmentOptions().createWidget()
    assert widget.findChild(EnvironmentPage).folder == Path(folder)
    widget.apply()

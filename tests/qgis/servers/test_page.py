"""The page of servers as a person uses it: describe, test, accept a host key; on a real sshd."""

import json

import pytest
from geodistil.jobs.servers.server import SBATCH, SETTING, Server, servers, store_servers
from geodistil.ui.environment.wiring import ServersOptions
from geodistil.ui.servers_page import ServersDialog, show_servers
from qgis.core import QgsSettings
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QDialogButtonBox, QMainWindow, QPushButton

from ..probe import STALL_SECONDS, Probe
from ..waiting import let_qgis_work_until as wait


@pytest.fixture(autouse=True)
def no_servers(qgis_app):
    QgsSettings().remove(SETTING)
    yield
    QgsSettings().remove(SETTING)


@pytest.fixture
def page(qgis_app):
    dialog = ServersDialog()
    dialog.show()
    yield dialog.page
    dialog.close()


def ok(form):
    return form.buttons.button(QDialogButtonBox.StandardButton.Ok)


def fill(field, text):
    field.selectAll()
    QTest.keyClicks(field, text)


def click(button):
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def outcome(page):
    """What the page says once a test has ended."""
    click(page.test_button)
    wait(lambda: page.cancel_button.isHidden() and page.question is None, 120)
    return page.notice.text()


def test_servers_are_described_changed_and_forgotten(page):
    assert not page.test_button.isEnabled()
    click(page.add_button)
    form = page.form
    assert not ok(form).isEnabled() and not form.problems["name"].isVisible()
    fill(form.name, "box")
    assert "address" in form.problems["host"].text()
    for wrong in ("-oProxyCommand=touch", "ada@box", "two words"):
        fill(form.host, wrong)
        assert not ok(form).isEnabled(), wrong
    fill(form.host, "box.example.org")
    form.folder.clear()
    fill(form.folder, "geodistil")
    assert "whole path" in form.problems["folder"].text()
    fill(form.folder, "~/geo distil")
    assert not form.queue_options.isEnabled()
    form.queue.setCurrentIndex(form.queue.findData(SBATCH))
    fill(form.queue_options, "--gres=gpu:1")
    click(ok(form))
    assert [page.list.item(row).text() for row in range(page.list.count())] == ["box (box.example.org)"]
    (server,) = servers()
    assert (server.folder, server.queue, server.queue_options) == ("~/geo distil", SBATCH, "--gres=gpu:1")
    click(page.edit_button)
    fill(page.form.user, "ada")
    page.form.port.setValue(2222)
    click(ok(page.form))
    assert page.list.item(0).text() == "box (ada@box.example.org:2222)"
    assert servers()[0].id == server.id
    click(page.add_button)
    fill(page.form.name, "BOX")
    assert "There is a server BOX already" in page.form.problems["name"].text()
    page.form.reject()
    click(page.remove_button)
    assert servers() == [] and page.list.count() == 0


def test_a_new_host_key_is_asked_about_and_nothing_is_sent_before(page, server, known, loopback):
    store_servers([server])
    page._fill(0)
    log = loopback.folder / "sshd.log"
    accepted = log.read_text().count("Accepted publickey")
    click(page.test_button)
    wait(lambda: page.question is not None)
    assert "ED25519 SHA256:" in page.question.informativeText()
    page.question.reject()
    assert page.notice.text() == "The host key was not accepted, so nothing was sent."
    assert not known.exists() and log.read_text().count("Accepted publickey") == accepted
    click(page.test_button)
    wait(lambda: page.question is not None)
    buttons = page.question.findChildren(QPushButton)
    click(next(each for each in buttons if each.text() == "Accept the key"))
    wait(lambda: page.cancel_button.isHidden() and page.question is None, 120)
    assert page.notice.text().startswith("box is ready: Python 3.")


def test_a_test_can_be_cancelled_and_does_not_hold_qgis_up(page, trusted):
    from dataclasses import replace

    store_servers([replace(trusted, python="sleep 60; python3")])
    page._fill(0)
    probe = Probe()
    click(page.test_button)
    wait(lambda: page.cancel_button.isVisible())
    for _ in range(100):
        QTest.qWait(5)
    click(page.cancel_button)
    wait(lambda: page.cancel_button.isHidden(), 10)
    assert "cancelled" in page.notice.text()
    assert probe.busiest < STALL_SECONDS


def test_what_is_wrong_is_said_on_the_page(page, trusted):
    from dataclasses import replace

    store_servers([replace(trusted, python="/nowhere/python")])
    page._fill(0)
    assert outcome(page).startswith("The server box has no Python that starts with /nowhere/python: ")


def test_damaged_settings_are_no_servers(qgis_app):
    for text in ("[", "{}", "[1]", '[{"id": "1"}]', json.dumps([{"id": "1", "name": "a", "host": "-oX", "port": 1}])):
        QgsSettings().setValue(SETTING, text)
        assert servers() == []
    QgsSettings().setValue(SETTING, json.dumps([{"id": "1", "name": "a", "host": "b", "later": True}]))
    assert servers() == [Server(name="a", host="b", id="1")]


def test_the_page_is_among_the_options_and_in_a_window_of_its_own(qgis_app):
    option = ServersOptions().createWidget(None)
    assert option.page.add_button.isEnabled()
    window = QMainWindow()
    dialog = show_servers(window)
    assert show_servers(window) is dialog
    dialog.close()


def test_devices_of_servers_are_chosen_by_name(qgis_app):
    from geodistil.jobs.servers.server import chosen_device, device_words, offered

    store_servers([Server(name="box", host="a", id="1"), Server(name="big box", host="b", id="2")])
    assert offered() == ["auto on box", "all on box", "auto on big box", "all on big box"]
    for text, found in (
        ("auto on box", ("auto", "1")),
        ("cuda:1 on big box", ("cuda:1", "2")),
        ("on box", ("auto", "1")),
        ("cuda:1", ("cuda:1", "")),
        ("", ("auto", "")),
        ("auto on nothing", ("auto on nothing", "")),
    ):
        assert chosen_device(text) == found
    assert [device_words("all", each) for each in ("2", "", "3")] == ["all on big box", "all", "all"]

"""Models that others share: a zoo made by the engine, on a disk and on a web server, and the window that gets them."""

import http.server
import json
import os
import shutil
import subprocess
import threading
import time
import zipfile
from pathlib import Path

import pytest
from geodistil.jobs.package_registry import known, register
from geodistil.jobs.zoo.catalogue import zoos
from qgis.core import QgsSettings
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor, QImage
from qgis.PyQt.QtTest import QTest

from ..qgis.waiting import let_qgis_work_until

ROOT = Path(__file__).resolve().parents[2]


WRITE = """
import json, sys
from pathlib import Path
from engine.config import Card, Network
from engine.packages.item import make_item
folder = Path(sys.argv[1])
folder.mkdir(parents=True)
names = {"detection": "car", "segmentation": "roof"}
classes = {task: [{"name": name, "color": "#aa0000"}] for task, name in names.items()}
card = Card(
    name="town", tasks=list(classes), gsd=0.5, bands=[1, 2, 3], dtype="uint8", mean=[90.0] * 3, std=[30.0] * 3,
    tile_size=64, network=Network(), **{f"{task}_classes": each for task, each in classes.items()},
)
(folder / "item.json").write_text(json.dumps(make_item(card, 5, {"model.safetensors", "model.onnx", "preview.png"})))
"""
"""Packages without a training: what a zoo says of them is their items'."""


@pytest.fixture(scope="module")
def made(qgis_app, engine, tmp_path_factory):
    """A folder with a package as a folder and as a zip, and its catalogue."""
    folder = tmp_path_factory.mktemp("made") / "zoo"
    package = folder / "both tasks"
    subprocess.run([engine, "-c", WRITE, package], cwd=ROOT, check=True)
    for name in ("model.safetensors", "model.onnx"):
        (package / name).write_bytes(os.urandom(300_000))
    picture = QImage(64, 32, QImage.Format.Format_RGB32)
    picture.fill(QColor("#3b8ed0"))
    assert picture.save(str(package / "preview.png"))
    with zipfile.ZipFile(folder / "packed.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in package.iterdir():
            archive.write(path, path.name)
    subprocess.run([engine, "-m", "engine", "zoo", folder, "--title", "Our zoo"], cwd=ROOT, check=True)
    return folder


@pytest.fixture
def zoo(made, tmp_path):
    """A copy of it, to be changed."""
    return Path(shutil.copytree(made, tmp_path / "zoo"))


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of a folder; those under `slow` come in drops."""

    def do_GET(self):
        self.server.asked.append(self.path)
        if self.server.slow and self.path.endswith(self.server.slow):
            path = Path(self.translate_path(self.path))
            self.send_response(200)
            self.send_header("Content-Length", str(path.stat().st_size))
            self.end_headers()
            content = path.read_bytes()
            for start in range(0, len(content), 2000):
                try:
                    self.wfile.write(content[start : start + 2000])
                except OSError:
                    return
                time.sleep(0.05)
            return
        super().do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def server(zoo):
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), lambda *parts: Handler(*parts, directory=str(zoo))
    ) as server:
        server.asked, server.slow = [], ""
        server.address = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def window(qgis_app, tmp_path):
    from geodistil.ui.models.zoo import ZooWindow

    for key in ("zoos", "gotten", "packages"):
        QgsSettings().remove(f"geodistil/{key}")
    came = []
    window = ZooWindow(lambda path: came.append(register(str(path))[0]), None, tmp_path / "mine")
    window.came = came
    window.show()
    yield window
    window.close()
    done(window)
    for key in ("zoos", "gotten", "packages"):
        QgsSettings().remove(f"geodistil/{key}")


def done(window, seconds=60):
    let_qgis_work_until(lambda: not window.busy, seconds)


def opened(window, address):
    window.address.setFocus()
    window.address.setEditText("")
    QTest.keyClicks(window.address.lineEdit(), str(address))
    QTest.keyClick(window.address.lineEdit(), Qt.Key.Key_Return)
    done(window)
    table = window.table
    return [
        [table.item(row, column).text() for column in range(table.columnCount())] for row in range(table.rowCount())
    ]


def pressed(button):
    assert button.isEnabled() and button.isVisible()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def rewrite(path, change):
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


def items(zoo):
    return sorted((zoo / "items").glob("*.json"))


def kept(window):
    folder = window._place
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("way", ["web", "catalogue", "folder"])
def test_models_are_listed_got_and_registered(window, server, zoo, way):
    if way == "folder":
        (zoo / "catalog.json").unlink()
    address = {"web": server.address + "/", "catalogue": zoo / "catalog.json", "folder": zoo}[way]
    rows = opened(window, address)
    assert [row[1:4] for row in rows] == [["detection, segmentation", "roof, car", "0.50"]] * 2
    assert [row[5] for row in rows] == ["", ""] and all(row[4].endswith(" MB") for row in rows)
    assert window.said.text() == f"{'zoo' if way == 'folder' else 'Our zoo'}: 2 models"
    for row, name in enumerate(("both tasks", "packed") if way == "folder" else ("both-tasks", "packed-zip")):
        window.table.selectRow(row)
        assert "Ground sampling distance" in window.text.toPlainText()
        assert "Place" not in window.text.toPlainText()
        pressed(window.get)
        done(window)
        path = window.came[row]
        assert (path.stem, path.is_dir(), path.parent) == (name, row == 0, window._place)
        assert path.suffix == ("" if row == 0 else ".zip")
        assert window.table.item(row, 5).text() == "✓" and not window.get.isEnabled()
    assert [path for _, path in known()] == window.came[::-1]
    original = zoo / "both tasks"
    for name in ("model.safetensors", "item.json", "model.onnx"):
        assert (window.came[0] / name).read_bytes() == (original / name).read_bytes()
    assert zoos() == [str(address)]
    assert kept(window) == sorted(path.name for path in window.came)


def test_a_preview_is_shown(window, server):
    opened(window, server.address)
    let_qgis_work_until(lambda: not window.picture.isHidden(), 20)
    assert not window.picture.pixmap().isNull()


def test_a_cancel_leaves_nothing(window, server):
    server.slow = ".zip"
    opened(window, server.address)
    window.table.selectRow(1)
    pressed(window.get)
    let_qgis_work_until(lambda: window.bar.value() > 0, 20)
    assert 0 < window.bar.value() < window.bar.maximum()
    started = time.monotonic()
    pressed(window.cancel)
    done(window)
    assert time.monotonic() - started < 3
    assert window.said.text() == "Cancelled; nothing of it was kept."
    assert kept(window) == [] and window.came == []
    assert window.get.isEnabled()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"file:checksum": "1220" + "0" * 64}, "its checksum is another"),
        ({"file:size": 5_000_000_000}, "has|bytes instead of"),
        ({"file:size": 1000}, "is larger than the 0.1 MB that it may have"),
        ({"href": "../gone.zip"}, "cannot be had"),
    ],
)
def test_what_is_not_as_the_catalogue_says_is_not_kept(window, server, zoo, change, words):
    rewrite(zoo / "items" / "packed-zip.json", lambda item: item["assets"]["package"].update(change))
    opened(window, server.address)
    window.table.selectRow(1)
    pressed(window.get)
    done(window)
    assert any(word in window.said.text() for word in words.split("|")), window.said.text()
    assert kept(window) == [] and window.came == []


def test_a_zip_that_is_no_package_is_not_kept(window, server, zoo):
    with zipfile.ZipFile(zoo / "packed.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing")

    def silent(item):
        for key in ("file:size", "file:checksum"):
            item["assets"]["package"].pop(key)

    rewrite(zoo / "items" / "packed-zip.json", silent)
    opened(window, server.address)
    window.table.selectRow(1)
    pressed(window.get)
    done(window)
    assert "is not a GeoDistil model package" in window.said.text()
    assert kept(window) == []


def test_files_on_other_hosts_or_in_other_folders_are_not_asked_for(window, server, zoo, tmp_path):
    (tmp_path / "secret.json").write_text((zoo / "items" / "packed-zip.json").read_text())
    elsewhere = ["http://localhost:9/item.json", "file:///etc/hostname", "../secret.json", "//127.0.0.2/item.json"]

    def add(catalogue):
        catalogue["links"] += [{"rel": "item", "href": href, "title": href} for href in elsewhere]

    rewrite(zoo / "catalog.json", add)
    rows = opened(window, server.address)
    assert [row[1] for row in rows[2:]] == ["cannot be read"] * len(elsewhere)
    rows = opened(window, zoo)
    assert [row[1] for row in rows[2:]] == ["cannot be read"] * len(elsewhere)
    window.table.selectRow(2)
    assert not window.get.isEnabled() and "names a file elsewhere" in window.text.toPlainText()
    # of a file
    rewrite(items(zoo)[0], lambda item: item["assets"]["model-onnx"].update(href="http://localhost:9/model.onnx"))
    assert opened(window, server.address)[0][1] == "cannot be read"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is no catalogue of models"),
        ("[]", "is no catalogue of models"),
        ('{"type": "Catalog"}', "is no catalogue of models"),
        ('{"type": "Catalog", "links": []}', "0 models"),
    ],
)
def test_what_is_no_catalogue_is_said(window, server, zoo, content, words):
    (zoo / "catalog.json").write_text(content)
    assert opened(window, server.address) == []
    assert words in window.said.text()
    assert opened(window, zoo) == []
    assert words in window.said.text()


def test_places_that_are_no_zoo_are_said(window, tmp_path):
    for address, words in (
        (tmp_path / "nowhere", "There is no model zoo at"),
        ("ftp://example.org/zoo", "is no address on the web"),
        ("http://127.0.0.1:9/zoo", "cannot be had"),
    ):
        assert opened(window, address) == []
        assert words in window.said.text()
    assert zoos() == []


def test_a_catalogue_that_goes_round_in_circles_ends(window, server, zoo):
    def round_(catalogue):
        catalogue["links"] += [{"rel": "child", "href": "./catalog.json"}, {"rel": "child", "href": "./more.json"}]

    rewrite(zoo / "catalog.json", round_)
    (zoo / "more.json").write_text((zoo / "catalog.json").read_text())
    assert len(opened(window, server.address)) == 2
    assert server.asked.count("/more.json") == 1

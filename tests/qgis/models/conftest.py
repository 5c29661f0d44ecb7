"""Packages with scores, pictures and classes, and the models window."""

import json
import shutil

import pytest
from qgis.PyQt.QtCore import QBuffer, QIODevice
from qgis.PyQt.QtGui import QColor, QImage

from ..cards import CARD, write_card
from ..view.conftest import buttons, engine, ground, raster, settings, wait, window  # noqa: F401


def png(color):
    """A picture of one colour."""
    image = QImage(64, 32, QImage.Format.Format_RGB32)
    image.fill(QColor(color))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(buffer.data())


@pytest.fixture
def make_package(tmp_path):
    """Writes a package's folder as the window reads it, without a network that predicts."""

    def make(name, color="#3b8ed0", iou=0.5, **card):
        folder = tmp_path / "packages" / name
        folder.mkdir(parents=True)
        metrics = {"segmentation/mean_iou": iou, "segmentation/iou/roof": iou / 2, "detection/threshold": 0.3}
        write_card(folder, {**CARD, "name": name, "metrics": metrics, **card})
        (folder / "model.safetensors").write_bytes(b"w" * 2_000_000)
        (folder / "preview.png").write_bytes(png(color))
        return folder

    return make


@pytest.fixture
def zipped():
    """A package's folder as a zip beside it."""
    return lambda folder: shutil.make_archive(str(folder), "zip", folder)


@pytest.fixture
def item():
    """Properties of a package's item."""
    return lambda folder: json.loads((folder / "item.json").read_text())["properties"]


@pytest.fixture
def open_models(window, buttons, wait):  # noqa: F811
    """Opens the window and waits until it has found all models."""
    from geodistil.ui.models.window import ModelsWindow

    opened, made = [], []

    def begin():
        models = ModelsWindow(window, lambda *what: opened.append(what), buttons.predictor, buttons.swipe)
        made.append(models)
        models.opened = opened
        models.open_again()
        wait(lambda: not models.looking)
        return models

    yield begin
    for each in made:
        each.close()

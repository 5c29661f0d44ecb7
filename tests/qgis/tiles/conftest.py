"""A server of tiles on this machine, its layers, a folder for what is kept, and waits that are short."""

import pytest
from geodistil.jobs.tiles import fetching
from geodistil.jobs.tiles.getting import Manners
from geodistil.jobs.tiles.store import SETTING
from qgis.core import QgsRasterLayer, QgsSettings

from ..waiting import let_qgis_work_until
from .tile_server import Server


@pytest.fixture
def server():
    made = Server()
    yield made
    made.end()


@pytest.fixture(autouse=True)
def kept(qgis_app, tmp_path, monkeypatch):
    """The folder of tiles; services are asked again at once."""
    QgsSettings().setValue(SETTING, str(tmp_path / "tiles"))
    monkeypatch.setattr(fetching, "MANNERS", Manners(pause=0.02, silence=0.4, patience=5.0, tries=3))
    yield tmp_path / "tiles"
    QgsSettings().remove(SETTING)


@pytest.fixture
def wait(qgis_app):
    return lambda condition, seconds=60: let_qgis_work_until(condition, seconds)


@pytest.fixture
def tiles(server, project):
    """An XYZ layer up to zoom 18, in the project."""
    layer = QgsRasterLayer(f"type=xyz&url={server.place}/{{z}}/{{x}}/{{y}}.png&zmin=0&zmax=18", "tiles", "wms")
    assert layer.isValid()
    layer.setAttribution("© The mappers")
    return project.addMapLayer(layer)

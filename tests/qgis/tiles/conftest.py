"""A server of tiles on this machine, its layers, a folder for what is kept, and waits that are short."""

import pytest
from geodistil.jobs.background import Background, start
from geodistil.jobs.tiles import fetching
from geodistil.jobs.tiles.fetching import fetch
from geodistil.jobs.tiles.getting import Manners
from geodistil.jobs.tiles.mosaic import SETTING
from geodistil.jobs.tiles.plan import Order, estimate
from geodistil.jobs.tiles.service import service_of
from qgis.core import QgsCoordinateReferenceSystem, QgsRasterLayer, QgsSettings

from ..waiting import let_qgis_work_until
from ..windows import MapWindow
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


@pytest.fixture
def map_window(tiles):
    """A map over one tile of the service."""
    from .test_fetching import part

    window = MapWindow()
    window.resize(600, 600)
    window.canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    window.canvas.setLayers([tiles])
    window.show()
    window.canvas.setExtent(part(1, 1))
    yield window
    window.close()
    window.deleteLater()


@pytest.fixture
def get(wait, tmp_path):
    """Fetches in a task, as windows do; returns what it gave or raises."""

    def run(layer, extent, pixel=0.0, name="fetched.tif", told=lambda progress: None, cancel=lambda: False):
        service, came = service_of(layer), []
        order = Order(service, extent, estimate(service, extent, pixel))
        work = lambda cancelled: fetch(order, tmp_path / name, told, lambda: cancelled() or cancel())  # noqa: E731
        start(Background("fetch", work, came.append, came.append))
        wait(lambda: came)
        if isinstance(came[0], Exception):
            raise came[0]
        return came[0]

    return run

"""What tests in QGIS's Python share: the plugin as the package `geodistil`, one QGIS, a small scene."""

import importlib.util
import os
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests import forks

ROOT = Path(__file__).resolve().parent.parent
PLUGINS = ROOT / "build" / "plugins"
PROCESSING = "/usr/share/qgis/python/plugins"
# Weights come from packages; no test asks a hub, nor waits for one.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

if importlib.util.find_spec("qgis"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    PLUGINS.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):  # of another process of these tests, or of earlier ones
        (PLUGINS / "geodistil").symlink_to(ROOT)
    sys.path[:0] = [str(PLUGINS), PROCESSING]

STATUS = {}
SLOWEST = (
    "faults/test_faults.py",
    "engine/accuracy/test_accuracy.py",
    "engine/data/test_remote.py",
    "engine/test_example_scripts.py",
    "engine/ranks/test_recipes.py",
    "engine/test_telemetry.py",
    "engine/training/test_loop.py",
    "engine/cli/test_cli.py",
    "engine/processes/test_interruption.py",
    "engine/training/test_teachers.py",
    "engine/inference/test_cluster.py",
    "engine/data/test_radiometry.py",
    "engine/ranks/test_torchrun.py",
    "engine/training/test_time_budget.py",
    "qgis/models/test_same_ground.py",
    "qgis/tiles/test_predicting.py",
    "qgis/servers/test_following.py",
    "qgis/view/test_predicting.py",
    "qgis/labelling/test_clicking.py",
    "qgis/tiles/test_suggesting.py",
    "end_to_end/test_servers.py",
    "end_to_end/test_demo.py",
    "end_to_end/test_more_algorithms.py",
    "end_to_end/test_windows.py",
    "end_to_end/test_training.py",
)
"""Files that take more than 20 s. They come first, so that none of them is the last, for which all other
processes wait."""


def pytest_collection_modifyitems(items):
    order = {ROOT / "tests" / name: place for place, name in enumerate(SLOWEST)}
    gone = [path for path in order if not path.exists()]
    if gone:
        raise pytest.UsageError(f"tests/conftest.py, SLOWEST: there is no {gone[0]}")
    items.sort(key=lambda item: order.get(item.path, len(order)))


@pytest.fixture(scope="session")
def qgis_app(tmp_path_factory):
    """A running QGIS with Processing and a profile of its own."""
    from qgis.core import QgsApplication
    from qgis.PyQt.QtCore import QCoreApplication, QSettings

    profile = str(tmp_path_factory.mktemp("profile"))
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, profile)
    QCoreApplication.setOrganizationName("geodistil-tests")
    QCoreApplication.setApplicationName("geodistil-tests")
    with pytest.MonkeyPatch.context() as patch:  # by which a newer QGIS finds it, that else takes one of the person's
        patch.setenv("QGIS_CUSTOM_CONFIG_PATH", profile)
        application = QgsApplication([], True, profile)
        application.initQgis()
    assert Path(application.qgisSettingsDirPath()).is_relative_to(profile), "processes of these tests would share one"
    # A newer QGIS has gone to its settings with that.
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, profile)
    from processing.core.Processing import Processing

    Processing.initialize()
    yield application
    STATUS["qgis"] = application


def pytest_sessionfinish(session, exitstatus):
    STATUS["exit"] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    """End without Python's own taking down, in which a layer that a failed test's frame still holds outlives QGIS."""
    if "qgis" in STATUS:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(STATUS["exit"])


@pytest.fixture(scope="session")
def quick_engine(tmp_path_factory):
    """The variables by which QGIS starts the engine's programs from a server that has their libraries loaded."""
    if sys.platform != "linux" or not (ROOT / ".venv" / "bin" / "python").exists():
        yield {}
        return
    place = tmp_path_factory.mktemp("forks") / "server"
    server = forks.listening(place)
    yield {"GEODISTIL_PYTHON": str(ROOT / "tests" / "quick_python.py"), "GEODISTIL_FORKS": str(place)}
    server.kill()
    server.wait()


@pytest.fixture
def quick_start(quick_engine, monkeypatch):
    """Has the engine's programs started so: for tests of what they do, and not of how they start and end."""
    for name, value in quick_engine.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def project(qgis_app):
    """QGIS's project, empty before and after."""
    from qgis.core import QgsProject

    QgsProject.instance().clear()
    yield QgsProject.instance()
    QgsProject.instance().clear()


@pytest.fixture(scope="session")
def provider(qgis_app):
    """GeoDistil's provider, registered."""
    from geodistil.toolbox.provider import GeoDistilProvider
    from qgis.core import QgsApplication

    provider = GeoDistilProvider()
    QgsApplication.processingRegistry().addProvider(provider)
    yield provider
    QgsApplication.processingRegistry().removeProvider(provider)


@pytest.fixture(scope="session")
def make_raster(qgis_app):
    """Writes an array (C, H, W) as GeoTIFF: 0.5 m pixels in EPSG:32633, upper left corner at (500000, 5000000)."""
    from osgeo import gdal, osr

    def make(path, image, crs=32633):
        types = {"uint8": gdal.GDT_Byte, "uint16": gdal.GDT_UInt16, "float32": gdal.GDT_Float32}
        bands, height, width = image.shape
        dataset = gdal.GetDriverByName("GTiff").Create(str(path), width, height, bands, types[image.dtype.name])
        dataset.SetGeoTransform((500000, 0.5, 0, 5000000, 0, -0.5))
        if crs:
            reference = osr.SpatialReference()
            reference.ImportFromEPSG(crs)
            dataset.SetProjection(reference.ExportToWkt())
        for band in range(bands):
            dataset.GetRasterBand(band + 1).WriteArray(image[band])
        dataset.FlushCache()
        return path

    return make


@pytest.fixture(scope="session")
def make_boxes(qgis_app):
    """A memory layer of rectangles, given as (column, row, column, row, class) in pixels of `make_raster`."""
    from geodistil.jobs.reference_systems import whole
    from qgis.core import QgsFeature, QgsGeometry, QgsRectangle, QgsVectorLayer

    def make(boxes, name="boxes", crs="EPSG:32633", field="kind:string"):
        layer = QgsVectorLayer(f"Polygon?crs={crs}&field={field}", name, "memory")
        layer.setCrs(whole(layer.crs()))  # a thread of QGIS's may have taken the definition along
        features = []
        for left, top, right, bottom, value in boxes:
            feature = QgsFeature(layer.fields())
            box = QgsRectangle(500000 + left / 2, 5000000 - bottom / 2, 500000 + right / 2, 5000000 - top / 2)
            feature.setGeometry(QgsGeometry.fromRect(box))
            feature.setAttributes([value])
            features.append(feature)
        layer.dataProvider().addFeatures(features)
        layer.updateExtents()
        return layer

    return make

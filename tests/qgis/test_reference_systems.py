"""A coordinate reference system keeps its definition when the thread that made it first ends, and is mended if not."""

import threading
from pathlib import Path

import numpy as np
import pytest
from geodistil.jobs.background import Background, start
from geodistil.jobs.errors import GeoDistilError
from geodistil.jobs.labelling.layers import make_labels
from geodistil.jobs.labelling.link import LabelClass
from geodistil.jobs.reference_systems import ground_size, transform_between, whole
from geodistil.jobs.snapshots import Snapshot
from geodistil.toolbox.base import EngineAlgorithm
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsPointXY,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsRasterLayer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QThread

from .waiting import let_qgis_work_until, wait_until

MIDDLE = QgsPointXY(500_000, 5_000_000)


class Thread(QThread):
    """Calls a function, and ends."""

    def __init__(self, call):
        super().__init__()
        self.run = call


@pytest.fixture
def used_meanwhile(qgis_app):
    """What the main thread has of a system whose first maker, on another thread, has ended.

    Args:
        code: of a system that no other test uses.
        through: calls the function that makes it, on the other thread.
    """
    QgsCoordinateReferenceSystem.invalidateCache()

    def of(code, through=lambda make: make()):
        made, used, numbers = threading.Event(), threading.Event(), []

        def make():
            QgsCoordinateReferenceSystem(code).toWkt()
            numbers.append(threading.get_native_id())
            made.set()
            used.wait(10)

        thread = Thread(lambda: through(make))
        thread.start()
        assert made.wait(10)
        found = QgsCoordinateReferenceSystem(code)
        assert found.toWkt()
        used.set()
        thread.wait()
        # what a thread has goes after its end is told
        wait_until(lambda: not Path(f"/proc/self/task/{numbers[0]}").exists())
        return found

    return of


@pytest.fixture
def lost(used_meanwhile):
    """A valid system without its definition, where this QGIS loses them."""

    def of(code):
        found = used_meanwhile(code)
        if found.toWkt():
            pytest.skip("This QGIS loses no definition.")
        return found

    return of


def test_work_in_the_background_takes_no_definition_along(used_meanwhile):
    ended = []
    task = Background("Looking", lambda _: task.make(), ended.append, ended.append)

    def through(make):
        task.make = make
        ended.append(task.run())

    assert used_meanwhile("EPSG:32701", through).toWkt() and ended == [True]


def test_nor_does_an_algorithm(used_meanwhile):
    class Looks(EngineAlgorithm):
        NAME = "looks"

        def work(self, parameters, context, feedback):
            self.make()
            return {}

    algorithm = Looks()

    def through(make):
        algorithm.make = make
        algorithm.processAlgorithm({}, QgsProcessingContext(), QgsProcessingFeedback())

    assert used_meanwhile("EPSG:32702", through).toWkt()


def test_no_thread_of_qgis_s_is_the_first_afterwards(used_meanwhile, project):
    ended = []
    project.addMapLayer(QgsVectorLayer("Polygon?crs=EPSG:32708", "boxes", "memory"))
    start(Background("Looking", lambda _: None, ended.append, ended.append))
    let_qgis_work_until(lambda: ended)
    assert used_meanwhile("EPSG:32708").toWkt()


def test_a_lost_definition_is_found_again(lost):
    crs = lost("EPSG:32703")
    assert whole(crs).toWkt() and whole(crs) == QgsCoordinateReferenceSystem("EPSG:32703")
    nothing = QgsCoordinateReferenceSystem()
    assert not whole(nothing).isValid()


def test_labels_are_copied_with_it(lost, make_boxes, tmp_path):
    lost("EPSG:32704")
    layer = QgsVectorLayer("Polygon?crs=EPSG:32704&field=kind:string", "cars", "memory")
    layer.dataProvider().addFeatures([next(make_boxes([(1, 1, 5, 5, "car")]).getFeatures())])
    assert layer.crs().isValid() and not layer.crs().toWkt()
    Snapshot(layer, tmp_path / "labels.gpkg", "kind")()
    assert QgsVectorLayer(str(tmp_path / "labels.gpkg"), "", "ogr").crs().authid() == "EPSG:32704"


def test_a_label_layer_is_made_with_it(lost, make_raster, tmp_path, project):
    crs = lost("EPSG:32705")
    raster = QgsRasterLayer(str(make_raster(tmp_path / "town.tif", np.zeros((3, 8, 8), "uint8"), crs=None)), "town")
    raster.setCrs(crs)
    assert not raster.crs().toWkt()
    made = make_labels(raster, tmp_path / "labels.gpkg", "detection", [LabelClass("car", "#00ff00")], project)
    assert made.crs().authid() == "EPSG:32705"


def test_labels_are_not_written_without_it_where_it_has_no_code_to_find_it_by(lost, tmp_path):
    crs = lost("PROJ:+proj=laea +lat_0=47 +lon_0=7.125 +ellps=GRS80 +units=m")
    layer = QgsVectorLayer("Polygon?field=kind:string", "cars", "memory")
    layer.setCrs(crs)
    assert layer.crs().isValid() and not layer.crs().authid()
    with pytest.raises(GeoDistilError, match="lost the definition of cars's coordinate reference system"):
        Snapshot(layer, tmp_path / "labels.gpkg", "kind")


def test_the_ground_is_measured_with_it(lost):
    crs = lost("EPSG:32706")
    assert ground_size(crs, MIDDLE, 0.5, 0.5) == pytest.approx(0.5, rel=1e-3)


def test_coordinates_are_transformed_with_it(lost):
    source, target = lost("EPSG:32707"), QgsCoordinateReferenceSystem("EPSG:4326")
    context = QgsCoordinateTransformContext()
    assert QgsCoordinateTransform(source, target, context).transform(MIDDLE) == MIDDLE, "as they are"
    found = transform_between(source, target, context).transform(MIDDLE)
    assert found.x() == pytest.approx(-141, abs=1e-6) and found.y() == pytest.approx(-45.14, abs=0.05)

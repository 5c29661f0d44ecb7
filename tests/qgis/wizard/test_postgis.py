"""Layers of a real PostgreSQL with PostGIS, started here for these tests alone."""

import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from geodistil.jobs.errors import GeoDistilError
from geodistil.jobs.snapshots import Snapshot, Which
from geodistil.jobs.sources.counting import Counter, features_on
from geodistil.jobs.sources.draft import ClassDraft, Draft, SourceDraft
from geodistil.jobs.sources.facts import raster_facts
from geodistil.jobs.sources.problems import Inspector
from osgeo import gdal
from qgis.core import (
    QgsApplication,
    QgsFeatureRequest,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsRasterLayer,
    QgsVectorLayer,
)

MANY = 5000
TABLES = f"""
CREATE TABLE cars (id serial PRIMARY KEY, kind text, year int, geom geometry(Polygon, 4326));
INSERT INTO cars (kind, year, geom) SELECT kind, year, ST_Transform(ST_MakeEnvelope(w, s, w + 5, s + 4, 32633), 4326)
FROM (VALUES ('car', 2020, 500004, 4999990), ('bus', 2021, 500020, 4999980), ('car', 2022, 500040, 4999950),
             ('tram', 1999, 500010, 4999960), (NULL, 2020, 500050, 4999990)) AS v (kind, year, w, s);
CREATE TABLE many (id serial PRIMARY KEY, kind text, geom geometry(Polygon, 32633));
INSERT INTO many (kind, geom) SELECT 'car', ST_MakeEnvelope(500000 + i % 60, 4999940, 500001 + i % 60, 4999950, 32633)
FROM generate_series(1, {MANY}) AS i;
"""


class Server:
    """A cluster of its own in a temporary folder, on a free port of this machine."""

    def __init__(self, programs, home):
        self._programs, self._home = programs, home
        # PostgreSQL refuses to run as root.
        self._as = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.getuid() == 0 else []
        if self._as:
            os.chown(home, pwd.getpwnam("nobody").pw_uid, -1)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._run("initdb", "-U", "geo", "-A", "trust", "-N", "--no-locale", "-E", "UTF8")
        self.start()

    def start(self):
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        self._run("pg_ctl", "-l", self._home / "log", "-w", "-o", options, "start")

    def die(self):
        self._run("pg_ctl", "-m", "immediate", "stop")

    def sql(self, commands):
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "geo", "-d", "postgres"]
        answer = subprocess.run(
            [self._programs / "psql", *where, "-q", "-v", "ON_ERROR_STOP=1"], input=commands, text=True, check=True
        )
        return answer.returncode

    def uri(self, table, column="(geom)"):
        place = f"host=127.0.0.1 port={self.port} user='geo' dbname='postgres'"
        return f'{place} key=\'id\' table="public"."{table}" {column} sql='

    def _run(self, program, *arguments):
        command = [*self._as, self._programs / program, "-D", self._home / "data", *arguments]
        subprocess.run(command, cwd="/", check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def server():
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found or not list(Path("/usr/share/postgresql").glob("*/extension/postgis.control")):
        pytest.skip("PostgreSQL with PostGIS is not installed (Debian: postgresql, postgresql-15-postgis-3)")
    home = Path(tempfile.mkdtemp(prefix="geodistil_postgis_"))  # pytest's own folders are closed to other users
    server = Server(found[-1].parent, home)
    server.sql("CREATE EXTENSION postgis; CREATE EXTENSION postgis_raster;" + TABLES)
    yield server
    server.die()
    shutil.rmtree(home)


@pytest.fixture
def table(server, project):
    """Opens a table as a layer of the project."""

    def open_table(name):
        layer = project.addMapLayer(QgsVectorLayer(server.uri(name), name, "postgres"))
        assert layer.isValid()
        return layer

    return open_table


@pytest.fixture
def dead(server):
    """Ends the server at once; it is back for the next test."""
    deaths = []

    def die():
        server.die()
        deaths.append(1)

    yield die
    if deaths:
        server.start()


def detection(*sources):
    """A draft of sources with boxes."""
    return Draft(list(sources), {"detection": [ClassDraft("car", "#111111", ["car"])], "segmentation": []})


def rows(path):
    copy = QgsVectorLayer(str(path), path.stem, "ogr")
    return [(feature[copy.fields().count() - 1], feature.geometry()) for feature in copy.getFeatures()], copy.crs()


def boxes(layer):
    return [(f["kind"], f.geometry()) for f in layer.getFeatures(QgsFeatureRequest().setSubsetOfAttributes([1]))]


def test_the_wizard_counts_and_copies_what_the_filter_shows(table, town, prepare):
    cars = table("cars")
    cars.setSubsetString('"year" > 2000')
    assert Counter(town["north"], cars, "kind")(lambda: False).by_value == {"car": 2, "bus": 1}
    source = SourceDraft(town["north"].id(), "detection", cars.id(), "kind")
    folder, _ = prepare(detection(source))
    copied, crs = rows(folder / "labels" / "cars.gpkg")
    assert crs.authid() == "EPSG:4326" and sorted(value for value, _ in copied) == ["NULL", "bus", "car", "car"]
    expected = {geometry.asWkt(9) for _, geometry in boxes(cars)}
    parts = [geometry.asGeometryCollection() for _, geometry in copied]
    assert {part.asWkt(9) for [part] in parts} == expected


def test_edits_that_are_not_saved_are_copied_as_they_are_on_screen(table, town, prepare):
    cars = table("cars")
    cars.startEditing()
    first = next(feature for feature in cars.getFeatures() if feature["kind"] == "tram")
    cars.changeAttributeValue(first.id(), 1, "metro")
    source = SourceDraft(town["north"].id(), "detection", cars.id(), "kind")
    folder, _ = prepare(detection(source))
    assert "metro" in [value for value, _ in rows(folder / "labels" / "cars.gpkg")[0]]
    cars.rollBack()


@pytest.fixture
def run(provider, project, town):
    """A training's preparation here and its copying on another thread, of boxes of a layer and the town's roofs.

    Returns its sentence where it fails.
    """

    def prepare(cars, folder, field="kind"):
        context, feedback = QgsProcessingContext(), QgsProcessingFeedback(False)
        context.setProject(project)
        algorithm = QgsApplication.processingRegistry().createAlgorithmById("geodistil:trainpartialmultitask")
        parameters = {**sources(town, cars), "DETECTION_FIELD": field, "RUN_FOLDER": str(folder)}
        assert algorithm.checkParameterValues(parameters, context) == (True, "")
        try:
            algorithm.prepareAlgorithm(parameters, context, feedback)
            with ThreadPoolExecutor(1) as pool:
                copying = pool.submit(algorithm.write_run, feedback)
                while not copying.done():
                    QgsApplication.processEvents()
                    time.sleep(0.005)
            copying.result()
        except QgsProcessingException as error:
            return str(error)
        return ""

    return prepare


def sources(town, cars):
    labels = {"DETECTION_RASTERS": [town["north"].id()], "DETECTION_LABELS": cars.id(), "DETECTION_FIELD": "kind"}
    areas = {"SEGMENTATION_RASTERS": [town["south"].id()], "SEGMENTATION_LABELS": town["roofs"].id()}
    return {**labels, **areas, "SEGMENTATION_FIELD": "kind"}


def test_a_training_of_the_toolbox_copies_them_too(run, table, tmp_path):
    cars = table("cars")
    cars.setSubsetString('"year" > 2000')
    folder = tmp_path / "run"
    assert run(cars, folder) == ""
    written = json.loads((folder / "run.json").read_text())
    assert [each["name"] for each in written["detection_classes"]] == ["bus", "car"]
    copied, crs = rows(folder / written["sources"][0]["labels"]["path"])
    assert crs.authid() == "EPSG:4326" and len(copied) == 4


def test_the_engine_s_check_counts_them_in_metres(provider, table, town, project, tmp_path):
    import processing
    from geodistil.jobs.environment import engine_python

    try:
        engine_python()
    except GeoDistilError as error:
        pytest.skip(str(error))
    cars = table("cars")
    cars.setSubsetString('"year" > 2000 AND "kind" <> \'tram\'')
    findings = tmp_path / "findings.json"
    processing.run("geodistil:checksources", {**sources(town, cars), "CHIP_SIZE": 64, "FINDINGS": str(findings)})
    counts = json.loads(findings.read_text())["label_counts"]
    assert counts == {"detection": {"bus": 1, "car": 2}, "segmentation": {"road": 1, "roof": 2}}


def test_a_raster_in_the_database_is_exported_pixel_by_pixel(server, town, project, prepare):
    content = Path(town["north"].source()).read_bytes().hex()
    server.sql(
        "SET postgis.gdal_enabled_drivers TO 'GTiff'; DROP TABLE IF EXISTS photo;"
        "CREATE TABLE photo (id serial PRIMARY KEY, rast raster);"
        f"INSERT INTO photo (rast) SELECT ST_Tile(ST_FromGDALRaster('\\x{content}', 32633), 32, 32);"
        "SELECT AddRasterConstraints('photo', 'rast');\n"
    )
    layer = QgsRasterLayer(server.uri("photo", ""), "photo", "postgresraster")
    if not layer.isValid():
        pytest.skip("this QGIS has no provider for PostGIS rasters")
    project.addMapLayer(layer)
    assert raster_facts(layer).path == ""
    source = SourceDraft(layer.id(), "detection", town["cars"].id(), "kind")
    source.extent = (500010.0, 4999970.0, 500030.0, 4999990.0)
    folder, _ = prepare(detection(source))
    exported = gdal.Open(str(folder / "rasters" / "photo.tif")).ReadAsArray()
    np.testing.assert_array_equal(exported, gdal.Open(town["north"].source()).ReadAsArray()[:, 20:60, 20:60])


BROKEN = "The features of many cannot be read: its server does not answer, or broke off."


def test_a_server_that_dies_while_labels_are_copied_is_told(table, town, dead, tmp_path):
    many, north = table("many"), town["north"].dataProvider()
    request = features_on(many.crs(), (north.crs(), north.extent()))
    copy = Snapshot(many, tmp_path / "many.gpkg", "kind", which=Which(request=request))
    calls = iter(range(2 * MANY))
    with pytest.raises(GeoDistilError, match=BROKEN):
        copy(lambda: next(calls) == 100 and dead())


def test_a_server_that_is_gone_is_told_at_the_label_field_and_by_the_preparation(
    table, town, dead, project, wait, prepare
):
    source = SourceDraft(town["north"].id(), "detection", table("many").id(), "kind")
    dead()
    inspector = Inspector(project)
    inspector.counts(source)
    wait(lambda: not inspector.counting(source))
    assert BROKEN in inspector.problems(source)["labels"]
    with pytest.raises(GeoDistilError, match=BROKEN):
        prepare(detection(source))


@pytest.mark.parametrize("field", ["kind", ""])
def test_a_server_that_is_gone_stops_the_toolbox_with_the_sentence(run, table, dead, tmp_path, field):
    many = table("many")
    dead()
    assert BROKEN in run(many, tmp_path / "run", field)
    assert not (tmp_path / "run" / "run.json").exists()

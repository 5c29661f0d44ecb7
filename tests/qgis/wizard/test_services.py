"""Labels and imagery of services on this machine (WFS, map tiles), and of layers that are queries, joins or edits."""

import http.server
import re
import threading
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from geodistil.jobs.errors import GeoDistilError
from geodistil.jobs.sources.counting import Counter
from geodistil.jobs.sources.draft import ClassDraft, Draft, SourceDraft
from geodistil.jobs.sources.problems import Inspector
from geodistil.jobs.tiles import fetching
from geodistil.jobs.tiles.getting import Manners
from geodistil.jobs.tiles.mosaic import SETTING
from geodistil.ui.wizard.wizard import TrainingWizard
from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsField,
    QgsRasterLayer,
    QgsRectangle,
    QgsSettings,
    QgsVectorLayer,
    QgsVectorLayerJoinInfo,
)
from qgis.gui import QgsMapCanvas
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QBuffer, QByteArray, QIODevice, QVariant
from qgis.PyQt.QtGui import QColor, QImage
from qgis.PyQt.QtWidgets import QLabel, QMessageBox

WFS = 'xmlns:wfs="http://www.opengis.net/wfs/2.0" xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:t="http://town"'
OPERATIONS = "".join(
    f'<ows:Operation name="{name}"><ows:DCP><ows:HTTP><ows:Get xlink:href="{{place}}?"/></ows:HTTP></ows:DCP>'
    "</ows:Operation>"
    for name in ("GetCapabilities", "DescribeFeatureType", "GetFeature")
)
CAPABILITIES = f"""<wfs:WFS_Capabilities version="2.0.0" {WFS} xmlns:ows="http://www.opengis.net/ows/1.1"
 xmlns:xlink="http://www.w3.org/1999/xlink"><ows:OperationsMetadata>{OPERATIONS}</ows:OperationsMetadata>
<FeatureTypeList xmlns="http://www.opengis.net/wfs/2.0"><FeatureType><Name>t:trees</Name><Title>trees</Title>
<DefaultCRS>urn:ogc:def:crs:EPSG::32633</DefaultCRS></FeatureType></FeatureTypeList></wfs:WFS_Capabilities>"""
SCHEMA = """<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:gml="http://www.opengis.net/gml/3.2"
 xmlns:t="http://town" targetNamespace="http://town" elementFormDefault="qualified">
<xsd:import namespace="http://www.opengis.net/gml/3.2" schemaLocation="http://schemas.opengis.net/gml/3.2.1/gml.xsd"/>
<xsd:complexType name="treesType"><xsd:complexContent><xsd:extension base="gml:AbstractFeatureType"><xsd:sequence>
<xsd:element name="kind" type="xsd:string" nillable="true" minOccurs="0"/>
<xsd:element name="geom" type="gml:SurfacePropertyType" nillable="true" minOccurs="0"/>
</xsd:sequence></xsd:extension></xsd:complexContent></xsd:complexType>
<xsd:element name="trees" substitutionGroup="gml:AbstractFeature" type="t:treesType"/></xsd:schema>"""
TREES = [("oak", 500004, 4999980), ("fir", 500020, 4999970), ("oak", 500040, 4999960), ("oak", 509000, 4999960)]


def member(number, kind, west, south):
    east, north = west + 5, south + 4
    ring = f"{west} {south} {east} {south} {east} {north} {west} {north} {west} {south}"
    return (
        f'<wfs:member><t:trees gml:id="trees.{number}"><t:kind>{kind}</t:kind><t:geom><gml:Polygon gml:id="p{number}" '
        f'srsName="urn:ogc:def:crs:EPSG::32633"><gml:exterior><gml:LinearRing><gml:posList>{ring}</gml:posList>'
        "</gml:LinearRing></gml:exterior></gml:Polygon></t:geom></t:trees></wfs:member>"
    )


def tile(zoom, column, row):
    """A tile of one colour, which tells its column and row."""
    image = QImage(256, 256, QImage.Format.Format_RGB32)
    image.fill(QColor(column % 256, row % 256, 40))
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(content)


class Service(http.server.BaseHTTPRequestHandler):
    """A WFS 2.0 with one type, and tiles as XYZ."""

    def do_GET(self):
        if self.server.broken:
            return self.send_error(503)
        tiles = re.fullmatch(r"/(\d+)/(\d+)/(\d+)\.png", self.path)
        if tiles:
            return self._answer("image/png", tile(*map(int, tiles.groups())))
        query = {key.lower(): values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
        self.server.asked.append(query)
        answers = {"GetCapabilities": CAPABILITIES, "DescribeFeatureType": SCHEMA, "GetFeature": self._features(query)}
        place = f"http://127.0.0.1:{self.server.server_address[1]}/wfs"
        return self._answer("text/xml", answers[query["request"]].replace("{place}", place).encode())

    def _features(self, query):
        members = "".join(member(number, *tree) for number, tree in enumerate(TREES))
        return (
            f'<wfs:FeatureCollection {WFS} numberMatched="{len(TREES)}" numberReturned="{len(TREES)}">{members}'
            "</wfs:FeatureCollection>"
        )

    def _answer(self, kind, content):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def service(qgis_app, tmp_path, monkeypatch):
    QgsSettings().setValue(SETTING, str(tmp_path / "tiles"))
    monkeypatch.setattr(fetching, "MANNERS", Manners(pause=0.01))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.broken, server.asked = False, []
    server.place = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
    QgsSettings().remove(SETTING)


def detection(*sources):
    """A draft of sources with boxes."""
    return Draft(list(sources), {"detection": [ClassDraft("car", "#111111", ["car"])], "segmentation": []})


def values(path):
    return sorted(feature["class"] for feature in QgsVectorLayer(str(path), path.stem, "ogr").getFeatures())


@pytest.fixture
def trees(service, project):
    uri = f"pagingEnabled='false' srsname='EPSG:32633' typename='t:trees' url='{service.place}/wfs' version='2.0.0'"
    layer = project.addMapLayer(QgsVectorLayer(uri, "trees", "WFS"))
    assert layer.isValid(), layer.error().message()
    return layer


def test_labels_of_a_wfs_are_counted_and_copied(trees, town, prepare, project, wait):
    source = SourceDraft(town["north"].id(), "detection", trees.id(), "kind")
    inspector = Inspector(project)
    inspector.counts(source)
    wait(lambda: not inspector.counting(source))
    assert inspector.problems(source) == {} and inspector.counts(source).by_value == {"oak": 2, "fir": 1}
    assert values(prepare(detection(source))[0] / "labels" / "trees.gpkg") == ["fir", "oak", "oak"]


def test_a_wfs_that_does_not_answer_is_told_at_the_label_field(trees, service, town, prepare, project, wait):
    service.broken = True
    source = SourceDraft(town["north"].id(), "detection", trees.id(), "kind")
    inspector = Inspector(project)
    inspector.counts(source)
    wait(lambda: not inspector.counting(source))
    assert "The features of trees cannot be read" in inspector.problems(source)["labels"]
    with pytest.raises(GeoDistilError, match="The features of trees cannot be read"):
        prepare(detection(source))


def joined(town, project):
    table = QgsVectorLayer("NoGeometry?field=key:string&field=use:string", "uses", "memory")
    from qgis.core import QgsFeature

    for key, use in (("car", "private"), ("bus", "public")):
        feature = QgsFeature(table.fields())
        feature.setAttributes([key, use])
        table.dataProvider().addFeatures([feature])
    project.addMapLayer(table)
    join = QgsVectorLayerJoinInfo()
    join.setJoinLayer(table)
    join.setJoinFieldName("key")
    join.setTargetFieldName("kind")
    join.setPrefix("")
    town["cars"].addJoin(join)
    return town["cars"], "use"


def computed(town, project):
    town["cars"].addExpressionField('upper("kind")', QgsField("shout", QVariant.String))
    return town["cars"], "shout"


def query(town, project):
    layer = QgsVectorLayer("?query=select kind || '!' as loud, geometry from cars where kind = 'car'", "q", "virtual")
    return project.addMapLayer(layer), "loud"


def edited(town, project):
    cars = town["cars"]
    cars.startEditing()
    first, second, *_ = cars.getFeatures()
    cars.changeAttributeValue(first.id(), 0, "tram")
    cars.deleteFeature(second.id())
    return cars, "kind"


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (joined, ["NULL", "private", "private", "public"]),
        (computed, ["BUS", "CAR", "CAR", "NULL"]),
        (query, ["car!", "car!"]),
        (edited, ["NULL", "car", "tram"]),
    ],
)
def test_class_fields_are_copied_as_they_are_on_screen(town, project, prepare, make, expected):
    """Joins, computed fields, queries, and edits that nobody has saved."""
    layer, field = make(town, project)
    assert sorted(Counter(town["north"], layer, field)(lambda: False).by_value) == sorted(set(expected) - {"NULL"})
    folder, _ = prepare(detection(SourceDraft(town["north"].id(), "detection", layer.id(), field)))
    assert values(next((folder / "labels").glob("*.gpkg"))) == expected
    if layer.isEditable():
        layer.rollBack()


@pytest.fixture
def tiles(service, project):
    layer = QgsRasterLayer(f"type=xyz&url={service.place}/{{z}}/{{x}}/{{y}}.png&zmin=0&zmax=18", "tiles", "wms")
    assert layer.isValid()
    return project.addMapLayer(layer)


TILE = 2 * 20037508.342789244 / 2**18


def part(column, row, side=1):
    """The extent of tiles at zoom 18, in EPSG:3857."""
    west, north = column * TILE - 20037508.342789244, 20037508.342789244 - row * TILE
    return (west, north - side * TILE, west + side * TILE, north)


def test_tiles_are_exported_for_an_extent_at_a_pixel_size(tiles, town, prepare):
    source = SourceDraft(tiles.id(), "detection", town["cars"].id(), "kind", extent=part(142100, 93300, 2))
    dataset = gdal.Open(str(prepare(detection(source))[0] / "rasters" / "tiles.tif"))
    image = dataset.ReadAsArray()
    assert image.shape == (4, 512, 512) and (image[3] == 255).all() and (image[2] == 40).all()
    np.testing.assert_array_equal(np.unique(image[0]), [142100 % 256, 142101 % 256])
    np.testing.assert_array_equal(np.unique(image[1]), [93300 % 256, 93301 % 256])
    assert dataset.GetGeoTransform()[1] == pytest.approx(TILE / 256, rel=1e-6)


def test_tiles_that_do_not_come_are_told(tiles, service, town, prepare):
    service.broken = True
    source = SourceDraft(tiles.id(), "detection", town["cars"].id(), "kind", extent=part(142100, 93300))
    with pytest.raises(GeoDistilError, match=r"The service at 127.0.0.1:\d+ cannot answer \(HTTP 503\)"):
        prepare(detection(source))


def test_the_wizard_takes_the_view_lets_one_choose_another_and_says_what_is_too_much(tiles, town, project, wait):
    canvas = QgsMapCanvas()
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    canvas.resize(400, 400)
    canvas.setExtent(QgsRectangle(*part(142100, 93300)))
    window = TrainingWizard(project, canvas)
    page, editor = window.sources, window.sources.editor
    page.add_rasters([tiles])
    [source] = window.session.draft.sources

    def problem(field):
        return editor._problems[field].text()

    shown = canvas.extent()
    assert source.extent == pytest.approx((shown.xMinimum(), shown.yMinimum(), shown.xMaximum(), shown.yMaximum()))
    assert problem("extent") == "" and editor.size_text.text().startswith("Zoom 18, 0.42 m on the ground, ")
    assert page.table.item(0, 5).text() == "0.42 m"
    editor.pixel_size.setValue(1.0)
    assert source.pixel_size == 1.0 and editor.size_text.text().startswith("Zoom 17, 0.83 m on the ground, ")
    editor.extent.setOutputExtentFromLayer(town["north"])
    assert source.extent[2] - source.extent[0] == pytest.approx(64 / np.cos(np.radians(45.15)), rel=0.01)
    editor.extent.setOutputExtentFromOriginal()
    assert "too many" in problem("extent") and editor.size_text.text() == "" and not page.isComplete()
    window.reject()
    sip.delete(window)


def test_a_view_of_half_the_world_is_left_to_the_person_and_imagery_that_is_there_gives_the_pixel(tiles, town, project):
    canvas = QgsMapCanvas()
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    canvas.setExtent(QgsRectangle(-1e7, -1e7, 1e7, 1e7))
    window = TrainingWizard(project, canvas)
    window.sources.add_rasters([town["north"], tiles])
    _, source = window.session.draft.sources
    assert source.extent is None and source.pixel_size == 0.5
    window.sources.table.selectRow(1)
    assert "tiles is no file: choose the extent" in window.sources.editor._problems["extent"].text()
    window.reject()
    sip.delete(window)


def test_what_was_fetched_is_not_asked_for_when_the_run_is_prepared_again(tiles, service, town, prepare):
    source = SourceDraft(tiles.id(), "detection", town["cars"].id(), "kind", extent=part(142100, 93300, 2))
    prepare(detection(source))
    service.broken = True
    folder, _ = prepare(detection(source), "again")
    assert gdal.Open(str(folder / "rasters" / "tiles.tif")).RasterXSize == 512


def test_much_imagery_is_asked_about_before_it_is_fetched(tiles, town, project, wait, monkeypatch):
    """By a few of its tiles; No is the default, and then nothing is fetched."""
    questions, answers = [], []
    monkeypatch.setattr(
        QMessageBox, "question", lambda *given: questions.append(given[2]) or (answers.pop() if answers else given[-1])
    )
    source = SourceDraft(tiles.id(), "detection", town["cars"].id(), "kind", extent=part(142100, 93300, 60))
    window = TrainingWizard(project, draft=detection(source))
    page = window.check
    page.check()
    wait(lambda: page.status.text() == "This run cannot be trained yet.")
    [question] = questions
    assert "3,600 tiles, about " in question and question.endswith("Fetch it?")
    megabytes = float(question.partition("about ")[2].partition(" MB")[0].replace(",", ""))
    size = len(tile(18, 142100, 93300))
    assert megabytes == pytest.approx(3600 * size / 1e6, rel=0.2)
    shown = page.notices.findChildren(QLabel)
    assert any("The imagery of tiles is not fetched. Choose a smaller extent" in each.text() for each in shown)
    assert page.again_button.isEnabled() and not page.isComplete()

    answers.append(QMessageBox.StandardButton.Yes)
    page.check()
    wait(lambda: "tiles, " in page.status.text())  # it is fetched
    page.cancel()
    page.check()
    wait(lambda: "tiles, " in page.status.text())
    assert len(questions) == 2  # who agreed is not asked again
    page.cancel()
    window.reject()
    sip.delete(window)


@pytest.fixture
def packed(project, make_raster, tmp_path):
    """Tiles in a file: a layer of QGIS's provider of services, which no service is behind."""
    image = np.random.default_rng(0).integers(1, 255, (3, 256, 256)).astype("uint8")
    path = str(tmp_path / "town.mbtiles")
    gdal.Translate(path, str(make_raster(tmp_path / "image.tif", image)), format="MBTILES")
    layer = QgsRasterLayer(f"type=mbtiles&url=file://{path}", "packed", "wms")
    assert layer.isValid()
    return project.addMapLayer(layer)


def test_tiles_in_a_file_are_exported_by_qgis(packed, town, prepare):
    middle = packed.extent().center()
    extent = (middle.x() - 20, middle.y() - 20, middle.x() + 20, middle.y() + 20)
    source = SourceDraft(packed.id(), "detection", town["cars"].id(), "kind", extent=extent, pixel_size=1.0)
    image = gdal.Open(str(prepare(detection(source))[0] / "rasters" / "packed.tif")).ReadAsArray()
    assert image.shape == (4, 40, 40) and image[:3].std() > 10


def test_an_export_of_nothing_is_told(packed, town, prepare):
    source = SourceDraft(packed.id(), "detection", town["cars"].id(), "kind", extent=part(1000, 1000), pixel_size=1.0)
    with pytest.raises(GeoDistilError, match="The layer packed has no picture of this extent"):
        prepare(detection(source))

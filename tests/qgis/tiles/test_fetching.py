"""Imagery of services as files: every pixel in its place, services treated with manners, nothing asked for twice."""

import math
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from geodistil.jobs.errors import STOPPED, GeoDistilError
from geodistil.jobs.tiles import fetching
from geodistil.jobs.tiles.plan import MANY_PIXELS, Order, estimate
from geodistil.jobs.tiles.service import is_service, service_of
from osgeo import gdal, osr
from qgis.core import QgsRasterLayer, QgsRectangle

from ..probe import STALL_SECONDS, Probe
from .tile_server import MATRICES, NORTH, SIDE, WEST, WMTS, Server, colours

PIXEL = 2 * SIDE / 2**18 / 256
COLUMN, ROW = 142100, 93300
"""A tile of zoom 18, at 45 degrees north."""


def part(columns=2, rows=2, inset=0):
    """The extent of some tiles, less some pixels on each side."""
    left, top = COLUMN * 256 + inset, ROW * 256 + inset
    right, bottom = (COLUMN + columns) * 256 - inset, (ROW + rows) * 256 - inset
    return QgsRectangle(left * PIXEL - SIDE, SIDE - bottom * PIXEL, right * PIXEL - SIDE, SIDE - top * PIXEL)


def expected(dataset, west, north, size):
    """What the ground shows at the centres of a file's pixels, by its own georeference."""
    left, width, _, top, _, height = dataset.GetGeoTransform()
    columns = left + (np.arange(dataset.RasterXSize) + 0.5) * width
    rows = top + (np.arange(dataset.RasterYSize) + 0.5) * height
    return colours(np.floor((columns - west) / size).astype(int), np.floor((north - rows) / size).astype(int))


def epsg(dataset):
    reference = osr.SpatialReference(dataset.GetProjection())
    return int(reference.GetAuthorityCode(None))


def test_each_pixel_of_xyz_tiles_lies_where_it_belongs(tiles, get, server):
    result = get(tiles, part(3, 2, inset=37))
    dataset = gdal.Open(str(result.path))
    image = dataset.ReadAsArray()
    assert image.shape == (4, 2 * 256 - 74, 3 * 256 - 74) and (image[3] == 255).all()
    np.testing.assert_array_equal(image[:3].transpose(1, 2, 0), expected(dataset, -SIDE, SIDE, PIXEL))
    assert epsg(dataset) == 3857 and result[1:] == (6, 6, 0)
    assert server.most_at_once <= 2
    assert dataset.GetRasterBand(4).GetColorInterpretation() == gdal.GCI_AlphaBand


def test_a_file_larger_than_its_parts_is_whole(tiles, get, monkeypatch):
    """Blocks and parts of the file cut through tiles everywhere."""
    from geodistil.jobs.tiles import mosaic

    monkeypatch.setattr(mosaic, "PART", 512)
    dataset = gdal.Open(str(get(tiles, part(5, 4, inset=101)).path))
    image = dataset.ReadAsArray()[:3].transpose(1, 2, 0)
    np.testing.assert_array_equal(image, expected(dataset, -SIDE, SIDE, PIXEL))


def test_who_made_it_stays_with_the_file(tiles, get, server):
    path = get(tiles, part()).path
    tags = gdal.Open(str(path)).GetMetadata()
    assert tags["TIFFTAG_COPYRIGHT"] == tags["ATTRIBUTION"] == "© The mappers"
    assert tags["SOURCE"] == f"{server.place}/{{z}}/{{x}}/{{y}}.png" and tags["ZOOM"] == "18"
    layer = QgsRasterLayer(str(path), "again")
    assert layer.loadDefaultMetadata()[1]
    assert layer.metadata().rights() == ["© The mappers"] and layer.crs().authid() == "EPSG:3857"
    assert all(each["User-Agent"].startswith("GeoDistil/0") and "QGIS/3" in each["User-Agent"] for each in server.seen)


def test_keys_of_an_address_are_not_kept_with_the_file(server, get):
    uri = f"type=xyz&url={server.place}/%7Bz%7D/%7Bx%7D/%7By%7D.png%3Fapikey%3Dabc123&zmin=0&zmax=18"
    path = get(QgsRasterLayer(uri, "keyed", "wms"), part()).path
    assert all(each.endswith("?apikey=abc123") for each in server.asked) and len(server.asked) == 4
    assert b"abc123" not in path.read_bytes() and "abc123" not in path.with_suffix(".qmd").read_text()


def test_what_is_kept_is_not_asked_for_again(tiles, get, server):
    get(tiles, part(2, 2))
    result = get(tiles, part(3, 2), name="more.tif")
    assert result[1:] == (6, 2, 0) and len(server.tiles()) == len(set(server.tiles())) == 6


def test_a_pixel_size_takes_the_nearest_zoom_as_fine(tiles):
    service, middle = service_of(tiles), part().center()
    latitude = math.atan(math.sinh(middle.y() / SIDE * math.pi))
    for zoom in (15, 17):
        ground = 2 * SIDE / 256 / 2**zoom * math.cos(latitude)
        assert estimate(service, part(), ground).zoom == zoom  # on the ellipsoid, up to a third of a percent off
        assert estimate(service, part(), ground * 0.9).zoom == zoom + 1
    found = estimate(service, part(), 0.01)
    assert found.zoom == 18 and found.coarser and found.ground == pytest.approx(PIXEL * math.cos(latitude), rel=0.004)
    assert found.text.startswith("Zoom 18, 0.42 m on the ground, 512 x 512 pixels: 4 tiles, about 0.5 MB.")
    assert found.text.endswith("The service has nothing as fine as 0.01 m.")


def test_much_is_asked_about_and_absurdly_much_refused(tiles):
    service = service_of(tiles)
    assert not estimate(service, part(), 0).many
    large = estimate(service, part(60, 60), 0)
    assert large.many and large.pixels > MANY_PIXELS and large.tiles == 3600
    with pytest.raises(GeoDistilError, match=r"68,719,476,736 tiles of tiles.*too many"):
        estimate(service, service.extent, 0)
    with pytest.raises(GeoDistilError, match="shows nothing of this extent"):
        estimate(service, QgsRectangle(3e7, 3e7, 4e7, 4e7), 0)


@pytest.mark.parametrize("status", [404, 204, 410])
def test_ground_without_tiles_is_clear(tiles, get, server, status):
    gone = f"/18/{COLUMN}/{ROW}.png"
    server.manner = lambda path, count: (status, {}, b"") if path == gone else None
    result = get(tiles, part())
    image = gdal.Open(str(result.path)).ReadAsArray()
    assert (image[3, :256, :256] == 0).all() and (image[3] == 0).sum() == 256 * 256 and result.absent == 1
    assert server.asked.count(gone) == 1


def test_an_extent_without_any_tile_is_a_sentence(tiles, get, server):
    server.manner = lambda path, count: (404, {}, b"")
    with pytest.raises(GeoDistilError, match="tiles has no imagery of this extent at this pixel size"):
        get(tiles, part())


@pytest.mark.parametrize("status", [401, 403, 418])
def test_a_ban_stops_at_once(tiles, get, server, status):
    server.manner = lambda path, count: (status, {}, b"go away")
    with pytest.raises(GeoDistilError, match=rf"The service at 127.0.0.1:\d+ refuses to give.*HTTP {status}") as told:
        get(tiles, part(4, 4))
    assert told.value.reference == "GD-841" and len(server.asked) <= 2


@pytest.mark.parametrize("status", [500, 503, 429])
def test_an_error_that_passes_is_waited_for(tiles, get, server, status):
    server.manner = lambda path, count: (status, {}, b"") if count == 1 else None
    assert get(tiles, part()).absent == 0
    assert sorted(server.asked.count(path) for path in set(server.asked)) == [2] * 4


def test_an_error_that_stays_is_told_after_some_tries(tiles, get, server):
    server.manner = lambda path, count: (500, {}, b"")
    with pytest.raises(GeoDistilError, match="cannot answer \\(HTTP 500\\)"):
        get(tiles, part())
    assert max(server.asked.count(path) for path in server.asked) == 3


def test_a_service_is_left_alone_as_long_as_it_asks(tiles, get, server):
    times = []

    def manner(path, count):
        times.append(time.monotonic())
        return (429, {"Retry-After": "1"}, b"") if len(times) == 1 else None

    server.manner = manner
    get(tiles, part(3, 3))
    later = [each - times[0] for each in times[2:]]  # the second was on its way
    assert min(later) > 0.9


def test_a_service_that_wants_to_be_left_alone_for_long_is_a_sentence(tiles, get, server):
    server.manner = lambda path, count: (503, {"Retry-After": "3600"}, b"")
    with pytest.raises(GeoDistilError, match="asks to be left alone for 60 min"):
        get(tiles, part())


def test_a_service_that_stalls_is_a_sentence(tiles, get, server):
    server.manner = lambda path, count: time.sleep(3)
    begun = time.monotonic()
    with pytest.raises(GeoDistilError, match="does not answer: nothing came for 0 s, 3 times"):
        get(tiles, part())
    assert time.monotonic() - begun < 10


def test_a_page_in_the_place_of_a_picture_is_a_sentence(tiles, get, server):
    page = b"<html><body>Please log in</body></html>"
    server.manner = lambda path, count: (200, {"Content-Type": "text/html"}, page)
    with pytest.raises(GeoDistilError, match="something else than a picture") as told:
        get(tiles, part())
    assert "Please log in" in told.value.details


def test_a_server_that_dies_is_a_sentence_and_the_next_fetch_goes_on(server, tiles, get):
    port, seen = server.server_address[1], []
    server.delay = 0.05

    def told(progress):
        seen.append(progress)
        if progress.done == 5:
            threading.Thread(target=server.end).start()

    server.manner = lambda path, count: (503, {}, b"") if len(server.asked) > 8 else None
    with pytest.raises(GeoDistilError, match=r"The service at 127\.0\.0\.1:"):
        get(tiles, part(5, 5), told=told)
    there = seen[-1].done
    assert 5 <= there < 25
    again = Server(port)
    try:
        result = get(tiles, part(5, 5))
    finally:
        again.end()
    assert result.asked == len(again.tiles()) == 25 - there
    dataset = gdal.Open(str(result.path))
    image = dataset.ReadAsArray()[:3].transpose(1, 2, 0)
    np.testing.assert_array_equal(image, expected(dataset, -SIDE, SIDE, PIXEL))


def test_a_cancel_ends_it_soon_and_keeps_what_came(tiles, get, server, tmp_path):
    server.delay, seen = 0.05, []
    with pytest.raises(GeoDistilError) as told:
        get(tiles, part(8, 8), told=seen.append, cancel=lambda: bool(seen) and seen[-1].done >= 6)
    assert told.value.code == STOPPED and len(server.asked) <= 12
    assert not list(tmp_path.glob("*.tif")) and not list(tmp_path.glob(".*"))
    assert get(tiles, part(8, 8)).asked == 64 - seen[-1].done


def test_a_cancel_does_not_wait_for_a_silent_server(tiles, get, server, monkeypatch):
    from geodistil.jobs.tiles import fetching
    from geodistil.jobs.tiles.getting import Manners

    monkeypatch.setattr(fetching, "MANNERS", Manners(silence=30))
    server.manner = lambda path, count: time.sleep(5)
    begun = time.monotonic()
    with pytest.raises(GeoDistilError) as told:
        get(tiles, part(), cancel=lambda: time.monotonic() - begun > 0.5)
    assert told.value.code == STOPPED and time.monotonic() - begun < 3


def test_fetching_does_not_hold_the_window_up(tiles, get):
    probe = Probe()
    get(tiles, part(12, 12))
    probe.turn()
    print(f"busiest turn {1000 * probe.busiest:.0f} ms, longest {1000 * probe.longest:.0f} ms")
    assert probe.busiest < STALL_SECONDS


def test_progress_tells_tiles_megabytes_and_time(tiles, get):
    seen = []
    get(tiles, part(3, 3), told=seen.append)
    assert [each.done for each in seen] == list(range(10)) and seen[-1].bytes > 1000
    assert seen[0].text == "0 of 9 tiles, 0.0 MB" and seen[4].text.endswith(" s left")


def test_a_wms_is_asked_in_pictures_that_it_allows(server, get, project):
    uri = f"crs=EPSG:32633&format=image/png&layers=ortho&styles&url={server.place}/wms"
    layer = QgsRasterLayer(uri, "wms", "wms")
    assert layer.isValid() and is_service(layer)
    server.asked.clear()
    get(layer, QgsRectangle(500010, 4999800, 500250, 4999990), 0.5)
    first = list(server.asked)
    assert sum("GetCapabilities" in path for path in first) == 1
    result = get(layer, QgsRectangle(500010, 4999800, 500250, 4999990), 0.5, "again.tif")
    assert server.asked == first and result.asked == 0
    dataset = gdal.Open(str(result.path))
    size = dataset.GetGeoTransform()[1]
    assert size == pytest.approx(0.5, rel=0.005) and epsg(dataset) == 32633
    image = dataset.ReadAsArray()[:3].transpose(1, 2, 0)
    np.testing.assert_array_equal(image, expected(dataset, 0, 0, size))
    assert any(path.startswith("/maps?") for path in server.asked)
    assert dataset.GetMetadataItem("TIFFTAG_COPYRIGHT") == "Land survey"


def test_a_wms_in_degrees_has_its_axes_turned(server, get, project):
    uri = f"crs=EPSG:4326&format=image/png&layers=ortho&styles&url={server.place}/wms"
    layer = QgsRasterLayer(uri, "wms", "wms")
    dataset = gdal.Open(str(get(layer, QgsRectangle(15.001, 45.15, 15.005, 45.152), 1.0).path))
    size = dataset.GetGeoTransform()[1]
    image = dataset.ReadAsArray()[:3].transpose(1, 2, 0)
    np.testing.assert_array_equal(image, expected(dataset, 0, 0, size))


def test_a_wms_exception_is_told_in_its_words(server, get, project):
    layer = QgsRasterLayer(f"crs=EPSG:32633&format=image/png&layers=ortho&styles&url={server.place}/wms", "wms", "wms")
    report = b"<ServiceExceptionReport><ServiceException>No such style</ServiceException></ServiceExceptionReport>"
    server.manner = lambda path, count: (200, {"Content-Type": "text/xml"}, report) if "/maps" in path else None
    with pytest.raises(GeoDistilError, match="something else than a picture") as told:
        get(layer, QgsRectangle(500010, 4999900, 500050, 4999990), 0.5)
    assert "No such style" in told.value.details


LAUGHS = b"<!DOCTYPE a [<!ENTITY b '%s'><!ENTITY c '%s'>]>" % (50 * b"ha", 50 * b"&b;")


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>Please log in</html>",
        b"<WMS_Capabilities",
        b"",
        LAUGHS + b"<WMS_Capabilities>&c;</WMS_Capabilities>",
    ],
)
def test_a_wms_that_does_not_say_what_it_has_is_a_sentence_and_asked_again(server, get, project, answer):
    layer = QgsRasterLayer(f"crs=EPSG:32633&format=image/png&layers=ortho&styles&url={server.place}/wms", "wms", "wms")
    server.manner = lambda path, count: (200, {}, answer)
    part_of_it = QgsRectangle(500010, 4999900, 500050, 4999990)
    with pytest.raises(GeoDistilError, match=r"The service at 127\.0\.0\.1:\d+ does not say what it has of ortho"):
        get(layer, part_of_it, 0.5)
    server.manner = lambda path, count: None
    assert get(layer, part_of_it, 0.5).absent == 0


@pytest.mark.parametrize("kind", ["rest", "names"])
def test_tiles_of_a_wmts_come_from_the_matrix_that_is_as_fine(server, get, project, kind):
    address = f"{server.place}/{kind}%3FSERVICE%3DWMTS%26REQUEST%3DGetCapabilities"
    uri = f"crs=EPSG:32633&format=image/png&layers=ortho&styles=default&tileMatrixSet=utm&url={address}"
    layer = QgsRasterLayer(uri, "wmts", "wms")
    assert layer.isValid() and is_service(layer)
    for pixel, size in ((0.6, 0.5), (3, 2.0)):
        result = get(layer, QgsRectangle(WEST + 60, NORTH - 220, WEST + 300, NORTH - 20), pixel)
        dataset = gdal.Open(str(result.path))
        assert dataset.GetGeoTransform()[1] == pytest.approx(size, rel=1e-6) and epsg(dataset) == 32633
        image = dataset.ReadAsArray()[:3].transpose(1, 2, 0)
        np.testing.assert_array_equal(image, expected(dataset, WEST, NORTH, size))
    assert any(path.startswith("/utm/" if kind == "rest" else "/tiles?") for path in server.asked)


def test_a_wmts_with_a_number_that_is_none_is_a_sentence(server, get, project):
    address = f"{server.place}/rest%3FSERVICE%3DWMTS%26REQUEST%3DGetCapabilities"
    uri = f"crs=EPSG:32633&format=image/png&layers=ortho&styles=default&tileMatrixSet=utm&url={address}"
    layer = QgsRasterLayer(uri, "wmts", "wms")
    broken = WMTS.format(place="", resource="", matrices=MATRICES.replace("256", "many")).encode()
    server.manner = lambda path, count: (200, {}, broken)
    with pytest.raises(GeoDistilError, match="does not say what it has of ortho"):
        get(layer, QgsRectangle(WEST + 60, NORTH - 220, WEST + 300, NORTH - 20), 0.5)


def test_rows_from_the_south_and_quadkeys(server, get):
    from geodistil.jobs.tiles.getting import quadkey

    assert quadkey(3, 5, 3) == "213"  # https://learn.microsoft.com/bingmaps/articles/bing-maps-tile-system
    upside = QgsRasterLayer(f"type=xyz&url={server.place}/{{z}}/{{x}}/{{-y}}.png&zmin=0&zmax=18", "tms", "wms")
    get(upside, part(1, 1))
    assert server.asked == [f"/18/{COLUMN}/{2**18 - 1 - ROW}.png"]


def test_a_login_goes_with_each_request(server, get):
    uri = f"type=xyz&url={server.place}/{{z}}/{{x}}/{{y}}.png&zmin=0&zmax=18&username=ann&password=secret"
    get(QgsRasterLayer(uri, "private", "wms"), part())
    assert {each.get("Authorization") for each in server.seen} == {"Basic YW5uOnNlY3JldA=="}


def test_files_are_no_services(make_raster, tmp_path, project):
    layer = QgsRasterLayer(str(make_raster(tmp_path / "a.tif", np.zeros((3, 8, 8), "uint8"))), "a")
    assert not is_service(layer) and not is_service(None)
    with pytest.raises(GeoDistilError, match="is no XYZ, WMTS or WMS layer"):
        service_of(layer)


def test_the_size_is_that_of_the_services_own_tiles(get, tiles, server, kept):
    """First by the format, then by what has come; a large fetch is estimated by four tiles of it."""
    service = service_of(tiles)
    large = Order(service, part(60, 60), estimate(service, part(60, 60), 0))
    assert large.estimate.weight == 1.8  # PNG
    sampled = fetching.sampled(large, lambda: False)
    assert len(server.tiles()) == 4
    whole = estimate(service, part(6, 6), 0)
    assert whole.weight == sampled.estimate.weight != 1.8
    get(tiles, part(6, 6))
    come = [path.stat().st_size for path in kept.rglob("*") if path.is_file() and path.suffix == ""]
    true = sum(come) / len(come) / 256**2
    assert whole.weight == pytest.approx(true, rel=0.15) and estimate(service, part(6, 6), 0).weight == pytest.approx(
        true, rel=0.05
    )
    megabytes = float(whole.text.partition("about ")[2].partition(" MB")[0])
    assert megabytes == pytest.approx(whole.pixels * true / 1e6, rel=0.5, abs=0.1)
    for url, weight in (("{z}/{x}.jpg", 0.3), ("{z}/{x}", 0.6), ("{z}/{x}.webp", 0.2)):
        assert estimate(replace(service, url=f"{server.place}/other/{url}"), part(), 0).weight == weight

import json
import os
import time

import numpy as np
import pyogrio
import pytest
import rasterio
import rasterio.shutil
from rasterio.crs import CRS
from rasterio.transform import from_origin

from engine.data.grid import Grid
from engine.errors import OutputError, Stopped
from engine.inference.merging import Found
from engine.inference.sinks import DetectionSink, RasterDescription, RasterSink, optimise, publish
from engine.inference.vectors.layer import VectorLayer

resource = pytest.importorskip("resource", reason="file size limits are a matter of Unix")
GRID = Grid(CRS.from_epsg(32632), from_origin(691000, 5335000, 0.1, 0.1), 1300, 700, 0.1)


def found(boxes, labels, scores):
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    return Found(boxes, np.array(labels, np.int64), np.array(scores, np.float32), np.zeros((len(boxes), 4), bool))


def test_a_class_map_is_a_cloud_optimised_geotiff_with_colours_nodata_and_class_names(tmp_path):
    colours, names = {0: (0, 0, 0, 255), 1: (255, 0, 0, 255)}, {0: "background", 1: "roof & wall"}
    values = np.random.default_rng(0).integers(0, 2, (700, 1300), dtype=np.uint8)
    with RasterSink(tmp_path / "classes.tif", GRID, "class", colours, names) as sink:
        for row in range(0, 700, 90):
            sink.write(row, 0, values[row : row + 90, :500])
            sink.write(row, 500, values[row : row + 90, 500:1200])
        path = sink.finish()
    with rasterio.open(path) as raster:
        written = raster.read(1)
        assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert raster.overviews(1)
        assert (raster.nodata, raster.crs, raster.transform) == (255, GRID.crs, GRID.transform)
        assert raster.colormap(1)[1] == (255, 0, 0, 255)
        assert raster.descriptions == ("class",)
        assert json.loads(raster.tags(1)["classes"])["1"] == "roof & wall"
    assert (written[:, :1200] == values[:, :1200]).all()
    assert (written[:, 1200:] == 255).all(), "what nobody wrote is no-data"
    assert "<Category>roof &amp; wall</Category>" in (tmp_path / "classes.tif.aux.xml").read_text()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["classes.tif", "classes.tif.aux.xml"]


def test_an_unfinished_output_leaves_nothing_and_spares_the_older_one(tmp_path):
    (tmp_path / "classes.tif").write_text("older")
    with pytest.raises(ZeroDivisionError), RasterSink(tmp_path / "classes.tif", GRID, "class") as sink:
        sink.write(0, 0, np.zeros((10, 10), np.uint8))
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError), DetectionSink(tmp_path / "detections.gpkg", GRID, ["car"]):
        raise ZeroDivisionError
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("classes.tif", "older")]


def test_writing_a_map_ends_when_asked_leaves_nothing_and_spares_the_older_one(tmp_path):
    source, path = tmp_path / "source.tif", tmp_path / "classes.tif"
    path.write_text("older")
    description = RasterDescription(GRID, "class")
    with rasterio.open(source, "w", driver="GTiff", **description.profile()) as raster:
        raster.write(np.random.default_rng(0).integers(0, 9, (700, 1300), dtype=np.uint8), 1)
    with pytest.raises(Stopped, match=r"Writing classes.* was stopped"):
        publish(source, path, description, stop=lambda: True)
    assert path.read_text() == "older" and sorted(tmp_path.iterdir()) == [path, source]


def test_files_that_a_stopped_copy_begins_while_its_folder_is_removed_go_too(tmp_path, monkeypatch):
    def copies(_source, target, **_):
        for number in range(2000):
            try:
                target.with_name(f"{number}.tmp").write_bytes(b"")
            except FileNotFoundError:
                return
            time.sleep(0.0005)

    monkeypatch.setattr("rasterio.shutil.copy", copies)
    for _ in range(10):
        with pytest.raises(Stopped):
            optimise(tmp_path / "source.tif", tmp_path / "classes.tif", stop=lambda: time.sleep(0.02) or True)
        assert not list(tmp_path.iterdir())


def test_a_map_that_gdal_cannot_write_for_reasons_of_its_own_is_an_output_error(tmp_path, monkeypatch):
    def fails(*_, **__):
        raise SystemError("Unknown GDAL Error")

    monkeypatch.setattr("rasterio.shutil.copy", fails)
    with pytest.raises(OutputError, match=r"classes\.tif cannot be written: Unknown GDAL Error\."):
        publish(tmp_path / "source.tif", tmp_path / "classes.tif", RasterDescription(GRID, "class"))
    assert not list(tmp_path.iterdir())


def test_detections_are_polygons_on_the_ground_with_class_and_score(tmp_path):
    with DetectionSink(tmp_path / "detections.gpkg", GRID, ["car", "bus"]) as sink:
        sink.batch = 2
        sink.write(found([[0, 0, 10, 20]], [1], [0.75]))
        sink.write(found([[-5, 690, 10, 720]], [0], [0.5]))
        sink.write(found([[5, 5, 6, 6]], [0], [0.25]))
        path = sink.finish()
    meta, _, _, (names, ids, scores) = pyogrio.raw.read(path, layer="detections")
    assert list(meta["fields"]) == ["class", "class_id", "score"]
    assert (list(names), list(ids), list(scores)) == (["bus", "car", "car"], [1, 0, 0], [0.75, 0.5, 0.25])
    assert meta["geometry_type"] == "Polygon" and CRS.from_string(meta["crs"]) == GRID.crs
    bounds = pyogrio.read_bounds(path)[1].T
    assert bounds[0] == pytest.approx([691000, 5334998, 691001, 5335000])
    assert bounds[1] == pytest.approx([691000, 5334930, 691001, 5334931]), "clipped to the raster"


def test_no_detections_are_still_a_layer(tmp_path):
    with DetectionSink(tmp_path / "detections.gpkg", GRID, ["car"]) as sink:
        info = pyogrio.read_info(sink.finish(), layer="detections")
    assert (info["features"], info["geometry_type"]) == (0, "Polygon")
    assert CRS.from_string(info["crs"]) == GRID.crs


def test_a_folder_that_is_not_there_is_named(tmp_path):
    for sink in (RasterSink(tmp_path / "no" / "a.tif", GRID, "x"), DetectionSink(tmp_path / "no" / "a.gpkg", GRID, [])):
        with pytest.raises(OutputError, match=r"no/a\.(tif|gpkg)"), sink:
            pass


@pytest.fixture
def full_disk():
    """No file may grow beyond 64 KB."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_disk_that_fills_up_under_a_map_is_an_output_error(tmp_path, full_disk):
    noise = np.random.default_rng(0).integers(0, 255, (700, 1300), dtype=np.uint8)
    sink = RasterSink(tmp_path / "classes.tif", GRID, "class")
    with pytest.raises(OutputError, match=r"classes\.tif cannot be written"), sink:
        sink.write(0, 0, noise)
        sink.finish()
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_up_under_detections_is_an_output_error(tmp_path, full_disk):
    sink = DetectionSink(tmp_path / "detections.gpkg", GRID, ["car"])
    with pytest.raises(OutputError, match=r"detections\.gpkg cannot be written"), sink:
        sink.write(found([[0, 0, 1, 1]] * 3000, [0] * 3000, [0.5] * 3000))
        sink.finish()
    assert not list(tmp_path.iterdir())


def test_a_map_whose_end_did_not_reach_the_disk_never_takes_its_place(tmp_path, monkeypatch):
    whole = rasterio.shutil.copy

    def copy_cut_short(source, target, **options):  # as a full disk leaves it, of which GDAL says nothing
        whole(source, target, **options)
        os.truncate(target, target.stat().st_size - 100)

    monkeypatch.setattr("rasterio.shutil.copy", copy_cut_short)
    values = np.random.default_rng(0).integers(0, 2, (700, 1300), dtype=np.uint8)
    with RasterSink(tmp_path / "classes.tif", GRID, "class") as sink:
        sink.write(0, 0, values)
        with pytest.raises(OutputError, match="is full"):
            sink.finish()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
@pytest.mark.parametrize("mask", [0o002, 0o022, 0o027])
def test_whoever_may_use_other_files_may_use_these(tmp_path, mask):
    before = os.umask(mask)
    try:
        with RasterSink(tmp_path / "classes.tif", GRID, "class", names={1: "roof"}) as sink:
            sink.finish()
        with DetectionSink(tmp_path / "detections.gpkg", GRID, ["car"]) as sink:
            sink.finish()
        for ending in ("gpkg", "fgb"):
            layer = VectorLayer(tmp_path / f"areas.{ending}", "areas", "Polygon", {"area": np.zeros(0)}, GRID.crs)
            with layer:
                layer.finish()
    finally:
        os.umask(before)
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(modes, oct(0o666 & ~mask)) and len(modes) == 5, modes


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two cores")
def test_detections_have_the_same_bytes_however_many_cores_there_are(tmp_path):
    """Workers of one machine have fewer than a process alone."""
    cores = os.sched_getaffinity(0)

    def written(name):
        with DetectionSink(tmp_path / name, GRID, ["car"]) as sink:
            sink.write(found([[1, 2, 3, 4], [5, 6, 7, 8]], [0, 0], [0.5, 0.75]))
            return sink.finish().read_bytes()

    many = written("many.gpkg")
    os.sched_setaffinity(0, {max(cores)})
    try:
        assert written("one.gpkg") == many
    finally:
        os.sched_setaffinity(0, cores)
